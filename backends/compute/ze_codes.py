# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What Level Zero's functions answer: the name of each code and what it means."""

from __future__ import annotations

SUCCESS = 0
NOT_READY = 1
MODULE_BUILD_FAILURE = 0x70000004
MODULE_LINK_FAILURE = 0x70000005

#: `ze_result_t`, without its prefix `ZE_RESULT_`.
CODES = {
    NOT_READY: ("NOT_READY", "not signaled yet"),
    0x70000001: ("ERROR_DEVICE_LOST", "the device hung, was reset or removed, or its driver was updated"),
    0x70000002: ("ERROR_OUT_OF_HOST_MEMORY", "the host has not enough memory"),
    0x70000003: ("ERROR_OUT_OF_DEVICE_MEMORY", "the device has not enough memory"),
    MODULE_BUILD_FAILURE: ("ERROR_MODULE_BUILD_FAILURE", "the module cannot be built"),
    MODULE_LINK_FAILURE: ("ERROR_MODULE_LINK_FAILURE", "the module cannot be linked"),
    0x70000006: ("ERROR_DEVICE_REQUIRES_RESET", "the device must be reset"),
    0x70000007: ("ERROR_DEVICE_IN_LOW_POWER_STATE", "the device is in a state of low power"),
    0x70010000: ("ERROR_INSUFFICIENT_PERMISSIONS", "this user may not use it"),
    0x70010001: ("ERROR_NOT_AVAILABLE", "it is in use, or was removed"),
    0x70020000: ("ERROR_DEPENDENCY_UNAVAILABLE", "something that the driver needs is missing"),
    0x78000001: ("ERROR_UNINITIALIZED", "no driver could be initialised"),
    0x78000002: ("ERROR_UNSUPPORTED_VERSION", "the version is not supported"),
    0x78000003: ("ERROR_UNSUPPORTED_FEATURE", "the driver does not have this"),
    0x78000004: ("ERROR_INVALID_ARGUMENT", "an argument is invalid"),
    0x78000005: ("ERROR_INVALID_NULL_HANDLE", "a handle is invalid"),
    0x78000006: ("ERROR_HANDLE_OBJECT_IN_USE", "the object is still in use"),
    0x78000007: ("ERROR_INVALID_NULL_POINTER", "a pointer is null"),
    0x78000008: ("ERROR_INVALID_SIZE", "a size is invalid"),
    0x78000009: ("ERROR_UNSUPPORTED_SIZE", "the device does not take a size, it may be too large"),
    0x7800000A: ("ERROR_UNSUPPORTED_ALIGNMENT", "the device does not take an alignment"),
    0x7800000B: ("ERROR_INVALID_SYNCHRONIZATION_OBJECT", "an event or fence is in the wrong state"),
    0x7800000C: ("ERROR_INVALID_ENUMERATION", "an enumerator is invalid"),
    0x7800000D: ("ERROR_UNSUPPORTED_ENUMERATION", "the device does not take an enumerator"),
    0x7800000E: ("ERROR_UNSUPPORTED_IMAGE_FORMAT", "the device does not have the format"),
    0x7800000F: ("ERROR_INVALID_NATIVE_BINARY", "the binary is for another device"),
    0x78000010: ("ERROR_INVALID_GLOBAL_NAME", "the module has no such variable"),
    0x78000011: ("ERROR_INVALID_KERNEL_NAME", "the module has no such kernel"),
    0x78000012: ("ERROR_INVALID_FUNCTION_NAME", "the module has no such function"),
    0x78000013: ("ERROR_INVALID_GROUP_SIZE_DIMENSION", "the kernel or the device does not take the group size"),
    0x78000014: ("ERROR_INVALID_GLOBAL_WIDTH_DIMENSION", "the kernel or the device does not take the width"),
    0x78000015: ("ERROR_INVALID_KERNEL_ARGUMENT_INDEX", "the kernel has no such argument"),
    0x78000016: ("ERROR_INVALID_KERNEL_ARGUMENT_SIZE", "the kernel's argument has another size"),
    0x78000017: ("ERROR_INVALID_KERNEL_ATTRIBUTE_VALUE", "an attribute is invalid for the kernel"),
    0x78000018: ("ERROR_INVALID_MODULE_UNLINKED", "the module imports what it was not linked with"),
    0x78000019: ("ERROR_INVALID_COMMAND_LIST_TYPE", "the command list is not for this queue"),
    0x7800001A: ("ERROR_OVERLAPPING_REGIONS", "source and target overlap"),
    0x7FFFFFFE: ("ERROR_UNKNOWN", "unknown or internal error"),
}


def describe(code: int) -> str:
    """Return a code's name and meaning."""
    code &= 0xFFFFFFFF
    name, meaning = CODES.get(code, ("", "a code that this version does not know"))
    return f"ZE_RESULT_{name} ({meaning})" if name else f"{code:#x} ({meaning})"
