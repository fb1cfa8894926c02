# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""OpenCL as a driver, through pyopencl: any device that takes SPIR-V, such as Intel's CPU runtime.

It stands in for Level Zero where that does not run, and takes the same modules.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from fanfold.errors import TargetError

from .opencl_context import OpenClContext
from .opencl_runtimes import load_pyopencl
from .protocol import DeviceProperties

_SUBGROUP_SIZES_INTEL = 0x4108
#: What a device must have, and what a user can be told when it does not.
_EXTENSIONS = {"cl_intel_required_subgroup_size": "the choice of the size of subgroups"}


class OpenClDriver:
    """OpenCL. Its devices are those that take our modules, GPUs first."""

    def devices(self) -> list[DeviceProperties]:
        """Return the devices.

        Raises:
            TargetError: If there is none; it says why for each platform.
            MissingDependencyError: If pyopencl is not installed.
        """
        cl = load_pyopencl()
        return [_properties(device) for device in self._devices(cl)]

    def open(self, index: int) -> OpenClContext:
        """Return a new context on a device.

        Raises:
            TargetError: If there is no such device.
            MissingDependencyError: If pyopencl is not installed.
        """
        cl = load_pyopencl()
        found = self._devices(cl)
        if index >= len(found):
            names = (f"opencl:{i} ({device.name.strip()})" for i, device in enumerate(found))
            raise TargetError(
                f"there is no device opencl:{index} on this machine",
                stage="load",
                expected=f"one of {', '.join(names)}",
                found=f"index {index}",
                remedy="`fanfold targets` lists the devices of this machine",
            )
        return OpenClContext(cl, found[index], _properties(found[index]))

    def _devices(self, cl: Any) -> list[Any]:
        found, refused = [], []
        for platform, devices in _platforms(cl):
            if not devices:
                refused.append(f"{platform.name}: no GPU or CPU")
            for device in devices:
                if missing := _missing(cl, device):
                    refused.append(f"{platform.name}, {device.name.strip()}: lacks {missing}")
                else:
                    found.append(device)
        if not found:
            raise TargetError(
                "OpenCL finds no device on this machine that takes SPIR-V",
                stage="load",
                expected="a runtime with cl_khr_il_program, shared memory and the choice of the size of subgroups",
                found="; ".join(refused) or "no platform",
                remedy="install Intel's runtime of the GPU, or pip install intel-opencl-rt intel-cmplr-lib-rt for the "
                "CPU; `clinfo` lists what OpenCL finds",
            )
        return sorted(found, key=lambda device: not device.type & cl.device_type.GPU)


def _platforms(cl: Any) -> list[tuple[Any, list[Any]]]:
    try:
        platforms = cl.get_platforms()
    except cl.Error:
        return []
    kinds = cl.device_type.GPU | cl.device_type.CPU
    return [(platform, [d for d in _list(cl, platform) if d.type & kinds]) for platform in platforms]


def _list(cl: Any, platform: Any) -> list[Any]:
    try:
        return list(platform.get_devices())
    except cl.Error:
        # An empty platform answers with the error DEVICE_NOT_FOUND.
        return []


def _missing(cl: Any, device: Any) -> str:
    """Return what a device lacks to run our modules."""
    extensions = device.extensions.split()
    try:
        takes_spirv = "SPIR-V" in device.il_version
    except (cl.Error, AttributeError):
        takes_spirv = False
    if not takes_spirv:
        return "SPIR-V"
    try:
        shares = device.svm_capabilities & cl.device_svm_capabilities.COARSE_GRAIN_BUFFER
    except (cl.Error, AttributeError):
        shares = 0
    if not shares:
        return "shared virtual memory"
    return ", ".join(text for extension, text in _EXTENSIONS.items() if extension not in extensions)


def _properties(device: Any) -> DeviceProperties:
    return DeviceProperties(
        name=device.name.strip(),
        subgroups=_subgroups(device.int_ptr),
        workgroup=device.max_work_group_size,
        largest_bytes=device.max_mem_alloc_size,
    )


def _subgroups(device: int) -> tuple[int, ...]:
    """Return the sizes of subgroups that a device offers, which pyopencl has no word for."""
    sizes, size = (ctypes.c_size_t * 16)(), ctypes.c_size_t()
    ask = _loader().clGetDeviceInfo
    ask.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t))
    if ask(device, _SUBGROUP_SIZES_INTEL, ctypes.sizeof(sizes), sizes, ctypes.byref(size)):
        return ()
    return tuple(sizes[: size.value // ctypes.sizeof(ctypes.c_size_t)])


@functools.cache
def _loader() -> ctypes.CDLL:
    """Return the OpenCL loader that pyopencl is linked with."""
    from pyopencl import _cl

    return ctypes.CDLL(_cl.__file__)
