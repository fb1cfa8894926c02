# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that give the device work: each waits on a fence and reaches another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .command_rules import Replay, pattern_bytes
from .device_rules import fence_of
from .refusal import refuse
from .values import Commands, Constant, Value
from .walk import Rule, Walk

#: What is done when everything waited for is done.
Work = Callable[[Walk, Any], Sequence[Value]]


def _after_fences(work: Work) -> Rule:
    """Return the rule of an op whose commands come after those that it waits for."""

    def rule(walk: Walk, op: Any) -> Sequence[Value]:
        walk.builder.order_after(walk.builder.wait(fence_of(walk, op.wait_fence, op), op))
        results = work(walk, op)
        walk.builder.signal(fence_of(walk, op.signal_fence, op))
        return results

    return rule


def _no_work(walk: Walk, op: Any) -> Sequence[Value]:
    """A step between two fences: what waits on the second waits for what reaches the first."""
    _forward(walk, op, walk.builder.wait(fence_of(walk, op.wait_fence, op), op))
    return []


def _alloca(walk: Walk, op: Any) -> Sequence[Value]:
    # The memory of a released buffer is free when all before the release is done, so that an allocation need not wait.
    _forward(walk, op, walk.builder.wait(fence_of(walk, op.wait_fence, op), op))
    return [walk.builder.give("allocate", "buffer", walk.numbers([op.result_size], op))]


def _forward(walk: Walk, op: Any, stretch: int) -> None:
    walk.builder.signal(fence_of(walk, op.signal_fence, op), stretch)


def _dealloca(walk: Walk, op: Any) -> Sequence[Value]:
    walk.builder.do("release", walk.numbers([op.buffer], op))
    return []


def _execute(walk: Walk, op: Any) -> Sequence[Value]:
    Replay(walk).run(_commands(walk, op))
    return []


def _execute_indirect(walk: Walk, op: Any) -> Sequence[Value]:
    columns = (op.binding_buffers, op.binding_offsets, op.binding_lengths)
    table = list(zip(*(walk.several(column) for column in columns), strict=True))
    Replay(walk, table).run(_commands(walk, op))
    return []


def _commands(walk: Walk, op: Any) -> Commands:
    commands = walk[op.command_buffer]
    if not isinstance(commands, Commands):
        raise refuse(op, "which commands are executed is only known when the program runs")
    return commands


def _fill(walk: Walk, op: Any) -> Sequence[Value]:
    operands = walk.numbers([op.target_buffer, op.target_offset, op.length, op.pattern], op)
    walk.builder.command("fill", operands, width=pattern_bytes(op))
    return []


def _copy(walk: Walk, op: Any) -> Sequence[Value]:
    operands = [op.source_buffer, op.source_offset, op.target_buffer, op.target_offset, op.length]
    walk.builder.command("copy", walk.numbers(operands, op))
    return []


def _update(walk: Walk, op: Any) -> Sequence[Value]:
    source = walk[op.source_buffer]
    if not isinstance(source, Constant):
        raise refuse(op, "only constants come from the host")
    begin, length = (walk.known(value, op, "which part it takes") for value in (op.source_offset, op.length))
    operands = walk.numbers([op.target_buffer, op.target_offset], op)
    data = walk.program.data_number(source.content)
    walk.builder.command("update", operands, data=data, begin=begin, bytes=length)
    return []


RULES: dict[str, Rule] = {
    "hal.device.queue.alloca": _alloca,
    "hal.device.queue.dealloca": _after_fences(_dealloca),
    "hal.device.queue.barrier": _no_work,
    "hal.device.queue.execute": _after_fences(_execute),
    "hal.device.queue.execute.indirect": _after_fences(_execute_indirect),
    "hal.device.queue.fill": _after_fences(_fill),
    "hal.device.queue.copy": _after_fences(_copy),
    "hal.device.queue.update": _after_fences(_update),
    "hal.device.queue.flush": lambda _walk, _op: [],
}
