# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which targets the GPUs of this machine are, by their drivers alone: torch may be a build without them."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from fanfold.backends import cuda, gpu, rocm

#: cuDeviceGetAttribute's numbers of the compute capability.
_MAJOR, _MINOR = 75, 76

_KFD = Path("/sys/class/kfd/kfd/topology/nodes")


def present_targets() -> list[str]:
    """Return a target for each kind of GPU that is there."""
    return [*_cuda(), *_rocm()]


def why_none() -> str:
    """Return why `present_targets` is empty."""
    missing = [*gpu.missing_libraries("libcuda.so.1"), *gpu.missing_libraries("libamdhip64.so")]
    return f"needs a GPU, and this machine has no {' and no '.join(missing) or 'device that fanfold has a target for'}"


def _cuda() -> list[str]:
    if gpu.missing_libraries("libcuda.so.1"):
        return []
    driver, count, numbers = ctypes.CDLL("libcuda.so.1"), ctypes.c_int(), (ctypes.c_int(), ctypes.c_int())
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return []
    for number, which in zip(numbers, (_MAJOR, _MINOR), strict=True):
        if driver.cuDeviceGetAttribute(ctypes.byref(number), which, 0):
            return []
    have = 10 * numbers[0].value + numbers[1].value
    # PTX runs on every later architecture.
    fitting = [name for name in cuda.ARCHS if int(name.removeprefix("sm_")) <= have]
    return [f"cuda:{max(fitting, key=lambda name: int(name.removeprefix('sm_')))}"] if fitting else []


def _rocm() -> list[str]:
    if gpu.missing_libraries("libamdhip64.so"):
        return []
    names = set()
    for properties in _KFD.glob("*/properties"):
        found = re.search(r"^gfx_target_version (\d+)$", properties.read_text(), re.MULTILINE)
        version = int(found[1]) if found else 0
        # 90402 is gfx942, 90010 is gfx90a.
        names.add(f"gfx{version // 10000}{version // 100 % 100:x}{version % 100:x}")
    return [f"rocm:{name}" for name in rocm.ARCHS if name in names]
