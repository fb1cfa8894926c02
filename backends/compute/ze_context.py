# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A Level Zero context: memory, modules and a queue of one device. What it made goes with it, also after an error."""

from __future__ import annotations

from contextlib import ExitStack
from ctypes import byref, c_void_p
from typing import Any

from fanfold.errors import CallError

from . import ze_structs as structs
from .protocol import ALIGNMENT, DeviceProperties
from .ze_api import LevelZero
from .ze_module import LevelZeroModule
from .ze_recording import FOREVER, LevelZeroRecording


class LevelZeroContext:
    """A device with memory and code of one user, see :class:`protocol.Context`.

    Args:
        api: Level Zero's functions.
        driver: The device's driver.
        device: The device.
        properties: What it is.
        group: Which group of its queues can compute.
    """

    def __init__(self, api: LevelZero, driver: int, device: int, properties: DeviceProperties, group: int) -> None:
        self.api, self.device, self.group = api, device, group
        self.properties = properties
        self._memory: set[int] = set()
        self._modules: list[LevelZeroModule] = []
        self._recordings: set[LevelZeroRecording] = set()
        with ExitStack() as stack:
            self.handle = create(api.zeContextCreate, driver, structs.ze_context_desc_t())
            stack.callback(api.zeContextDestroy, self.handle)
            queue = structs.ze_command_queue_desc_t(ordinal=group, mode=structs.ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS)
            self.queue = create(api.zeCommandQueueCreate, self.handle, device, queue)
            stack.callback(api.zeCommandQueueDestroy, self.queue)
            stack.callback(self._free_all)
            stack.callback(api.zeCommandQueueSynchronize, self.queue, FOREVER)
            self._stack = stack.pop_all()

    def load(self, code: bytes) -> LevelZeroModule:
        """Build a SPIR-V module.

        Raises:
            ArtifactError: With the build log, if the device's compiler refuses it.
        """
        module = LevelZeroModule(self.api, self.handle, self.device, code)
        self._modules.append(module)
        return module

    def allocate(self, size: int) -> int:
        """Return the address of ``size`` bytes on the device.

        Raises:
            CallError: If there is not so much.
        """
        description = structs.ze_device_mem_alloc_desc_t()
        return self._allocate(self.api.zeMemAllocDevice, size, description, self.device)

    def allocate_host(self, size: int) -> int:
        """Return the address of ``size`` bytes of the host that the device copies fast.

        Raises:
            CallError: If there is not so much.
        """
        return self._allocate(self.api.zeMemAllocHost, size, structs.ze_host_mem_alloc_desc_t())

    def free(self, address: int) -> None:
        """Free what one of the two returned."""
        self._memory.remove(address)
        self.api.zeMemFree(self.handle, address)

    def allocation(self, address: int) -> int | None:
        """Return the driver's number of memory of this device, of the host, or shared; it knows no other."""
        properties = structs.ze_memory_allocation_properties_t()
        owner = c_void_p()
        self.api.zeMemGetAllocProperties(self.handle, address, byref(properties), byref(owner))
        if properties.type == structs.ZE_MEMORY_TYPE_UNKNOWN:
            return None
        return properties.id if owner.value is None or owner.value == self.device else None

    def record(self) -> LevelZeroRecording:
        """Return an empty recording."""
        recording = LevelZeroRecording(self)
        self._recordings.add(recording)
        return recording

    def forget(self, recording: LevelZeroRecording) -> None:
        """Do not release a recording any more: it was."""
        self._recordings.discard(recording)

    def close(self) -> None:
        """Wait for the device, and give back all that this context has."""
        self._stack.close()

    def _allocate(self, function: Any, size: int, description: structs.Described, *device: int) -> int:
        address = c_void_p()
        try:
            function(self.handle, byref(description), size, ALIGNMENT, *device, byref(address))
        except CallError as error:
            largest = self.properties.largest_bytes
            raise CallError(
                f"cannot allocate {size} bytes on {self.properties.name}: {error.message}",
                stage="call",
                expected=f"at most {largest} bytes in one piece",
                remedy="free other memory of the device, or call the model with smaller inputs",
            ) from error
        if not address.value:
            raise CallError(f"Level Zero allocated {size} bytes nowhere", stage="call")
        self._memory.add(address.value)
        return address.value

    def _free_all(self) -> None:
        with ExitStack() as stack:
            # Called from the last to the first, each also after another failed.
            for address in tuple(self._memory):
                stack.callback(self.free, address)
            for module in self._modules:
                stack.callback(module.release)
            for recording in tuple(self._recordings):
                stack.callback(recording.release)
        self._modules.clear()


def create(function: Any, *arguments: Any) -> int:
    """Return the handle that a function writes to its last argument; structures are passed by reference."""
    handle = c_void_p()
    passed = [byref(value) if isinstance(value, structs.Described) else value for value in arguments]
    function(*passed, byref(handle))
    if handle.value is None:
        raise CallError("Level Zero made nothing, and reported no error", stage="call")
    return handle.value
