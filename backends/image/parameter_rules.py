# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that bring weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .device_rules import fence_of
from .refusal import refuse
from .values import Computed, Constant, Known, Value
from .walk import Rule, Walk


def _segments(op: Any) -> list[list[Any]]:
    """Return the operands of an op that the bindings know no accessors of, each with its variadic mates."""
    operands = list(op.operation.operands)
    groups, at = [], 0
    for size in op.operation.attributes["operandSegmentSizes"]:
        groups.append(operands[at : at + size])
        at += size
    return groups


def _text(walk: Walk, value: Any, op: Any) -> str:
    found = walk[value]
    if not isinstance(found, Constant):
        raise refuse(op, "a weight's name is only known when the program runs")
    return found.content.decode()


def _weights(walk: Walk, op: Any, scope: list[Any], keys: list[Any], offsets: list[Any], sizes: Any) -> list[Computed]:
    name = _text(walk, scope[0], op) if scope else ""
    return [
        walk.builder.give("parameter", "buffer", walk.numbers([offset, size], op), scope=name, key=_text(walk, key, op))
        for key, offset, size in zip(keys, offsets, sizes, strict=True)
    ]


def _load(walk: Walk, op: Any) -> Sequence[Value]:
    _device, _affinity, wait, signal, scope, keys, offsets, _types, _usage, sizes = _segments(op)
    stretch = walk.builder.wait(fence_of(walk, wait[0], op), op)
    walk.builder.signal(fence_of(walk, signal[0], op), stretch)
    return _weights(walk, op, scope, keys, offsets, sizes)


def _gather(walk: Walk, op: Any) -> Sequence[Value]:
    _device, _affinity, wait, signal, scope, keys, offsets, target, target_offsets, sizes = _segments(op)
    walk.builder.order_after(walk.builder.wait(fence_of(walk, wait[0], op), op))
    zero = walk.builder.number(Known(0, 64), op)
    sources = _weights(walk, op, scope, keys, offsets, sizes)
    for source, offset, size in zip(sources, target_offsets, sizes, strict=True):
        walk.builder.command("copy", [source.number, zero, *walk.numbers([target[0], offset, size], op)])
    walk.builder.signal(fence_of(walk, signal[0], op))
    return []


RULES: dict[str, Rule] = {"io_parameters.load": _load, "io_parameters.gather": _gather}
