# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds a function of a program: numbers its values, keeps constants once, and puts barriers where fences were.

**Why fences can go.** In IREE's schedule a queue operation may start when the fence that it waits on is reached, and
reaches another when it ends. Steps run in the order of the schedule's ops. If each operation waits only on what ops
before it reach, then whenever an operation starts in this order, all that it waits for has been *issued*; a barrier
between the two makes it have *ended*. So the order of the ops with these barriers is one of the orders that the fences
allow. Operations that no fence orders may run in any order, so also in this one. An operation that waits on what is
reached later, or never, would wait for ever here: it is refused.

A barrier is needed only if commands were issued since the last one and one of those is waited for. What the host waits
for is ordered before all that comes after it, with fences or without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .program import GIVING, Function, Step
from .refusal import refuse
from .values import Computed, Fence, InGlobal, Known, Value

#: Steps that give a value and do nothing else: they go if nobody takes it.
PURE = GIVING - {"allocate"}

#: The stretch of what was done before the program began, or by the host.
PAST_STRETCH = -1


class Builder:
    """A function under construction.

    Args:
        inputs: How many views it takes.
    """

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        self._next = inputs
        self._steps: list[Step] = []
        self._kept: dict[tuple[object, ...], Computed] = {}
        self._stretch = 0
        self._issued = False
        self._reached: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._steps)

    def input(self, number: int) -> Computed:
        """Return an input."""
        return Computed(self, number, "view")

    def give(
        self, step: str, kind: str, operands: Sequence[int] = (), /, *, width: int = 0, **attributes: Any
    ) -> Computed:
        """Add a step with one result, an integer of `width` bits if it is one, and return it."""
        number, self._next = self._next, self._next + 1
        self._steps.append(Step(step, tuple(operands), (number,), attributes))
        return Computed(self, number, kind, width)

    def do(self, step: str, operands: Sequence[int] = (), /, **attributes: Any) -> None:
        """Add a step without results that is no command."""
        self._steps.append(Step(step, tuple(operands), (), attributes))

    def command(self, step: str, operands: Sequence[int], /, **attributes: Any) -> None:
        """Add a command, which may run beside others of the same stretch between barriers."""
        self._issued = True
        self.do(step, operands, **attributes)

    def barrier(self) -> None:
        """End the stretch, if there is anything in it."""
        if self._issued:
            self.do("barrier")
            self._issued = False
            self._stretch += 1

    def kept(self, step: str, kind: str, /, *, width: int = 0, **attributes: Any) -> Computed:
        """Return the result of a step without operands, which the function has once."""
        key = (step, *attributes.values())
        if key not in self._kept:
            self._kept[key] = self.give(step, kind, width=width, **attributes)
        return self._kept[key]

    def number(self, value: Value, op: Any) -> int:
        """Return the number that a value has in this function.

        Args:
            value: An integer, a buffer or a view.
            op: Who takes it, for an error.

        Raises:
            CompileError: If it has none here.
        """
        if isinstance(value, Known):
            bits = value.bits
            return self.kept("integer", "integer", width=bits, value=value.value, bits=bits).number
        if isinstance(value, InGlobal):
            return self.kept("load", value.kind, width=value.bits, name=value.name).number
        if isinstance(value, Computed):
            if value.builder is not self:
                raise refuse(op, "it takes a value that only exists while the program is loaded")
            return value.number
        raise refuse(op, "it takes a value that a program cannot have", found=type(value).__name__)

    def wait(self, fence: Fence, op: Any) -> int:
        """Return the last stretch that reaches the fence.

        Args:
            fence: What is waited on.
            op: Who waits, for an error.

        Raises:
            CompileError: If nothing before reaches it.
        """
        if any(point not in self._reached for point in fence.points):
            raise refuse(op, "it waits on what is signalled after it, or never")
        return max((self._reached[point] for point in fence.points), default=PAST_STRETCH)

    def order_after(self, stretch: int) -> None:
        """Order what comes after the commands of a stretch."""
        if stretch == self._stretch:
            self.barrier()

    def signal(self, fence: Fence, stretch: int | None = None) -> None:
        """Note that a fence is reached when the commands of a stretch are done; by default, those of this one."""
        for point in fence.points:
            self._reached[point] = self._stretch if stretch is None else stretch

    def finish(self, results: Iterable[int] = ()) -> Function:
        """Return the function without the values that nobody takes."""
        results = tuple(results)
        taken = set(results)
        steps = []
        at_end = True
        for step in reversed(self._steps):
            if step.name in PURE:
                if taken.isdisjoint(step.results):
                    continue
            elif step.name == "barrier" and at_end:
                # The end of a function waits for everything.
                continue
            elif step.name not in ("check", "store"):
                at_end = False
            taken.update(step.operands)
            steps.append(step)
        numbers = {number: number for number in range(self._inputs)}
        renumbered = []
        for step in reversed(steps):
            operands = tuple(numbers[number] for number in step.operands)
            for number in step.results:
                numbers[number] = len(numbers)
            renumbered.append(Step(step.name, operands, tuple(numbers[n] for n in step.results), step.attributes))
        return Function(self._inputs, tuple(renumbered), tuple(numbers[number] for number in results))
