# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The Vulkan backend: any GPU with a driver for Vulkan 1.3, through IREE's own code generation and driver."""

from __future__ import annotations

from dataclasses import dataclass

from .spirv import SpirvArch

DRIVER = "vulkan"

#: The arch of a target that names none.
DEFAULT = "generic"


@dataclass(frozen=True)
class VulkanArch(SpirvArch):
    """A device with Vulkan, or what all of them have."""


ARCHS = {
    row.name: row
    for row in (
        VulkanArch(DEFAULT, 8, 32768, max_threads=1024),
        # Mesa's software device, with AVX2: a subgroup is a vector register.
        VulkanArch("llvmpipe", 8, 32768, has_f64=True),
    )
}

ALIASES = {"lavapipe": "llvmpipe"}
