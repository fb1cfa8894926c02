# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The test driver catches misuse: so a test that passes through it used Level Zero rightly."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from ctypes import byref, c_uint32, c_uint64, c_void_p
from typing import Any

import pytest

from compute.samples import GROUP, code
from fanfold.backends.compute import ze_structs as structs
from fanfold.backends.compute.level_zero import LevelZeroDriver
from fanfold.backends.compute.ze_context import LevelZeroContext, create
from fanfold.backends.compute.ze_module import LevelZeroKernel
from fanfold.errors import CallError
from level_zero import chosen

SIZE = 4 * GROUP


class Misuse:
    """A context on the test driver, and what is wrong with a call."""

    def __init__(self) -> None:
        self.driver = chosen.require()
        self.context: LevelZeroContext = LevelZeroDriver().open(0)
        self.api = self.context.api
        self.here = self.context.handle, self.context.device

    def kernel(self) -> LevelZeroKernel:
        """The kernel `scale`, with its group size set."""
        return self.context.load(code()).kernel("scale", (GROUP, 1, 1))

    def set(self, kernel: LevelZeroKernel, *pointers: int) -> None:
        """Set its arguments."""
        for index, pointer in enumerate(pointers):
            self.api.zeKernelSetArgumentValue(kernel.handle, index, 8, byref(c_uint64(pointer)))
        self.api.zeKernelSetArgumentValue(kernel.handle, len(pointers), 4, byref(c_uint32(1)))

    def launch(self, kernel: LevelZeroKernel, on: int, groups: int = 1) -> None:
        """Append a launch to a list."""
        count = structs.ze_group_count_t(groups, 1, 1)
        self.api.zeCommandListAppendLaunchKernel(on, kernel.handle, byref(count), None, 0, None)

    def new_list(self) -> int:
        """A command list, which is not closed."""
        description = structs.ze_command_list_desc_t(commandQueueGroupOrdinal=self.context.group)
        return create(self.api.zeCommandListCreate, self.context.handle, self.context.device, description)

    def execute(self, handle: int) -> None:
        """Give a list to the queue."""
        lists = (c_void_p * 1)(handle)
        self.api.zeCommandQueueExecuteCommandLists(self.context.queue, 1, lists, None)

    def synchronize(self) -> None:
        """Wait for the queue."""
        self.api.zeCommandQueueSynchronize(self.context.queue, 2**64 - 1)

    def caught(self, code: str, report: str, function: Any, *arguments: Any) -> None:
        """Hold a call to fail with a code, and the driver to say what is wrong."""
        before = self.driver.reports()
        with pytest.raises(CallError, match=code):
            function(*arguments)
        assert self.driver.reports() == before + 1
        assert report in self.driver.last_report()


@pytest.fixture
def misuse() -> Iterator[Misuse]:
    """A context, which is closed however wrong it was used."""
    made = Misuse()
    live = made.driver.live()
    yield made
    made.context.close()
    assert made.driver.live().get("context", 0) == live["context"] - 1


def test_null_handles_are_caught_by_the_validation_layer(misuse: Misuse) -> None:
    reports = misuse.driver.reports()
    with pytest.raises(CallError, match="zeKernelDestroy failed with ZE_RESULT_ERROR_INVALID_NULL_HANDLE"):
        misuse.api.zeKernelDestroy(None)
    assert misuse.driver.reports() == reports


def test_handles_that_were_destroyed(misuse: Misuse) -> None:
    handle = misuse.new_list()
    misuse.api.zeCommandListDestroy(handle)
    for function in (misuse.api.zeCommandListClose, misuse.api.zeCommandListDestroy):
        misuse.caught("INVALID_ARGUMENT", "the command list was destroyed", function, handle)


def test_handles_of_something_else(misuse: Misuse) -> None:
    report = "the handle of a command queue is given for that of a command list"
    misuse.caught("INVALID_ARGUMENT", report, misuse.api.zeCommandListClose, misuse.context.queue)
    misuse.caught("INVALID_ARGUMENT", "no such kernel", misuse.api.zeKernelDestroy, 0x1234)


#: For each structure that begins with its type, a call that takes it.
UNTYPED: dict[type[structs.Described], Callable[[Misuse, Any, Any], None]] = {
    structs.ze_device_properties_t: lambda m, s, _: m.api.zeDeviceGetProperties(m.context.device, s),
    structs.ze_device_compute_properties_t: lambda m, s, _: m.api.zeDeviceGetComputeProperties(m.context.device, s),
    structs.ze_command_queue_group_properties_t: lambda m, s, _: m.api.zeDeviceGetCommandQueueGroupProperties(
        m.context.device, byref(c_uint32(1)), s
    ),
    structs.ze_context_desc_t: lambda m, s, out: m.api.zeContextCreate(m.api.drivers[0], s, out),
    structs.ze_command_queue_desc_t: lambda m, s, out: m.api.zeCommandQueueCreate(*m.here, s, out),
    structs.ze_command_list_desc_t: lambda m, s, out: m.api.zeCommandListCreate(*m.here, s, out),
    structs.ze_event_pool_desc_t: lambda m, s, out: m.api.zeEventPoolCreate(m.context.handle, s, 0, None, out),
    structs.ze_device_mem_alloc_desc_t: lambda m, s, out: m.api.zeMemAllocDevice(
        m.context.handle, s, SIZE, 64, m.context.device, out
    ),
    structs.ze_host_mem_alloc_desc_t: lambda m, s, out: m.api.zeMemAllocHost(m.context.handle, s, SIZE, 64, out),
    structs.ze_memory_allocation_properties_t: lambda m, s, out: m.api.zeMemGetAllocProperties(
        m.context.handle, m.context.allocate(SIZE), s, out
    ),
    structs.ze_module_desc_t: lambda m, s, out: m.api.zeModuleCreate(*m.here, s, out, None),
    structs.ze_kernel_desc_t: lambda m, s, out: m.api.zeKernelCreate(m.context.load(code())._handle, s, out),
}


@pytest.mark.parametrize("struct", UNTYPED, ids=lambda struct: struct.__name__)
def test_structures_that_do_not_say_what_they_are(misuse: Misuse, struct: type[structs.Described]) -> None:
    untyped, spirv = struct(), code()
    # Without these the validation layer stops the call before.
    for name, value in {"count": 1, "inputSize": len(spirv), "pInputModule": spirv, "pKernelName": b"scale"}.items():
        if hasattr(untyped, name):
            setattr(untyped, name, value)
    untyped.stype = 0
    misuse.caught("INVALID_ARGUMENT", "stype", UNTYPED[struct], misuse, byref(untyped), byref(c_void_p()))


def test_what_only_the_queue_group_that_computes_can(misuse: Misuse) -> None:
    api, out = misuse.api, byref(c_void_p())
    queue, on = structs.ze_command_queue_desc_t(ordinal=0), structs.ze_command_list_desc_t(commandQueueGroupOrdinal=0)
    misuse.caught("COMMAND_LIST_TYPE", "queue group 1", api.zeCommandQueueCreate, *misuse.here, byref(queue), out)
    misuse.caught("COMMAND_LIST_TYPE", "queue group 1", api.zeCommandListCreate, *misuse.here, byref(on), out)


def test_arguments_that_the_kernel_does_not_have(misuse: Misuse) -> None:
    kernel, set_argument = misuse.kernel(), misuse.api.zeKernelSetArgumentValue
    value = byref(c_uint64(0))
    misuse.caught("KERNEL_ARGUMENT_SIZE", "another size", set_argument, kernel.handle, 0, 4, value)
    misuse.caught("KERNEL_ARGUMENT_SIZE", "another size", set_argument, kernel.handle, 2, 8, value)
    misuse.caught("KERNEL_ARGUMENT_INDEX", "fewer arguments", set_argument, kernel.handle, 3, 4, value)


@pytest.mark.parametrize("flags", [None, b"-ze-opt-disable"])
def test_modules_whose_quotients_a_gpu_would_not_round(misuse: Misuse, flags: bytes | None) -> None:
    spirv = code()
    description = structs.ze_module_desc_t(
        format=structs.ZE_MODULE_FORMAT_IL_SPIRV, inputSize=len(spirv), pInputModule=spirv, pBuildFlags=flags
    )
    arguments = misuse.context.handle, misuse.context.device, byref(description), byref(c_void_p()), None
    misuse.caught("INVALID_ARGUMENT", "other build flags", misuse.api.zeModuleCreate, *arguments)


def test_group_sizes(misuse: Misuse) -> None:
    module = misuse.context.load(code())
    description = structs.ze_kernel_desc_t(pKernelName=b"scale")
    handle = create(misuse.api.zeKernelCreate, module._handle, description)
    kernel, on = LevelZeroKernel("scale", handle), misuse.new_list()
    misuse.caught("GROUP_SIZE", "the group size is not set", misuse.launch, kernel, on)
    misuse.caught("GROUP_SIZE", "another group size", misuse.api.zeKernelSetGroupSize, handle, 8, 1, 1)
    misuse.api.zeKernelDestroy(handle)
    misuse.api.zeCommandListDestroy(on)


def test_launches(misuse: Misuse) -> None:
    kernel, on, memory = misuse.kernel(), misuse.new_list(), misuse.context.allocate(SIZE)
    misuse.caught("INVALID_ARGUMENT", "argument 0 is not set", misuse.launch, kernel, on)
    misuse.set(kernel, memory, memory + SIZE)
    misuse.caught("INVALID_ARGUMENT", "argument 1 points to no allocation", misuse.launch, kernel, on)
    misuse.set(kernel, memory, memory)
    misuse.caught("INVALID_ARGUMENT", "there are no groups", misuse.launch, kernel, on, 0)
    misuse.api.zeCommandListClose(on)
    misuse.caught("INVALID_ARGUMENT", "the list is closed", misuse.launch, kernel, on)
    misuse.caught("INVALID_ARGUMENT", "it is closed", misuse.api.zeCommandListClose, on)
    misuse.api.zeCommandListDestroy(on)


def test_lists_that_are_not_closed_or_still_run(misuse: Misuse) -> None:
    on = misuse.new_list()
    misuse.caught("INVALID_ARGUMENT", "the list is not closed", misuse.execute, on)
    misuse.api.zeCommandListClose(on)
    misuse.execute(on)
    misuse.caught("IN_USE", "nobody waited for the list's last submission", misuse.execute, on)
    misuse.caught("IN_USE", "submitted and not waited for", misuse.api.zeCommandListDestroy, on)
    misuse.synchronize()
    misuse.api.zeCommandListDestroy(on)


def test_memory_that_was_freed(misuse: Misuse) -> None:
    kernel, on = misuse.kernel(), misuse.new_list()
    kept, gone = misuse.context.allocate(SIZE), misuse.context.allocate(SIZE)
    misuse.set(kernel, kept, gone)
    misuse.launch(kernel, on)
    misuse.api.zeCommandListClose(on)
    misuse.context.free(gone)
    misuse.execute(on)
    misuse.caught("INVALID_ARGUMENT", "uses memory that was freed", misuse.synchronize)
    misuse.caught("INVALID_ARGUMENT", "not any more", misuse.api.zeMemFree, misuse.context.handle, gone)
    misuse.api.zeCommandListDestroy(on)


def test_other_memory_where_some_was_freed(misuse: Misuse) -> None:
    kernel, on = misuse.kernel(), misuse.new_list()
    kept, gone = misuse.context.allocate(SIZE), misuse.context.allocate(SIZE)
    misuse.set(kernel, kept, gone)
    misuse.launch(kernel, on)
    misuse.api.zeCommandListClose(on)
    misuse.context.free(gone)
    at_once = misuse.context.allocate(SIZE)
    misuse.execute(on)
    misuse.caught("INVALID_ARGUMENT", "uses memory that was freed", misuse.synchronize)
    misuse.api.zeCommandListDestroy(on)
    if at_once != gone:
        pytest.skip("the allocator did not give the freed memory's address again")


def test_copies_and_fills_beyond_an_allocation(misuse: Misuse) -> None:
    api, on = misuse.api, misuse.new_list()
    a, b = misuse.context.allocate(SIZE), misuse.context.allocate(SIZE)
    waits = (None, 0, None)
    copy, fill = api.zeCommandListAppendMemoryCopy, api.zeCommandListAppendMemoryFill
    misuse.caught("INVALID_ARGUMENT", "beyond the end", copy, on, a, b + 8, SIZE, *waits)
    misuse.caught("OVERLAPPING", "overlap", copy, on, a, a + 8, SIZE - 8, *waits)
    misuse.caught("INVALID_ARGUMENT", "not all in one allocation", fill, on, a + 4, b"\0", 1, SIZE, *waits)
    misuse.caught("INVALID_SIZE", "the pattern does not fit", fill, on, a, b"\0" * 4, 4, SIZE - 2, *waits)
    api.zeCommandListDestroy(on)


def test_a_kernel_that_writes_beside_its_buffer(misuse: Misuse) -> None:
    kernel, on = misuse.kernel(), misuse.new_list()
    source, target = misuse.context.allocate(2 * SIZE), misuse.context.allocate(SIZE)
    misuse.set(kernel, source, target)
    misuse.launch(kernel, on, groups=2)
    misuse.api.zeCommandListClose(on)
    misuse.execute(on)
    misuse.synchronize()
    misuse.caught("UNKNOWN", "something was written beside this memory", misuse.context.free, target)
    misuse.api.zeCommandListDestroy(on)


def test_events_that_are_not_balanced(misuse: Misuse) -> None:
    recording, api = misuse.context.record(), misuse.api
    recording.close()
    event = recording._event
    misuse.caught("SYNCHRONIZATION_OBJECT", "this wait has no end", api.zeEventHostSynchronize, event, 0)
    misuse.caught("SYNCHRONIZATION_OBJECT", "not signaled since its last reset", api.zeEventHostReset, event)
    recording.submit()
    misuse.caught("IN_USE", "still to signal it", api.zeEventDestroy, event)
    api.zeEventHostSynchronize(event, 0)
    misuse.caught("IN_USE", "nobody waited for the list's last submission", recording.submit)
    misuse.synchronize()
    # Without the reset that `wait` makes.
    recording.submit()
    misuse.caught("SYNCHRONIZATION_OBJECT", "not reset since it was signaled", misuse.synchronize)
    api.zeEventHostReset(event)


def test_a_queue_that_is_destroyed_before_it_was_waited_for(misuse: Misuse) -> None:
    on = misuse.new_list()
    misuse.api.zeCommandListClose(on)
    misuse.execute(on)
    misuse.caught("IN_USE", "nobody waited", misuse.api.zeCommandQueueDestroy, misuse.context.queue)
    misuse.synchronize()
    misuse.api.zeCommandListDestroy(on)


@pytest.mark.parametrize(("size", "alignment", "expected"), [(0, 64, "SIZE"), (SIZE, 48, "ALIGNMENT")])
def test_memory_that_cannot_be(misuse: Misuse, size: int, alignment: int, expected: str) -> None:
    # The validation layer catches some of it.
    with pytest.raises(CallError, match=f"UNSUPPORTED_{expected}"):
        misuse.api.zeMemAllocHost(
            misuse.context.handle, byref(structs.ze_host_mem_alloc_desc_t()), size, alignment, byref(c_void_p())
        )


def test_what_is_left_when_a_context_ends(misuse: Misuse) -> None:
    memory = misuse.context.allocate(SIZE)
    report = "the context still has 2 objects"
    misuse.caught("IN_USE", report, misuse.api.zeContextDestroy, misuse.context.handle)
    misuse.context.free(memory)


def test_commands_without_a_barrier_between_them_run_in_any_order(misuse: Misuse) -> None:
    results = []
    for ordered in (True, False):
        host, device = misuse.context.allocate_host(4), misuse.context.allocate(4)
        number = ctypes.c_float.from_address(host)
        number.value = 7.0
        recording = misuse.context.record()
        recording.fill(device, b"\0", 4)
        recording.barrier()
        recording.fill(device, b"\1", 4)
        if ordered:
            recording.barrier()
        recording.copy(host, device, 4)
        recording.close()
        recording.submit()
        # Not before somebody waits.
        assert number.value == 7.0
        recording.wait()
        results.append(number.value)
    assert results[0] != 0.0
    assert results[1] == 0.0
