# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Level Zero's functions, from its loader `libze_loader.so.1`."""

from __future__ import annotations

import ctypes
import functools
from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint32, c_uint64, c_void_p
from typing import Any

from fanfold.errors import CallError, TargetError

from . import ze_codes
from . import ze_structs as structs

LIBRARY = "libze_loader.so.1"

_HANDLE, _HANDLES, _COUNT = c_void_p, POINTER(c_void_p), POINTER(c_uint32)
_WAITS = (c_uint32, _HANDLES)

#: The arguments of each function that is called here; all return a `ze_result_t`.
FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "zeInit": (c_uint32,),
    "zeDriverGet": (_COUNT, _HANDLES),
    "zeDeviceGet": (_HANDLE, _COUNT, _HANDLES),
    "zeDeviceGetProperties": (_HANDLE, POINTER(structs.ze_device_properties_t)),
    "zeDeviceGetComputeProperties": (_HANDLE, POINTER(structs.ze_device_compute_properties_t)),
    "zeDeviceGetCommandQueueGroupProperties": (_HANDLE, _COUNT, POINTER(structs.ze_command_queue_group_properties_t)),
    "zeContextCreate": (_HANDLE, POINTER(structs.ze_context_desc_t), _HANDLES),
    "zeContextDestroy": (_HANDLE,),
    "zeCommandQueueCreate": (_HANDLE, _HANDLE, POINTER(structs.ze_command_queue_desc_t), _HANDLES),
    "zeCommandQueueDestroy": (_HANDLE,),
    "zeCommandQueueExecuteCommandLists": (_HANDLE, c_uint32, _HANDLES, _HANDLE),
    "zeCommandQueueSynchronize": (_HANDLE, c_uint64),
    "zeCommandListCreate": (_HANDLE, _HANDLE, POINTER(structs.ze_command_list_desc_t), _HANDLES),
    "zeCommandListDestroy": (_HANDLE,),
    "zeCommandListClose": (_HANDLE,),
    "zeCommandListAppendBarrier": (_HANDLE, _HANDLE, *_WAITS),
    "zeCommandListAppendMemoryCopy": (_HANDLE, c_void_p, c_void_p, c_size_t, _HANDLE, *_WAITS),
    "zeCommandListAppendMemoryFill": (_HANDLE, c_void_p, c_char_p, c_size_t, c_size_t, _HANDLE, *_WAITS),
    "zeCommandListAppendLaunchKernel": (_HANDLE, _HANDLE, POINTER(structs.ze_group_count_t), _HANDLE, *_WAITS),
    "zeEventPoolCreate": (_HANDLE, POINTER(structs.ze_event_pool_desc_t), c_uint32, _HANDLES, _HANDLES),
    "zeEventPoolDestroy": (_HANDLE,),
    "zeEventCreate": (_HANDLE, POINTER(structs.ze_event_desc_t), _HANDLES),
    "zeEventDestroy": (_HANDLE,),
    "zeEventHostSynchronize": (_HANDLE, c_uint64),
    "zeEventHostReset": (_HANDLE,),
    "zeMemAllocDevice": (
        _HANDLE,
        POINTER(structs.ze_device_mem_alloc_desc_t),
        c_size_t,
        c_size_t,
        _HANDLE,
        POINTER(c_void_p),
    ),
    "zeMemAllocHost": (_HANDLE, POINTER(structs.ze_host_mem_alloc_desc_t), c_size_t, c_size_t, POINTER(c_void_p)),
    "zeMemFree": (_HANDLE, c_void_p),
    "zeMemGetAllocProperties": (_HANDLE, c_void_p, POINTER(structs.ze_memory_allocation_properties_t), _HANDLES),
    "zeModuleCreate": (_HANDLE, _HANDLE, POINTER(structs.ze_module_desc_t), _HANDLES, _HANDLES),
    "zeModuleDestroy": (_HANDLE,),
    "zeModuleBuildLogGetString": (_HANDLE, POINTER(c_size_t), c_char_p),
    "zeModuleBuildLogDestroy": (_HANDLE,),
    "zeKernelCreate": (_HANDLE, POINTER(structs.ze_kernel_desc_t), _HANDLES),
    "zeKernelDestroy": (_HANDLE,),
    "zeKernelSetGroupSize": (_HANDLE, c_uint32, c_uint32, c_uint32),
    "zeKernelSetArgumentValue": (_HANDLE, c_uint32, c_size_t, c_void_p),
}


class LevelZero:
    """The loader's functions: each is an attribute, and raises when it fails.

    Args:
        library: The loader.

    Raises:
        TargetError: If it lacks a function, or no driver of a GPU answers.
    """

    def __init__(self, library: Any) -> None:
        for name, arguments in FUNCTIONS.items():
            function = getattr(library, name, None)
            if function is None:
                raise unusable(f"it has no function {name}")
            function.argtypes, function.restype = arguments, c_uint32
            setattr(self, name, _checked(name, function))
        self.codes = library
        #: The drivers.
        self.drivers = self._drivers(library)

    def __getattr__(self, name: str) -> Any:
        # For the type checker: the attributes are made above.
        raise AttributeError(name)

    def _drivers(self, library: Any) -> list[int]:
        if found := _init_drivers(library):
            return found
        # Loaders before version 1.19 have only this.
        code = library.zeInit(structs.GPU_ONLY)
        if code != ze_codes.SUCCESS:
            raise unusable(f"zeInit failed with {ze_codes.describe(code)}")
        return handles(self.zeDriverGet)


def handles(function: Any, *arguments: Any) -> list[int]:
    """Return what a function lists that takes a count and an array last."""
    count = c_uint32()
    function(*arguments, byref(count), None)
    found = (c_void_p * count.value)()
    if count.value:
        function(*arguments, byref(count), found)
    return [handle for handle in found[: count.value] if handle]


@functools.cache
def load() -> LevelZero:
    """Return Level Zero's functions, after the drivers of GPUs were initialised.

    Raises:
        TargetError: If there is no loader, or no driver of a GPU.
    """
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise unusable(str(error)) from error
    return LevelZero(library)


def unusable(reason: str) -> TargetError:
    """Return the error for a machine on which Level Zero does not work."""
    return TargetError(
        f"Level Zero finds no GPU on this machine: {reason}",
        stage="load",
        expected=f"{LIBRARY} and a driver of an Intel GPU, libze_intel_gpu.so.1",
        found=reason,
        remedy="install Intel's compute runtime (Debian: libze1, intel-level-zero-gpu), check with sycl-ls; "
        "without a GPU, pip install pyopencl intel-opencl-rt intel-cmplr-lib-rt runs the same code on the processor",
    )


def _init_drivers(library: Any) -> list[int]:
    """Return the drivers as newer loaders initialise them; none where that does not work."""
    function = getattr(library, "zeInitDrivers", None)
    if function is None:
        return []
    function.argtypes = (_COUNT, _HANDLES, POINTER(structs.ze_init_driver_type_desc_t))
    function.restype = c_uint32
    description = structs.ze_init_driver_type_desc_t(flags=structs.GPU_ONLY)
    count = c_uint32()
    if function(byref(count), None, byref(description)) != ze_codes.SUCCESS or not count.value:
        return []
    found = (c_void_p * count.value)()
    code = function(byref(count), found, byref(description))
    return [handle for handle in found[: count.value] if handle] if code == ze_codes.SUCCESS else []


def _checked(name: str, function: Any) -> Any:
    def call(*arguments: Any) -> None:
        code = function(*arguments)
        if code:
            raise CallError(f"{name} failed with {ze_codes.describe(code)}", stage="call")

    return call
