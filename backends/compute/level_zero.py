# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Level Zero as a driver: Intel's GPUs by their index, without the oneAPI toolkit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import byref, c_uint32
from typing import Any

from fanfold.errors import CallError, TargetError

from . import ze_api
from . import ze_structs as structs
from .protocol import DeviceProperties
from .ze_context import LevelZeroContext


class LevelZeroDriver:
    """Level Zero. Its devices are the GPUs of all its drivers, in the loader's order."""

    def devices(self) -> list[DeviceProperties]:
        """Return the GPUs.

        Raises:
            TargetError: If there is no loader, or no driver of a GPU.
        """
        with _looking():
            api = ze_api.load()
            return [_properties(api, device) for _, device in _gpus(api)]

    def open(self, index: int) -> LevelZeroContext:
        """Return a new context on a GPU.

        Raises:
            TargetError: If there is no such GPU.
        """
        with _looking():
            api = ze_api.load()
            found = _gpus(api)
            if not found:
                raise ze_api.unusable("its drivers list no GPU")
            if index >= len(found):
                names = (f"level_zero:{i} ({_properties(api, device).name})" for i, (_, device) in enumerate(found))
                raise TargetError(
                    f"there is no device level_zero:{index} on this machine",
                    stage="load",
                    expected=f"one of {', '.join(names)}",
                    found=f"index {index}",
                    remedy="`fanfold targets` lists the devices of this machine",
                )
            driver, device = found[index]
            return LevelZeroContext(api, driver, device, _properties(api, device), _compute_group(api, device))


@contextmanager
def _looking() -> Iterator[None]:
    """Say what it means that a function fails before there is a context."""
    try:
        yield
    except CallError as error:
        raise ze_api.unusable(error.message) from error


def _gpus(api: ze_api.LevelZero) -> list[tuple[int, int]]:
    """Return each GPU with its driver."""
    found = []
    for driver in api.drivers:
        for device in ze_api.handles(api.zeDeviceGet, driver):
            general = structs.ze_device_properties_t()
            api.zeDeviceGetProperties(device, byref(general))
            if general.type == structs.ZE_DEVICE_TYPE_GPU:
                found.append((driver, device))
    return found


def _properties(api: ze_api.LevelZero, device: int) -> DeviceProperties:
    general, compute = structs.ze_device_properties_t(), structs.ze_device_compute_properties_t()
    api.zeDeviceGetProperties(device, byref(general))
    api.zeDeviceGetComputeProperties(device, byref(compute))
    return DeviceProperties(
        name=general.name.decode(errors="replace"),
        subgroups=tuple(compute.subGroupSizes[: compute.numSubGroupSizes]),
        workgroup=compute.maxTotalGroupSize,
        largest_bytes=general.maxMemAllocSize,
    )


def _compute_group(api: ze_api.LevelZero, device: int) -> int:
    """Return which group of the device's queues can compute."""
    count = c_uint32()
    api.zeDeviceGetCommandQueueGroupProperties(device, byref(count), None)
    kind: Any = structs.ze_command_queue_group_properties_t
    groups = (kind * count.value)(*(kind() for _ in range(count.value)))
    api.zeDeviceGetCommandQueueGroupProperties(device, byref(count), groups)
    for ordinal, group in enumerate(groups):
        if group.flags & structs.ZE_COMMAND_QUEUE_GROUP_PROPERTY_FLAG_COMPUTE:
            return ordinal
    raise ze_api.unusable("the device has no queue that computes")
