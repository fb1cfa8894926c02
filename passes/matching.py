# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reading arithmetic in the `torch` dialect by meaning: the same formula has many spellings.

Each function asks one question of a value, backwards: what was it made of? Two rules hold for all. A view changes no
element and not their order, and a conversion to f32 is exact, so both may stand anywhere in between (`core`). Whatever
rounds is never looked through: the callers say which roundings they can keep.
"""

from dataclasses import dataclass
from math import inf, isnan

from torch_mlir import ir

from .constants import has_numbers, rounded_to
from .fold_views import VIEWS
from .torch_values import (
    CASTS,
    constant_float,
    constant_int,
    constant_splat,
    made_by,
    torch_tensor,
)

#: Float types of rows.
NARROW = ("bf16", "f16")
FLOATS = (*NARROW, "f32")

PRODUCTS = ("torch.aten.mul.Tensor", "torch.aten.mul.Scalar")
QUOTIENTS = ("torch.aten.div.Tensor", "torch.aten.div.Scalar")
EXPANSIONS = ("torch.aten.expand", "torch.aten.broadcast_to", "torch.aten.expand_as")


def without_views(value: ir.Value) -> ir.Value:
    """Return the value at the start of a chain of views."""
    view = made_by(value, *VIEWS)
    return value if view is None else without_views(view.operands[0])


def without_widening(value: ir.Value) -> ir.Value:
    """Return what exact conversions to f32 were made of, or the value itself."""
    cast = made_by(value, *CASTS)
    if cast is None:
        return value
    source, result = torch_tensor(cast.operands[0].type), torch_tensor(value.type)
    if source is None or result is None or source.element not in FLOATS:
        return value
    return without_widening(cast.operands[0]) if result.element in ("f32", source.element) else value


def core(value: ir.Value) -> ir.Value:
    """Return what views and exact conversions were made of."""
    inner = without_widening(without_views(value))
    return value if inner == value else core(inner)


def same_shape(value: ir.Value, other: ir.Value) -> bool:
    """Return whether two values of equally many elements have the same shape; with two unknown dims nobody can tell."""
    known, kind = torch_tensor(value.type), torch_tensor(other.type)
    return known is not None and kind is not None and known.dims == kind.dims and known.dims.count(None) <= 1


def exact_source(value: ir.Value) -> ir.Value:
    """Return what exact conversions, and views that change no shape, were made of."""
    inner = without_widening(value)
    start = core(value)
    return start if same_shape(start, value) else inner


def narrowed(value: ir.Value) -> tuple[ir.Value, str] | None:
    """Return source and element type if `value` is a rounding to bf16 or f16, else None."""
    cast = made_by(value, *CASTS)
    if cast is None:
        return None
    source, result = torch_tensor(cast.operands[0].type), torch_tensor(value.type)
    if source is None or result is None or source.element not in FLOATS or result.element not in NARROW:
        return None
    return None if source.element == result.element else (cast.operands[0], result.element)


def without_expansion(value: ir.Value) -> ir.Value:
    """Return a tensor with one value a row, or a vector that all rows share, from before it was repeated."""
    expansion = made_by(value, *EXPANSIONS)
    if expansion is None:
        return value
    source, result = torch_tensor(expansion.operands[0].type), torch_tensor(value.type)
    if source is None or result is None:
        return value
    per_row = len(source.dims) == len(result.dims) and source.dims[:-1] == result.dims[:-1] and source.dims[-1] == 1
    shared = bool(source.dims) and source.dims[-1] == result.dims[-1] and set(source.dims[:-1]) <= {1}
    return expansion.operands[0] if per_row or shared else value


def number(value: ir.Value) -> float | None:
    """Return the number that a scalar, or each element of a tensor, is known to be, else None."""
    found = constant_float(value)
    if found is not None:
        return found
    inner = core(value)
    # The place of the number among the operands.
    places = {"torch.aten.scalar_tensor": 0, "torch.aten.full_like": 1, "torch.aten.full": 1}
    filled = made_by(inner, *places)
    if filled is not None:
        known, found = torch_tensor(inner.type), constant_float(filled.operands[places[filled.name]])
        if known is None or found is None or not has_numbers(known.element):
            return None
        return rounded_to(found, known.element)
    negated = made_by(inner, "torch.aten.neg")
    if negated is not None:
        found = number(negated.operands[0])
        return None if found is None else -found
    return constant_splat(inner)


def plus_number(value: ir.Value) -> tuple[ir.Value, float] | None:
    """Return x and c if `value` is x + c, in either order."""
    op = made_by(value, "torch.aten.add.Scalar", "torch.aten.add.Tensor")
    if op is None or constant_int(op.operands[2]) != 1:
        return None
    return _with_number(op)


def times_number(value: ir.Value) -> tuple[ir.Value, float] | None:
    """Return x and c if `value` is x * c, in either order."""
    op = made_by(value, *PRODUCTS)
    return None if op is None else _with_number(op)


def over_number(value: ir.Value) -> tuple[ir.Value, float] | None:
    """Return x and c if `value` is x / c."""
    op = made_by(value, *QUOTIENTS)
    found = None if op is None else number(op.operands[1])
    return None if op is None or found is None or not _same_dims(op.operands[0], value) else (op.operands[0], found)


def number_over(value: ir.Value) -> tuple[float, ir.Value] | None:
    """Return c and x if `value` is the one rounding of c / x; ``c / x`` of Python is a product with the reciprocal."""
    op = made_by(value, "torch.aten.reciprocal", "torch.aten.div.Tensor")
    if op is not None and op.name == "torch.aten.reciprocal":
        return 1.0, op.operands[0]
    if op is not None:
        found = number(op.operands[0])
        return None if found is None or not _same_dims(op.operands[1], value) else (found, op.operands[1])
    product = times_number(value)
    return number_over(product[0]) if product is not None and product[1] == 1.0 else None


def _with_number(op: ir.Operation) -> tuple[ir.Value, float] | None:
    left, right = list(op.operands)[:2]
    for value, other in ((left, right), (right, left)):
        found = number(other)
        # A tensor of numbers may also repeat the other operand.
        if found is not None and _same_dims(value, op.results[0]):
            return value, found
    return None


def _same_dims(value: ir.Value, other: ir.Value) -> bool:
    known, result = torch_tensor(value.type), torch_tensor(other.type)
    return known is not None and result is not None and known.dims == result.dims


def squared(value: ir.Value) -> ir.Value | None:
    """Return x if `value` is x squared, spelled in any way, else None."""
    power = made_by(value, "torch.aten.pow.Tensor_Scalar")
    if power is not None:
        return power.operands[0] if constant_float(power.operands[1]) == 2.0 else None
    product = made_by(value, "torch.aten.mul.Tensor")
    if product is not None:
        left, right = product.operands
        # Views of one tensor may broadcast to an outer product, which is no square.
        return left if core(left) == core(right) and left.type == right.type else None
    square = made_by(value, "torch.aten.square")
    return square.operands[0] if square is not None else None


@dataclass(frozen=True)
class Clamped:
    """A value within numbers: ``min(max(value, low), high)``, with NaN as it was.

    Attributes:
        value: What is clamped.
        low: Lower end, rounded as eager does to the value's type; -inf is none.
        high: Upper end; inf is none.
    """

    value: ir.Value
    low: float
    high: float


def clamped(value: ir.Value) -> Clamped | None:
    """Match one clamp to numbers: ``clamp``, ``minimum`` or ``maximum``."""
    known = torch_tensor(value.type)
    if known is None or not has_numbers(known.element):
        return None
    op = made_by(value, "torch.aten.clamp", "torch.aten.clamp_min", "torch.aten.clamp_max")
    if op is not None:
        low, high = {
            "torch.aten.clamp": (1, 2),
            "torch.aten.clamp_min": (1, None),
            "torch.aten.clamp_max": (None, 1),
        }[op.name]
        ends = [constant_float(op.operands[i]) if i is not None else None for i in (low, high)]
        given = [i is not None and made_by(op.operands[i], "torch.constant.none") is None for i in (low, high)]
        # An end of NaN makes everything NaN.
        if any(g and (e is None or isnan(e)) for g, e in zip(given, ends, strict=True)):
            return None
        lower, upper = (-inf if ends[0] is None else ends[0], inf if ends[1] is None else ends[1])
        return Clamped(op.operands[0], rounded_to(lower, known.element), rounded_to(upper, known.element))
    op = made_by(value, "torch.aten.minimum", "torch.aten.maximum")
    found = None if op is None else _with_number(op)
    if op is None or found is None or isnan(found[1]):
        return None
    inner, end = found[0], rounded_to(found[1], known.element)
    return Clamped(inner, end, inf) if op.name.endswith("maximum") else Clamped(inner, -inf, end)
