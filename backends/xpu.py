# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The XPU backend: Intel's GPUs. IREE generates SPIR-V for them, as for Vulkan, and fanfold brings it to Level Zero.

All of them run 16 lanes together, and none has an instruction that makes fp8 of f32 in what SPIR-V can name.
"""

from __future__ import annotations

from dataclasses import dataclass

from .spirv import SpirvArch

DRIVER = "level_zero"

#: The arch of a target that names none: what all of them can do.
DEFAULT = "generic"


@dataclass(frozen=True)
class XpuArch(SpirvArch):
    """An Intel GPU, or what all of them have."""


#: Shared memory is what a workgroup may ask for. Both columns, and the 16 lanes, are those of Intel's driver:
#: `maxProgrammableSlmSize`, `ftrSupportsFP64` and `getDeviceSubGroupSizes` in github.com/intel/compute-runtime.
ARCHS = {
    row.name: row
    for row in (
        XpuArch(DEFAULT, 16, 65536, evidence="run on a CPU"),
        XpuArch("dg2", 16, 65536),
        XpuArch("pvc", 16, 131072, has_f64=True),
        XpuArch("lnl", 16, 131072, has_f64=True),
        XpuArch("bmg", 16, 131072, has_f64=True),
    )
}

#: Products by the names that people use.
ALIASES = {
    "a380": "dg2",
    "a750": "dg2",
    "a770": "dg2",
    "flex140": "dg2",
    "flex170": "dg2",
    "max1100": "pvc",
    "max1550": "pvc",
    "140v": "lnl",
    "b570": "bmg",
    "b580": "bmg",
    "b60": "bmg",
}
