# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that look for the device and load executables: there is one device, the one compiled for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .builder import PAST_STRETCH
from .refusal import refuse
from .values import DEVICE, PAST, TRUE, Commands, Dtype, EntryPoint, Fence, Handle, Known, Value
from .walk import Rule, Walk

_ALLOCATOR = Handle("allocator")
_DENSE = Known(0, 32)
_MASK = Known(0, 32)

#: What can be asked of the device: whether it is the one that the program was compiled for, and takes its code. It is.
_ANSWERED = ("hal.device.id", "hal.executable.format")


def _query(_walk: Walk, op: Any) -> Sequence[Value]:
    category = op.operation.attributes["category"].value
    if category not in _ANSWERED:
        key = f"{category} :: {op.operation.attributes['key'].value}"
        raise refuse(op, "a program cannot ask what the device is like", found=key)
    return [TRUE, TRUE]


def _get(walk: Walk, op: Any) -> Sequence[Value]:
    index = walk.known(op.index, op, "the device")
    return [DEVICE if index == 0 else Handle("null")]


def _executable(_walk: Walk, op: Any) -> Sequence[Value]:
    if len(op.constants):
        raise refuse(op, "a program cannot have executables with constants of their own")
    return [Handle("executable")]


def _function(_walk: Walk, op: Any) -> Sequence[Value]:
    symbols = op.operation.attributes["entry_point"].value
    return [EntryPoint(symbols[0], symbols[-1])]


def _element_type(_walk: Walk, op: Any) -> Sequence[Value]:
    return [Dtype(str(op.operation.attributes["type"].value))]


def _encoding_type(_walk: Walk, op: Any) -> Sequence[Value]:
    encoding = op.operation.attributes.get("encoding")
    if encoding is not None:
        raise refuse(op, "tensors are row-major here", found=str(encoding))
    return [_DENSE]


def _fence_create(_walk: Walk, _op: Any) -> Sequence[Value]:
    return [Fence.new()]


def _fence_join(walk: Walk, op: Any) -> Sequence[Value]:
    return [Fence(frozenset().union(*(fence_of(walk, fence, op).points for fence in op.operation.operands)))]


def fence_of(walk: Walk, value: Any, op: Any) -> Fence:
    """Return a fence that an op takes; none at all is one of the past."""
    fence = walk[value]
    if isinstance(fence, Handle):
        return PAST
    if not isinstance(fence, Fence):
        raise refuse(op, "a fence is only known when the program runs")
    return fence


def _await(walk: Walk, op: Any) -> Sequence[Value]:
    for fence in op.fences:
        walk.builder.order_after(walk.builder.wait(fence_of(walk, fence, op), op))
    return [Known(0, 32)]


def _signal(walk: Walk, op: Any) -> Sequence[Value]:
    # By the host, which is as far as here: what it waited for is ordered before all that comes.
    walk.builder.signal(fence_of(walk, op.fence, op), PAST_STRETCH)
    return []


def _given(value: Value) -> Rule:
    return lambda _walk, _op: [value]


RULES: dict[str, Rule] = {
    "hal.devices.count": _given(Known(1, 64)),
    "hal.devices.get": _get,
    "hal.device.query": _query,
    "hal.device.allocator": _given(_ALLOCATOR),
    "hal.executable.create": _executable,
    "hal.executable.lookup.function": _function,
    "hal.element_type": _element_type,
    "hal.encoding_type": _encoding_type,
    "hal.memory_type": _given(_MASK),
    "hal.buffer_usage": _given(_MASK),
    "hal.fence.create": _fence_create,
    "hal.fence.join": _fence_join,
    "hal.fence.await": _await,
    "hal.fence.signal": _signal,
    "hal.command_buffer.create": lambda _walk, _op: [Commands()],
}
