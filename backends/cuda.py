# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The CUDA backend: NVIDIA's architectures and how IREE is told of them.

IREE knows no architecture by name from sm_90 on, so every one is described here, in the words of `#iree_gpu.target`.
The PTX version is the first that has the architecture and its fp8 conversions: an older driver takes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .gpu import GpuArch

if TYPE_CHECKING:
    from fanfold.passes.kernel.gpu.device import GpuDevice

DRIVER = "cuda"

_OCP = ("f8E4M3FN", "f8E5M2")
#: IREE calls CUDA's library for a root, of which LLVM makes an approximation.
_ROOTS = (("math.sqrt", "llvm.nvvm.sqrt.rn.f"),)
_PTX_NAMES = {"f8E4M3FN": "e4m3", "f8E5M2": "e5m2"}


@dataclass(frozen=True)
class CudaArch(GpuArch):
    """An NVIDIA architecture.

    Attributes:
        ptx: PTX version, as LLVM's feature.
    """

    ptx: str = ""

    def compiler_flags(self) -> tuple[str, ...]:
        """Return iree-compile's flags: none, the module says it all."""
        return ()

    def device(self) -> GpuDevice:
        """Return what the kernel generator has to know: PTX rounds pairs of f32 by one instruction."""
        from fanfold.passes.kernel.gpu.device import Instruction

        to_fp8 = tuple(
            (kind, Instruction(f"cvt.rn.satfinite.{_PTX_NAMES[kind]}x2.f32 $0, $1, $2;", "=h,f,f", 16))
            for kind in self.hardware_fp8
        )
        to_bf16 = Instruction("cvt.rn.bf16x2.f32 $0, $1, $2;", "=r,f,f", 32)
        # More shared memory than this is a request at the launch, which IREE does not make for these kernels.
        return replace(super().device(), shared_bytes=49152, to_bf16=to_bf16, to_fp8=to_fp8, replaced=_ROOTS)

    def device_target(self) -> str:
        """Return the `#hal.device.target` of a module for this architecture."""
        kinds = (
            "compute = fp64|fp32|fp16|int64|int32|int16|int8, storage = b64|b32|b16|b8, subgroup = shuffle|arithmetic"
        )
        limits = (
            f"subgroup_size_choices = [{self.subgroup}], max_workgroup_sizes = [1024, 1024, 1024], "
            f"max_thread_count_per_workgroup = 1024, max_workgroup_memory_bytes = {self.shared_bytes}, "
            "max_workgroup_counts = [2147483647, 65535, 65535]"
        )
        gpu = f'#iree_gpu.target<arch = "{self.name}", features = "+{self.ptx}", wgp = <{kinds}, {limits}>>'
        executable = f'#hal.executable.target<"cuda", "cuda-nvptx-fb", {{iree_codegen.target_info = {gpu}}}>'
        return f'#hal.device.target<"cuda", [{executable}]> : !hal.device'


#: Shared memory is what a kernel may ask for; the kernels here take a few hundred bytes.
ARCHS = {
    row.name: row
    for row in (
        CudaArch("sm_80", 32, 166912, ptx="ptx70"),
        CudaArch("sm_86", 32, 101376, ptx="ptx71"),
        CudaArch("sm_89", 32, 101376, _OCP, ptx="ptx81"),
        CudaArch("sm_90", 32, 232448, _OCP, ptx="ptx80"),
        CudaArch("sm_100", 32, 232448, _OCP, ptx="ptx86"),
        CudaArch("sm_120", 32, 101376, _OCP, ptx="ptx87"),
    )
}

#: Products by the names that people use.
ALIASES = {
    "a100": "sm_80",
    "a10": "sm_86",
    "rtx3090": "sm_86",
    "l4": "sm_89",
    "l40s": "sm_89",
    "rtx4090": "sm_89",
    "h100": "sm_90",
    "h200": "sm_90",
    "b200": "sm_100",
    "rtx5090": "sm_120",
}
