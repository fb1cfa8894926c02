# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The parts of a spelled-out quantisation: the conversion to 8 bits, the scaled value, the scale and its absmax."""

from dataclasses import dataclass, field
from math import inf

from torch_mlir import ir

from .fold_views import VIEWS
from .matching import (
    FLOATS,
    PRODUCTS,
    QUOTIENTS,
    clamped,
    core,
    narrowed,
    number,
    number_over,
    over_number,
    plus_number,
    squared,
    times_number,
    without_expansion,
    without_widening,
)
from .matching_absmax import Absmax, absmax_of
from .raising import require, required
from .torch_values import CASTS, constant_int, defining, known_tensor, made_by, torch_tensor

#: Through how many ops a refused scale is followed back to a reduction, to tell a dynamic scale from a given one.
DEPTH = 8

_EXTREMES = frozenset(f"torch.aten.{name}" for name in ("amax", "amin", "max", "max.dim", "linalg_vector_norm"))


@dataclass(frozen=True)
class Scaled:
    """``x / factor``, or ``x * factor``.

    Attributes:
        x: What is scaled.
        factor: A number or a tensor of one value, or one for each row.
        divides: Whether x is divided.
    """

    x: ir.Value
    factor: ir.Value
    divides: bool


def match_scaled(value: ir.Value) -> Scaled | None:
    """Match a quotient or a product with one factor, or one for each row, or any that is made of x."""
    quotient = made_by(value, *QUOTIENTS)
    if quotient is not None:
        x, factor = list(quotient.operands)[:2]
        return Scaled(x, factor, divides=True) if _is_factor(factor, x) or is_dynamic(factor, x) else None
    product = made_by(value, *PRODUCTS)
    if product is None:
        return None
    left, right = list(product.operands)[:2]
    for x, factor in ((left, right), (right, left)):
        if _is_factor(factor, x) or is_dynamic(factor, x):
            return Scaled(x, factor, divides=False)
    return None


def _is_factor(factor: ir.Value, x: ir.Value) -> bool:
    scaled, known = torch_tensor(x.type), torch_tensor(without_expansion(factor).type)
    if scaled is None:
        return False
    if known is None:
        return number(factor) is not None
    one = set(known.dims) <= {1} and len(known.dims) <= len(scaled.dims)
    return known.element in FLOATS and (one or known.dims == (*scaled.dims[:-1], 1))


@dataclass(frozen=True)
class Scale:
    """A dynamic scale, as `fanfold.quantize` makes it.

    Attributes:
        absmax: What it is made of.
        value: The value that the op's scales stand for: rounded and floored.
        views: Views between absmax and value, the first one first.
        form: ``divide``, ``reciprocal`` or ``multiplier``.
        bound: What absmax is mapped to.
        absmax_floor: Least absmax.
        scale_floor: Least scale.
        scale_type: Type that the quotient of absmax and bound is rounded to.
    """

    absmax: Absmax
    value: ir.Value
    views: tuple[ir.Operation, ...]
    form: str
    bound: float
    absmax_floor: float
    scale_floor: float
    scale_type: str


@dataclass
class _Trail:
    """Walks back through what changes no value, and remembers the views."""

    views: list[ir.Operation] = field(default_factory=list)

    def back(self, value: ir.Value) -> ir.Value:
        view = made_by(value, *VIEWS)
        if view is not None:
            self.views.insert(0, view)
            return self.back(view.operands[0])
        inner = without_widening(value)
        return value if inner == value else self.back(inner)


def read_scale(scaled: Scaled) -> Scale:
    """Read a dynamic scale backwards from where it is used, or refuse."""
    factor = core(without_expansion(core(scaled.factor)))
    if scaled.divides:
        return _quotient_scale(factor, "divide")
    inverse, twice = number_over(factor), times_number(factor)
    if inverse is None:
        product = twice is not None and number_over(core(twice[0])) is not None
        require(
            not product or twice is None,
            f"x is multiplied by {0.0 if twice is None else twice[1]:g} * (1 / absmax), which is how Python's quotient "
            "of a number and a tensor is rounded, twice; write x / (absmax / bound)",
        )
        op = defining(factor)
        name = "an argument" if op is None else op.name
        return required(None, f"x is multiplied by what {name} makes, not by 1 / scale or bound / absmax")
    element = known_tensor(factor).element
    top, below = inverse
    if top == 1.0:
        require(element == "f32", f"the reciprocal of the scale is rounded to {element}")
        return _quotient_scale(core(below), "reciprocal")
    trail = _Trail()
    absmax, floor = _floored_absmax(trail, trail.back(below))
    return Scale(absmax, factor, tuple(trail.views), "multiplier", top, floor, 0.0, element)


def _quotient_scale(value: ir.Value, form: str) -> Scale:
    trail = _Trail()
    scale, floor = value, 0.0
    limits = clamped(scale)
    if limits is not None:
        require(limits.high == inf, f"the scale is clamped to {limits.high:g} at most")
        scale, floor = trail.back(limits.value), max(limits.low, 0.0)
    rounding = narrowed(scale)
    if rounding is not None:
        scale = trail.back(rounding[0])
    kind = known_tensor(scale).element
    require(rounding is None or kind == "f32", f"the scale is computed in {kind} and rounded to another type")
    quotient, product = over_number(scale), times_number(scale)
    if quotient is None and product is not None:
        exact = product[1] > 0 and product[1].hex().startswith("0x1.0000000000000p")
        require(exact, f"absmax is multiplied by {product[1]:g}, which rounds otherwise than a division by the bound")
        quotient = product[0], 1.0 / product[1]
    require(plus_number(scale) is None, "a number is added to the scale; a floor is scale.clamp(min=...)")
    op = defining(scale)
    name = "an argument" if op is None else op.name
    numerator, bound = required(quotient, f"the scale is made by {name}, not as absmax / bound")
    absmax, absmax_floor = _floored_absmax(trail, trail.back(numerator))
    scale_type = kind if rounding is None else rounding[1]
    return Scale(absmax, value, tuple(trail.views), form, bound, absmax_floor, floor, scale_type)


def _floored_absmax(trail: _Trail, value: ir.Value) -> tuple[Absmax, float]:
    limits, floor = None, 0.0
    if absmax_of(value) is None:
        limits = clamped(value)
    if limits is not None:
        require(limits.high == inf, f"absmax is clamped to {limits.high:g} at most")
        value, floor = trail.back(limits.value), max(limits.low, 0.0)
    require(plus_number(value) is None, "a number is added to absmax; a floor is absmax.clamp(min=...)")
    chosen = made_by(value, "torch.aten.where.self")
    require(chosen is None, "absmax goes through torch.where; a floor is absmax.clamp(min=...)")
    rounding = narrowed(value)
    require(rounding is None, f"absmax is rounded to {'' if rounding is None else rounding[1]}")
    op = defining(value)
    name = "an argument" if op is None else op.name
    reason = f"the scale is made of what {name} makes, not of max |x| over the last dim or all"
    return required(absmax_of(value), reason), floor


def is_dynamic(factor: ir.Value, x: ir.Value, depth: int = DEPTH) -> bool:
    """Return whether a factor is made of a largest value of x, or of x before a rounding; else it is a given one."""
    op = defining(factor)
    if op is None or depth == 0 or not op.name.startswith("torch."):
        return False
    # The first of the sorted values is the largest one, when there is but one.
    largest = op.name in _EXTREMES or (op.name == "torch.aten.topk" and constant_int(op.operands[1]) == 1)
    if largest and _start(op.operands[0]) == _start(x):
        return True
    return any(is_dynamic(operand, x, depth - 1) for operand in op.operands)


def _start(value: ir.Value) -> ir.Value:
    """Return what magnitudes, squares, views and conversions of any kind were made of."""
    op, inner = made_by(value, "torch.aten.abs", "torch.aten.neg", *CASTS, *VIEWS), squared(value)
    if op is not None:
        inner = op.operands[0]
    return value if inner is None else _start(inner)
