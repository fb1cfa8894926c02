# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What backends have in common whose code IREE generates as SPIR-V: Intel's GPUs, and Vulkan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .gpu import GpuArch

if TYPE_CHECKING:
    from fanfold.passes.kernel.gpu.device import GpuDevice


@dataclass(frozen=True)
class SpirvArch(GpuArch):
    """A GPU that takes SPIR-V.

    Attributes:
        max_threads: Most threads of a workgroup.
        has_f64: Whether it computes in f64.
    """

    max_threads: int = 1024
    has_f64: bool = False

    @property
    def subgroup_ops(self) -> str:
        """What IREE may use of a subgroup, in the words of `#iree_gpu.target`."""
        return "shuffle|arithmetic"

    @property
    def lacks(self) -> tuple[str, ...]:
        """The features of `fanfold.features` that it does not have."""
        return (*super().lacks, "narrow products", *(() if self.has_f64 else ("f64",)))

    @property
    def presumed_subgroup(self) -> int:
        """Lanes that IREE's own code may presume to run together: it leaves out barriers among as many threads."""
        return self.subgroup

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags: none, the module says it all."""
        return ()

    def device(self) -> GpuDevice:
        """Return what the kernel generator has to know.

        SPIR-V has short vectors only.
        """
        return replace(super().device(), max_threads=self.max_threads, vector_limit=4)

    def device_target(self) -> str:
        """Return the `#hal.device.target` of a module for this GPU."""
        f64 = "fp64|" if self.has_f64 else ""
        kinds = (
            f"compute = {f64}fp32|fp16|int64|int32|int16|int8, storage = b64|b32|b16|b8, "
            f"subgroup = {self.subgroup_ops}, dot = none, mma = []"
        )
        limits = (
            f"subgroup_size_choices = [{self.presumed_subgroup}], "
            f"max_workgroup_sizes = [{self.max_threads}, {self.max_threads}, {self.max_threads}], "
            f"max_thread_count_per_workgroup = {self.max_threads}, "
            f"max_workgroup_memory_bytes = {self.shared_bytes}, "
            "max_workgroup_counts = [2147483647, 65535, 65535]"
        )
        gpu = f'#iree_gpu.target<arch = "", features = "spirv:v1.4,cap:Shader", wgp = <{kinds}, {limits}>>'
        executable = f'#hal.executable.target<"vulkan-spirv", "vulkan-spirv-fb", {{iree_codegen.target_info = {gpu}}}>'
        return f'#hal.device.target<"vulkan", [{executable}]> : !hal.device'
