# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that record commands, and what a recorded command becomes when it is executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .builder import Builder
from .refusal import refuse
from .values import Commands, Constant, EntryPoint, Known, Value
from .walk import Rule, Walk

#: A buffer of a binding table: with its offset and length there.
Slot = tuple[Value, Value, Value]


def _record(walk: Walk, op: Any) -> Sequence[Value]:
    commands = walk[op.command_buffer]
    if not isinstance(commands, Commands):
        raise refuse(op, "which commands are recorded is only known when the program runs")
    operands = list(op.operation.operands)
    commands.recorded.append((op, dict(zip(operands, walk.several(operands), strict=True))))
    return []


def _nothing(_walk: Walk, _op: Any) -> Sequence[Value]:
    return []


def pattern_bytes(op: Any) -> int:
    """Return the width of the pattern of a fill, in bytes."""
    width = {"i8": 1, "i16": 2, "i32": 4}.get(str(op.pattern.type))
    if width is None:
        raise refuse(op, "memory is filled with patterns of 1, 2 or 4 bytes", found=str(op.pattern.type))
    return width


class Replay:
    """Writes recorded commands down.

    Args:
        walk: Whose program and function get them.
        table: The binding table, which stands for the buffers that were not known when recording.
    """

    def __init__(self, walk: Walk, table: Sequence[Slot] = ()) -> None:
        self._program = walk.program
        self._builder: Builder = walk.builder
        self._table = table
        self._operands: dict[Any, Value] = {}
        self._op: Any = None

    def run(self, commands: Commands) -> None:
        """Write all commands."""
        for op, operands in commands.recorded:
            self._op, self._operands = op, operands
            flags = op.operation.attributes.get("flags")
            if flags is not None and flags.value != 0:
                raise refuse(op, "a program has no commands with flags", found=str(flags))
            _COMMANDS[op.operation.name](self, op)

    def _number(self, value: Any) -> int:
        return self._builder.number(self._operands[value], self._op)

    def _span(self, buffer: Any, offset: Any) -> list[int]:
        """Return the numbers of a buffer and an offset in it; an index stands for a slot of the binding table."""
        found = self._operands[buffer]
        if str(buffer.type) != "index":
            return [self._builder.number(found, self._op), self._number(offset)]
        if not isinstance(found, Known) or not 0 <= found.value < len(self._table):
            raise refuse(self._op, "the binding table has no such slot", found=str(found))
        slot, base, _length = self._table[found.value]
        return [self._builder.number(slot, self._op), self._sum(base, self._operands[offset])]

    def _sum(self, base: Value, offset: Value) -> int:
        if base == Known(0, 64):
            return self._builder.number(offset, self._op)
        if isinstance(base, Known) and isinstance(offset, Known):
            return self._builder.number(Known(base.value + offset.value, 64), self._op)
        operands = [self._builder.number(value, self._op) for value in (base, offset)]
        return self._builder.give("arith", "integer", operands, width=64, op="addi", bits=64).number

    def dispatch(self, op: Any) -> None:
        """Write a dispatch."""
        entry = self._operands[op.entry_point]
        if not isinstance(entry, EntryPoint):
            raise refuse(op, "which kernel runs is only known when the program runs")
        constants = [self._number(value) for value in op.constants]
        operands = [self._number(value) for value in (op.workgroup_x, op.workgroup_y, op.workgroup_z)] + constants
        spans = list(zip(op.binding_buffers, op.binding_offsets, op.binding_lengths, strict=True))
        for buffer, offset, length in spans:
            operands += [*self._span(buffer, offset), self._number(length)]
        kernel = self._program.kernel_number(entry, len(spans), len(constants), op)
        self._builder.command("dispatch", operands, kernel=kernel, constants=len(constants))

    def fill(self, op: Any) -> None:
        """Write a fill."""
        width = pattern_bytes(op)
        operands = [*self._span(op.target_buffer, op.target_offset), self._number(op.length)]
        self._builder.command("fill", [*operands, self._number(op.pattern)], width=width)

    def copy(self, op: Any) -> None:
        """Write a copy."""
        source = self._span(op.source_buffer, op.source_offset)
        target = self._span(op.target_buffer, op.target_offset)
        self._builder.command("copy", [*source, *target, self._number(op.length)])

    def update(self, op: Any) -> None:
        """Write an update."""
        source, begin, length = (self._operands[v] for v in (op.source_buffer, op.source_offset, op.length))
        if not isinstance(source, Constant) or not isinstance(begin, Known) or not isinstance(length, Known):
            raise refuse(op, "only constants come from the host")
        operands = self._span(op.target_buffer, op.target_offset)
        data = self._program.data_number(source.content)
        self._builder.command("update", operands, data=data, begin=begin.value, bytes=length.value)

    def barrier(self, _op: Any) -> None:
        """Write a barrier; one orders everything, whatever stages it names."""
        self._builder.barrier()


_COMMANDS: dict[str, Callable[[Replay, Any], None]] = {
    "hal.command_buffer.dispatch": Replay.dispatch,
    "hal.command_buffer.fill_buffer": Replay.fill,
    "hal.command_buffer.copy_buffer": Replay.copy,
    "hal.command_buffer.update_buffer": Replay.update,
    "hal.command_buffer.execution_barrier": Replay.barrier,
}

RULES: dict[str, Rule] = {
    **dict.fromkeys(_COMMANDS, _record),
    "hal.command_buffer.finalize": _nothing,
    "hal.command_buffer.begin_debug_group": _nothing,
    "hal.command_buffer.end_debug_group": _nothing,
}
