# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plans with memory: a recorded list of commands that is submitted at each call with inputs of the same shapes."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from fanfold.errors import FanfoldError

from .kernels import Kernels
from .located import at
from .plan import Barrier, Block, Command, Copy, Fill, Launch, Plan, Span
from .protocol import Context, Recording
from .shared import Lease, SharedBuffers


@dataclass(frozen=True)
class Memory:
    """Where a program gets its memory.

    Attributes:
        context: The device.
        device: Memory of the device.
        host: Memory of the host that the device copies from and to.
    """

    context: Context
    device: SharedBuffers
    host: SharedBuffers


class Prepared:
    """A plan with its memory, which it keeps until it is released, and shares with the program's other plans.

    Args:
        plan: What to do.
        memory: Where its blocks come from.
        kernels: The program's kernels.
        given: The blocks of inputs that lie on the device, with their addresses. The others come from the host.
        to_host: Whether results are brought to the host.

    Raises:
        CallError: If there is not enough memory, or the device does not take a command.
    """

    def __init__(
        self, plan: Plan, memory: Memory, kernels: Kernels, given: Mapping[Block, int], *, to_host: bool
    ) -> None:
        self._kernels = kernels
        self._addresses = dict(given)
        #: Where each input of the host is to be put, by its number, with its size.
        self.staged_inputs: list[tuple[int, int, int]] = []
        #: Where each result is, on the host or the device, with its size.
        self.results: list[tuple[int, int]] = []
        with ExitStack() as stack:
            self._device, self._host = Lease(memory.device), Lease(memory.host)
            stack.callback(self._device.release)
            stack.callback(self._host.release)
            for block in plan.blocks:
                self._addresses[block] = self._device.take(block.size)
            self._recording = memory.context.record()
            stack.callback(self._recording.release)
            self._record_inputs(plan)
            for command in plan.commands:
                self._append(self._recording, command)
            self._record_results(plan, to_host)
            self._recording.close()
            self._stack = stack.pop_all()

    def _record_inputs(self, plan: Plan) -> None:
        for block in plan.inputs:
            if block in self._addresses:
                continue
            self._addresses[block] = self._device.take(block.size)
            if block.size and block.input is not None:
                staging = self._host.take(block.size)
                self._recording.copy(self._addresses[block], staging, block.size)
                self.staged_inputs.append((block.input, staging, block.size))
        if self.staged_inputs:
            self._recording.barrier()

    def _record_results(self, plan: Plan, to_host: bool) -> None:
        sources = [self._address(result.span) for result in plan.results]
        if not to_host:
            self.results = [(source, result.span.size) for source, result in zip(sources, plan.results, strict=True)]
            return
        self._recording.barrier()
        for source, result in zip(sources, plan.results, strict=True):
            size = result.span.size
            staging = self._host.take(size)
            if size:
                self._recording.copy(staging, source, size)
            self.results.append((staging, size))

    def run(self, inputs: Sequence[int]) -> None:
        """Run it, and return when it is done.

        Args:
            inputs: The address of each input.

        Raises:
            CallError: If the device fails.
        """
        for number, staging, size in self.staged_inputs:
            ctypes.memmove(staging, inputs[number], size)
        self._recording.submit()
        self._recording.wait()

    def release(self) -> None:
        """Give the memory back."""
        self._stack.close()

    def _address(self, span: Span) -> int:
        block = span.block
        base = block.address if block.address is not None else self._addresses[block]
        return base + span.offset

    def _append(self, recording: Recording, command: Command) -> None:
        match command:
            case Launch():
                addresses = [self._address(span) for span in command.spans]
                kernel = self._kernels[command.kernel]
                try:
                    recording.launch(kernel, command.groups, addresses, command.constants)
                except FanfoldError as error:
                    raise at(error, f"step {command.step}, dispatch {kernel.name}") from error
            case Copy():
                recording.copy(self._address(command.target), self._address(command.source), command.target.size)
            case Fill():
                recording.fill(self._address(command.target), command.pattern, command.target.size)
            case Barrier():
                recording.barrier()
