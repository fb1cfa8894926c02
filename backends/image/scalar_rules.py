# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the ops do that compute integers, and those of control and globals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import integers
from .refusal import refuse
from .values import NULL, PAST, Computed, Constant, InGlobal, Known, Value
from .walk import Rule, Walk

_INDEX_BITS = 64


def width(type_: Any, op: Any) -> int:
    """Return the bits of an integer, index or float type."""
    text = str(type_)
    if text == "index":
        return _INDEX_BITS
    digits = text[text.rfind("f" if "f" in text else "i") + 1 :]
    bits = int(digits) if digits.isdigit() and text[0] in "ifb" else 0
    if bits not in integers.WIDTHS:
        raise refuse(op, "a program has no values of this type", found=text)
    return bits


def _bits(value: Value) -> int:
    return value.bits if isinstance(value, (Known, Computed, InGlobal)) else 0


def _constant(_walk: Walk, op: Any) -> Sequence[Value]:
    from iree.compiler import ir

    attribute = op.operation.attributes["value"]
    bits = width(op.operation.results[0].type, op)
    if isinstance(attribute, ir.FloatAttr):
        attribute = _as_integer(attribute, bits)
    if not isinstance(attribute, (ir.IntegerAttr, ir.BoolAttr)):
        raise refuse(op, "a program has no values of this type", found=str(attribute.type))
    return [Known(integers.wrap(int(attribute.value), bits), bits)]


def _as_integer(attribute: Any, bits: int) -> Any:
    from iree.compiler import ir

    from .constants import folded

    dense = folded(f"dense<{str(attribute).partition(' : ')[0]}> : tensor<1x{attribute.type}>", attribute.context)
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(bits, attribute.context), int(dense[0]))


def _arith(walk: Walk, op: Any) -> Sequence[Value]:
    name = op.operation.name.removeprefix("arith.")
    a, b = walk.several(op.operation.operands)
    bits = width(op.operation.results[0].type, op)
    if isinstance(a, Known) and isinstance(b, Known):
        try:
            return [Known(integers.arith(name, bits, a.value, b.value), bits)]
        except ZeroDivisionError:
            raise refuse(op, "it divides by zero", found=f"{a.value} and {b.value}") from None
    operands = walk.numbers(op.operation.operands, op)
    return [walk.builder.give("arith", "integer", operands, width=bits, op=name, bits=bits)]


def _compare(walk: Walk, op: Any) -> Sequence[Value]:
    predicate = integers.PREDICATES[int(op.operation.attributes["predicate"].value)]
    a, b = walk.several(op.operation.operands)
    bits = width(op.operation.operands[0].type, op)
    if isinstance(a, Known) and isinstance(b, Known):
        return [Known(integers.compare(predicate, bits, a.value, b.value), 1)]
    operands = walk.numbers(op.operation.operands, op)
    return [walk.builder.give("compare", "integer", operands, width=1, predicate=predicate, bits=bits)]


def _convert(walk: Walk, op: Any) -> Sequence[Value]:
    name = op.operation.name.removeprefix("arith.")
    value = walk[op.operation.operands[0]]
    bits, source = width(op.operation.results[0].type, op), width(op.operation.operands[0].type, op)
    if bits == source:
        return [value]
    if name.startswith("index_cast"):
        # An index has 64 bits here, so that this is one of the others.
        name = "trunci" if bits < source else "extui" if name == "index_castui" else "extsi"
    if isinstance(value, Known):
        return [Known(integers.convert(name, bits, source, value.value), bits)]
    operand = walk.builder.number(value, op)
    return [walk.builder.give("convert", "integer", [operand], width=bits, op=name, bits=bits, source=source)]


def _select(walk: Walk, op: Any) -> Sequence[Value]:
    condition, a, b = walk.several(op.operation.operands)
    if isinstance(condition, Known):
        return [a if condition.value else b]
    if a == b:
        return [a]
    kind = getattr(a, "kind", "integer")
    operands = walk.numbers(op.operation.operands, op)
    return [walk.builder.give("select", kind, operands, width=_bits(a))]


def _align(walk: Walk, op: Any) -> Sequence[Value]:
    value, to = walk.several(op.operation.operands)
    if isinstance(value, Known) and isinstance(to, Known):
        return [Known(integers.align(value.value, to.value), _INDEX_BITS)]
    operands = walk.numbers(op.operation.operands, op)
    return [walk.builder.give("align", "integer", operands, width=_INDEX_BITS)]


def _same(negated: bool) -> Rule:
    def rule(walk: Walk, op: Any) -> Sequence[Value]:
        a, b = walk.several(op.operation.operands)
        if isinstance(a, (Computed, InGlobal)) or isinstance(b, (Computed, InGlobal)):
            raise refuse(op, "whether two things are the same is only known when the program runs")
        return [Known(-int((a == b) != negated), 1)]

    return rule


def _null(_walk: Walk, op: Any) -> Sequence[Value]:
    return [PAST if str(op.operation.results[0].type) == "!hal.fence" else NULL]


def _check_ok(walk: Walk, op: Any) -> Sequence[Value]:
    status = walk.known(op.operation.operands[0], op, "the status")
    if status != 0:
        message = op.operation.attributes["message"].value if "message" in op.operation.attributes else "it fails"
        raise refuse(op, "the program would always fail here", found=message)
    return []


def _buffer_constant(_walk: Walk, op: Any) -> Sequence[Value]:
    from .constants import content

    return [Constant(content(op))]


def _through(walk: Walk, op: Any) -> Sequence[Value]:
    return walk.several(op.operation.operands)


def _load(walk: Walk, op: Any) -> Sequence[Value]:
    return [walk.load(op.operation.attributes["global"].value, op)]


def _store(walk: Walk, op: Any) -> Sequence[Value]:
    walk.store(walk[op.operation.operands[0]], op.operation.attributes["global"].value, op)
    return []


RULES: dict[str, Rule] = {
    "arith.constant": _constant,
    **{f"arith.{name}": _arith for name in integers.ARITH},
    **{f"arith.{name}": _convert for name in (*integers.CONVERSIONS, "index_cast", "index_castui")},
    "arith.cmpi": _compare,
    "arith.select": _select,
    # A float is its bits.
    "arith.bitcast": _through,
    "util.align": _align,
    "util.assume.int": _through,
    "util.optimization_barrier": _through,
    "util.cmp.eq": _same(negated=False),
    "util.cmp.ne": _same(negated=True),
    "util.null": _null,
    "util.status.check_ok": _check_ok,
    "util.buffer.constant": _buffer_constant,
    "util.global.load": _load,
    "util.global.store": _store,
}
