# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a program image on a device."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from fanfold.backends.image.program import Function, Image
from fanfold.errors import CallError

from .kernels import Kernels
from .plan import Plan, Span, View
from .planner import make_plan
from .pool import Pool
from .prepared import Memory, Prepared
from .protocol import Context
from .resident import Parameters, Resident
from .shared import SharedBuffers

#: So many sets of shapes, and of addresses on the device, keep their recorded list and its memory.
KEPT = 8


@dataclass(frozen=True)
class Argument:
    """An input of a call, row-major.

    Attributes:
        address: Where it is.
        dtype: Its dtype, by torch's name.
        dims: Its shape.
        size: Its bytes.
        on_device: Whether kernels can be given this address.
        allocation: Then, the number of the memory that it is in, see :meth:`protocol.Context.allocation`. A recorded
            list holds on to that, not to the address alone.
    """

    address: int
    dtype: str
    dims: tuple[int, ...]
    size: int
    on_device: bool = False
    allocation: int = 0


#: Contexts of a process that this one was forked from.
_OF_PARENTS: list[Context] = []

#: Gets the number of a result, and what it is, and returns the address where its bytes are to be put.
Receive = Callable[[int, View], int]


class Executor:
    """A program on a device, ready to be called; by several threads too, one after the other.

    Its memory and its code go with it.

    Args:
        image: The program.
        context: The device, which is closed with the program.
        parameters: The program's weights.

    Raises:
        ArtifactError: If the device's compiler refuses its code, or a weight is missing.
        CallError: If the device has not enough memory, or what the program does at load fails.
        TargetError: If the device cannot run it.
    """

    def __init__(self, image: Image, context: Context, parameters: Parameters) -> None:
        self._image = image
        self._lock = threading.Lock()
        #: Gives back the device's memory; also when nobody has the program any more.
        self.close = weakref.finalize(self, _close, context, os.getpid())
        # The system frees all when the process ends, and drivers may be gone before.
        self.close.atexit = False
        try:
            device, host = Pool(context.allocate, context.free), Pool(context.allocate_host, context.free)
            self._memory = Memory(context, SharedBuffers(device), SharedBuffers(host))
            self._kernels = Kernels(image, context)
            self._resident = Resident(context, device, host, image.data, parameters)
            for number, function in enumerate(image.initializers):
                self._initialize(function, f"initializer {number}")
        except BaseException:
            self.close()
            raise
        self._prepared: OrderedDict[object, tuple[Plan, Prepared]] = OrderedDict()

    @property
    def memory(self) -> Memory:
        """Where its memory comes from."""
        return self._memory

    def call(self, arguments: Sequence[Argument], receive: Receive, *, to_host: bool = True) -> None:
        """Run the program and wait for it.

        Args:
            arguments: Its inputs.
            receive: Called for each result in order, when all are there.
            to_host: Whether results are received on the host, else on the device.

        Raises:
            CallError: If the inputs do not fit, or the device fails.
        """
        if len(arguments) != self._image.main.inputs:
            raise CallError(
                "the program is called with another number of inputs",
                stage="call",
                expected=str(self._image.main.inputs),
                found=str(len(arguments)),
            )
        key = (to_host, *((a.dtype, a.dims, (a.address, a.allocation) if a.on_device else None) for a in arguments))
        with self._lock:
            if not self.close.alive:
                raise CallError("the program was closed", stage="call")
            plan, prepared = self._prepare(key, arguments, to_host)
            try:
                prepared.run([argument.address for argument in arguments])
                self._hand_out(plan, prepared, receive, to_host)
            except BaseException:
                # It may still be running, or never run: it is not used again.
                del self._prepared[key]
                prepared.release()
                raise

    def _prepare(self, key: object, arguments: Sequence[Argument], to_host: bool) -> tuple[Plan, Prepared]:
        found = self._prepared.get(key)
        if found is not None:
            self._prepared.move_to_end(key)
            return found
        inputs = [(argument.dtype, argument.dims, argument.size) for argument in arguments]
        plan = make_plan(self._image, self._image.main, inputs, self._resident, "main")
        given = {
            block: arguments[block.input].address
            for block in plan.inputs
            if block.input is not None and arguments[block.input].on_device
        }
        while len(self._prepared) >= KEPT:
            self._forget_oldest()
        try:
            prepared = Prepared(plan, self._memory, self._kernels, given, to_host=to_host)
        except CallError:
            if not self._prepared:
                raise
            # Perhaps for lack of the memory that other shapes keep.
            while self._prepared:
                self._forget_oldest()
            prepared = Prepared(plan, self._memory, self._kernels, given, to_host=to_host)
        self._prepared[key] = plan, prepared
        return plan, prepared

    def _forget_oldest(self) -> None:
        _, (_, prepared) = self._prepared.popitem(last=False)
        prepared.release()
        for pool in (self._memory.device.pool, self._memory.host.pool):
            # Sizes that grow call by call would leave ten times of what they need, which no other program gets.
            if pool.idle_bytes > pool.used_bytes:
                pool.trim()

    def _hand_out(self, plan: Plan, prepared: Prepared, receive: Receive, to_host: bool) -> None:
        copies = []
        for number, (view, (source, size)) in enumerate(zip(plan.results, prepared.results, strict=True)):
            target = receive(number, view)
            if size:
                copies.append((target, source, size))
        if to_host:
            for target, source, size in copies:
                ctypes.memmove(target, source, size)
        elif copies:
            recording = self._memory.context.record()
            try:
                for target, source, size in copies:
                    recording.copy(target, source, size)
                recording.close()
                recording.submit()
                recording.wait()
            finally:
                recording.release()

    def _initialize(self, function: Function, name: str) -> None:
        plan = make_plan(self._image, function, (), self._resident, name)
        kept = {value.block for value in self._resident.globals.values() if isinstance(value, Span)}
        with ExitStack() as stack:
            for block in plan.blocks:
                block.address = self._memory.device.pool.take(block.size)
                if block not in kept:
                    stack.callback(self._memory.device.pool.give, block.address)
            if plan.commands:
                commands = Plan(commands=plan.commands)
                prepared = Prepared(commands, self._memory, self._kernels, {}, to_host=False)
                stack.callback(prepared.release)
                prepared.run(())


def _close(context: Context, process: int) -> None:
    """Close a context; not in a child of ``fork``, where the same handles would free the parent's memory."""
    if os.getpid() == process:
        context.close()
    else:
        _OF_PARENTS.append(context)
