# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that make buffers and views and look at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .refusal import refuse
from .values import TRUE, Constant, Dtype, Known, Value
from .walk import Rule, Walk


def _dtype(walk: Walk, value: Any, op: Any) -> str:
    found = walk[value]
    if not isinstance(found, Dtype):
        raise refuse(op, "the dtype is only known when the program runs")
    return found.name


def _dim(walk: Walk, op: Any) -> Sequence[Value]:
    axis = int(op.operation.attributes["index"].value)
    return [walk.builder.give("dim", "integer", walk.numbers([op.buffer_view], op), width=64, axis=axis)]


def _rank(walk: Walk, op: Any) -> Sequence[Value]:
    return [walk.builder.give("rank", "integer", walk.numbers([op.buffer_view], op), width=64)]


def _check(walk: Walk, op: Any) -> Sequence[Value]:
    operands = walk.numbers([op.buffer_view, *op.shape], op)
    name = op.operation.attributes["message"].value
    walk.builder.do("check", operands, dtype=_dtype(walk, op.element_type, op), name=name)
    return []


def _contents(walk: Walk, op: Any) -> Sequence[Value]:
    return [walk.builder.give("contents", "buffer", walk.numbers([op.buffer_view], op))]


def _view(walk: Walk, op: Any) -> Sequence[Value]:
    operands = walk.numbers([op.source_buffer, op.source_offset, op.source_length, *op.shape], op)
    return [walk.builder.give("view", "view", operands, dtype=_dtype(walk, op.element_type, op))]


def _allocate(walk: Walk, op: Any) -> Sequence[Value]:
    return [walk.builder.give("allocate", "buffer", walk.numbers([op.result_size], op))]


def _import(walk: Walk, op: Any) -> Sequence[Value]:
    """A constant is always where the device can read it, so IREE's other way to bring it there is not taken."""
    source = walk[op.source]
    if not isinstance(source, Constant):
        raise refuse(op, "only constants come from the host")
    begin, length = (walk.known(value, op, "which part it takes") for value in (op.offset, op.length))
    number = walk.program.data_number(source.content[begin : begin + length])
    return [TRUE, walk.builder.kept("data", "buffer", data=number)]


def _subspan(walk: Walk, op: Any) -> Sequence[Value]:
    operands = walk.numbers([op.source_buffer, op.source_offset, op.length], op)
    return [walk.builder.give("subspan", "buffer", operands)]


def _length(walk: Walk, op: Any) -> Sequence[Value]:
    return [walk.builder.give("size", "integer", walk.numbers([op.buffer], op), width=64)]


def _nothing(_walk: Walk, _op: Any) -> Sequence[Value]:
    return []


def _not_last(_walk: Walk, _op: Any) -> Sequence[Value]:
    # Whether nobody else has the buffer: IREE asks before it uses it again. The safe answer is no.
    return [Known(0, 1)]


RULES: dict[str, Rule] = {
    "hal.buffer_view.dim": _dim,
    "hal.buffer_view.rank": _rank,
    "hal.buffer_view.assert": _check,
    "hal.buffer_view.buffer": _contents,
    "hal.buffer_view.create": _view,
    "hal.allocator.allocate": _allocate,
    "hal.allocator.import": _import,
    "hal.buffer.subspan": _subspan,
    "hal.buffer.length": _length,
    # Of size, memory type and usage: the view's check says the size, and all memory here has every type and usage.
    "hal.buffer.assert": _nothing,
    "hal.buffer.allocation.is_terminal": _not_last,
    "hal.buffer.allocation.discard": _not_last,
    "hal.buffer.allocation.preserve": _nothing,
}
