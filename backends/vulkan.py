# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The Vulkan backend: any GPU with a driver for Vulkan 1.3, through IREE's own code generation and driver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .spirv import SpirvArch

if TYPE_CHECKING:
    from fanfold.passes.kernel.gpu.device import GpuDevice

DRIVER = "vulkan"

#: The arch of a target that names none.
DEFAULT = "generic"


@dataclass(frozen=True)
class VulkanArch(SpirvArch):
    """A device with Vulkan, or what all of them have.

    Attributes:
        known_subgroup: Whether its lanes run together by as many as the row says, whatever the kernel.
    """

    known_subgroup: bool = True

    @property
    def lacks(self) -> tuple[str, ...]:
        """The features of `fanfold.features` that it does not have."""
        return super().lacks if self.known_subgroup else (*super().lacks, "subgroups")

    @property
    def subgroup_ops(self) -> str:
        """What IREE may use of a subgroup."""
        return super().subgroup_ops if self.known_subgroup else "none"

    @property
    def presumed_subgroup(self) -> int:
        """Lanes that IREE's own code may presume to run together: where nothing is known, none."""
        return self.subgroup if self.known_subgroup else 1

    def device(self) -> GpuDevice:
        """Return what the kernel generator has to know.

        A driver may be off with quotients and roots, round f16 in any way, take it that there is no NaN, fuse products
        with sums, and take a fused multiply-add apart.
        """
        return replace(
            super().device(),
            by_integers=("arith.divf", "math.sqrt", "arith.cmpf", "arith.minimumf", "arith.maximumf"),
            converts_f16=False,
            fuses_products=True,
            fuses_fma=False,
            meets_in_memory=not self.known_subgroup,
        )


ARCHS = {
    row.name: row
    for row in (
        VulkanArch(DEFAULT, 16, 16384, evidence="run", max_threads=256, known_subgroup=False),
        # Mesa's software device on a processor with AVX2: a subgroup is a vector register.
        VulkanArch("llvmpipe", 8, 32768, evidence="run", has_f64=True),
    )
}

ALIASES = {"lavapipe": "llvmpipe"}
