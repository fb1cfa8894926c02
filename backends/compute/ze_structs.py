# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Level Zero's structures and numbers, as `ze_api.h` has them; a test compares them with the header.

Names are the header's, so that its documentation is theirs.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, ClassVar

#: Of `ze_init_flag_t` and `ze_init_driver_type_flag_t` alike.
GPU_ONLY = 1
ZE_DEVICE_TYPE_GPU = 1
ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COMPUTE = 1
ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS = 2
ZE_EVENT_POOL_FLAG_HOST_VISIBLE = 1
ZE_EVENT_SCOPE_FLAG_HOST = 4
ZE_MODULE_FORMAT_IL_SPIRV = 0
ZE_MEMORY_TYPE_UNKNOWN = 0

_SUBGROUP_SIZES = 8
_UUID = 16
_NAME = 256


class Described(ctypes.Structure):
    """A structure that begins with its type and a pointer to extensions.

    Attributes:
        STYPE: What `stype` must be.
    """

    STYPE: ClassVar[int]

    def __init__(self, **fields: Any) -> None:
        super().__init__(stype=self.STYPE, **fields)


def _fields(**others: Any) -> list[tuple[str, Any]]:
    return [("stype", c_uint32), ("pNext", c_void_p), *others.items()]


class ze_device_properties_t(Described):  # noqa: N801, D101
    STYPE = 0x3
    _fields_ = _fields(
        type=c_uint32,
        vendorId=c_uint32,
        deviceId=c_uint32,
        flags=c_uint32,
        subdeviceId=c_uint32,
        coreClockRate=c_uint32,
        maxMemAllocSize=c_uint64,
        maxHardwareContexts=c_uint32,
        maxCommandQueuePriority=c_uint32,
        numThreadsPerEU=c_uint32,
        physicalEUSimdWidth=c_uint32,
        numEUsPerSubslice=c_uint32,
        numSubslicesPerSlice=c_uint32,
        numSlices=c_uint32,
        timerResolution=c_uint64,
        timestampValidBits=c_uint32,
        kernelTimestampValidBits=c_uint32,
        uuid=c_uint8 * _UUID,
        name=c_char * _NAME,
    )


class ze_device_compute_properties_t(Described):  # noqa: N801, D101
    STYPE = 0x4
    _fields_ = _fields(
        maxTotalGroupSize=c_uint32,
        maxGroupSizeX=c_uint32,
        maxGroupSizeY=c_uint32,
        maxGroupSizeZ=c_uint32,
        maxGroupCountX=c_uint32,
        maxGroupCountY=c_uint32,
        maxGroupCountZ=c_uint32,
        maxSharedLocalMemory=c_uint32,
        numSubGroupSizes=c_uint32,
        subGroupSizes=c_uint32 * _SUBGROUP_SIZES,
    )


class ze_command_queue_group_properties_t(Described):  # noqa: N801, D101
    STYPE = 0x6
    _fields_ = _fields(flags=c_uint32, maxMemoryFillPatternSize=c_size_t, numQueues=c_uint32)


class ze_context_desc_t(Described):  # noqa: N801, D101
    STYPE = 0xD
    _fields_ = _fields(flags=c_uint32)


class ze_command_queue_desc_t(Described):  # noqa: N801, D101
    STYPE = 0xE
    _fields_ = _fields(ordinal=c_uint32, index=c_uint32, flags=c_uint32, mode=c_int32, priority=c_int32)


class ze_command_list_desc_t(Described):  # noqa: N801, D101
    STYPE = 0xF
    _fields_ = _fields(commandQueueGroupOrdinal=c_uint32, flags=c_uint32)


class ze_event_pool_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x10
    _fields_ = _fields(flags=c_uint32, count=c_uint32)


class ze_event_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x11
    _fields_ = _fields(index=c_uint32, signal=c_uint32, wait=c_uint32)


class ze_device_mem_alloc_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x15
    _fields_ = _fields(flags=c_uint32, ordinal=c_uint32)


class ze_host_mem_alloc_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x16
    _fields_ = _fields(flags=c_uint32)


class ze_memory_allocation_properties_t(Described):  # noqa: N801, D101
    STYPE = 0x17
    _fields_ = _fields(type=c_uint32, id=c_uint64, pageSize=c_uint64)


class ze_module_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x1B
    _fields_ = _fields(
        format=c_int32, inputSize=c_size_t, pInputModule=c_char_p, pBuildFlags=c_char_p, pConstants=c_void_p
    )


class ze_kernel_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x1D
    _fields_ = _fields(flags=c_uint32, pKernelName=c_char_p)


class ze_init_driver_type_desc_t(Described):  # noqa: N801, D101
    STYPE = 0x00020021
    _fields_ = _fields(flags=c_uint32)


class ze_group_count_t(ctypes.Structure):  # noqa: N801
    """Workgroups of a launch."""

    _fields_: ClassVar = [("groupCountX", c_uint32), ("groupCountY", c_uint32), ("groupCountZ", c_uint32)]
