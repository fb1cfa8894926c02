# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Recorded command lists in Level Zero: one list, and an event that its last command signals."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from ctypes import byref, c_uint32, c_uint64, c_void_p, sizeof
from typing import TYPE_CHECKING

from fanfold.errors import CallError

from . import ze_codes
from . import ze_structs as structs
from .protocol import Kernel
from .ze_module import LevelZeroKernel

if TYPE_CHECKING:
    from .ze_context import LevelZeroContext

#: Nanoseconds after which a wait looks whether Python was told to stop.
_PATIENCE = 200_000_000
_NO_WAITS = (None, 0, None)
FOREVER = 2**64 - 1


class LevelZeroRecording:
    """A list of commands, see :class:`protocol.Recording`.

    Args:
        context: The context.
    """

    def __init__(self, context: LevelZeroContext) -> None:
        from .ze_context import create

        self._context, api = context, context.api
        self._api = api
        with ExitStack() as stack:
            stack.callback(context.forget, self)
            pool = structs.ze_event_pool_desc_t(flags=structs.ZE_EVENT_POOL_FLAG_HOST_VISIBLE, count=1)
            devices = (c_void_p * 1)(context.device)
            pool_handle = create(api.zeEventPoolCreate, context.handle, pool, 1, devices)
            stack.callback(api.zeEventPoolDestroy, pool_handle)
            event = structs.ze_event_desc_t(
                signal=structs.ZE_EVENT_SCOPE_FLAG_HOST, wait=structs.ZE_EVENT_SCOPE_FLAG_HOST
            )
            self._event = create(api.zeEventCreate, pool_handle, event)
            stack.callback(api.zeEventDestroy, self._event)
            description = structs.ze_command_list_desc_t(commandQueueGroupOrdinal=context.group)
            self._list = create(api.zeCommandListCreate, context.handle, context.device, description)
            stack.callback(api.zeCommandListDestroy, self._list)
            self._stack = stack.pop_all()
        self._lists = (c_void_p * 1)(self._list)
        self._running = False

    def launch(
        self, kernel: Kernel, groups: tuple[int, int, int], addresses: Sequence[int], constants: Sequence[int]
    ) -> None:
        """Append a launch; the kernel's arguments are set anew, what was appended before keeps its own."""
        if not isinstance(kernel, LevelZeroKernel):
            raise TypeError(f"{kernel!r} is not a kernel of Level Zero")
        set_argument = self._api.zeKernelSetArgumentValue
        for index, address in enumerate(addresses):
            set_argument(kernel.handle, index, sizeof(c_void_p), byref(c_uint64(address)))
        for index, value in enumerate(constants, len(addresses)):
            set_argument(kernel.handle, index, sizeof(c_uint32), byref(c_uint32(value & 0xFFFFFFFF)))
        count = structs.ze_group_count_t(*groups)
        self._api.zeCommandListAppendLaunchKernel(self._list, kernel.handle, byref(count), *_NO_WAITS)

    def copy(self, target: int, source: int, size: int) -> None:
        """Append a copy of ``size`` bytes."""
        self._api.zeCommandListAppendMemoryCopy(self._list, target, source, size, *_NO_WAITS)

    def fill(self, target: int, pattern: bytes, size: int) -> None:
        """Append a fill of ``size`` bytes."""
        self._api.zeCommandListAppendMemoryFill(self._list, target, pattern, len(pattern), size, *_NO_WAITS)

    def barrier(self) -> None:
        """Let all that comes after wait for all before."""
        self._api.zeCommandListAppendBarrier(self._list, *_NO_WAITS)

    def close(self) -> None:
        """Signal the event after all commands, and end the list."""
        self._api.zeCommandListAppendBarrier(self._list, self._event, 0, None)
        self._api.zeCommandListClose(self._list)

    def submit(self) -> None:
        """Start it."""
        # First, or a list that runs would be taken for one that does not if Python were told to stop here.
        self._running = True
        self._api.zeCommandQueueExecuteCommandLists(self._context.queue, 1, self._lists, None)

    def wait(self) -> None:
        """Return when it is done."""
        synchronize = self._api.codes.zeEventHostSynchronize
        while (code := synchronize(self._event, _PATIENCE)) == ze_codes.NOT_READY:
            pass
        if code:
            raise CallError(f"zeEventHostSynchronize failed with {ze_codes.describe(code)}", stage="call")
        # The list itself signals the event: the device may still be in the list, which must not be submitted again, or
        # destroyed, before it has left.
        self._api.zeCommandQueueSynchronize(self._context.queue, FOREVER)
        self._api.zeEventHostReset(self._event)
        self._running = False

    def release(self) -> None:
        """Destroy the list and its event; if nobody waited for it, when it is done."""
        with ExitStack() as stack:
            stack.push(self._stack)
            if self._running:
                self._api.zeCommandQueueSynchronize(self._context.queue, FOREVER)
