# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise quantisation in plain torch ops, with a scale for each row or the whole tensor, or a given one.

Before (casts, views, and the order of clamp and rounding may differ)::

    %a = torch.aten.abs %x
    %m = torch.aten.amax %a, [-1], keepdim = true             // or max, a norm, the larger of amax and -amin
    %f = torch.aten.clamp %m, %float1e-12, %none              // or none, or one of the scale
    %s = torch.aten.div.Scalar %f, %float448
    %v = torch.aten.div.Tensor %x, %s                         // or the product with the reciprocal
    %c = torch.aten.clamp %v, %float-448, %float448
    %q = torch.prims.convert_element_type %c, %int24

After::

    %q, %s = "fanfold.quantize"(%rows) {granularity = "token", bound = 448.0, absmax_floor = ..., form = "divide",
             scale_type = bf16, quotient_type = bf16, ...}

Groups are rows here: a model that quantises by group reshapes to ``[..., groups, group]`` and quantises the rows of
that. The scale lives on in its own type and shape. A conversion that is not raised gets the predicate that failed.
"""

from dataclasses import dataclass
from functools import partial
from math import inf
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.quantize import LARGEST_FINITE, LARGEST_FLOOR, LEAST_BOUND

from .base import PassState
from .casts import as_f32
from .constants import rounded_to
from .kernel.float8 import represents
from .matching import (
    EXPANSIONS,
    FLOATS,
    core,
    exact_source,
    number,
    number_over,
    without_expansion,
    without_views,
    without_widening,
)
from .matching_absmax import Absmax
from .matching_conversions import Conversion, read_conversion, require_order
from .matching_scales import Scale, Scaled, is_dynamic, match_scaled, read_scale
from .raising import Raiser, raise_all, require, row_tensor
from .row_form import from_rows, to_rows
from .scale_values import constant_f32, hand_over, hoisted, like_absmax, position_of, reapplied, twins
from .torch_values import CASTS, TorchTensor, known_tensor, made_by, torch_tensor, users

NAME = "quantize (spelled out)"

#: Smallest normal number of each type that a scale can have: below it, quotients lose bits.
SMALLEST_NORMAL = {"f32": 2.0**-126, "bf16": 2.0**-126, "f16": 2.0**-14}

#: Largest relative error of a rounding to each type.
UNIT = {"f32": 2.0**-24, "bf16": 2.0**-8, "f16": 2.0**-11}


@dataclass(frozen=True)
class RaiseSpelledQuantize:
    """The pass `raise-spelled-quantize`."""

    name: ClassVar[str] = "raise-spelled-quantize"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every conversion to fp8, and every rounded one to int8."""
        scales: list[_Scales] = []
        count = raise_all(module, state, {NAME: partial(_raise, scales)}, _key)
        # Until the end, other conversions by the same scale see what it is made of.
        for made in scales:
            for value in made.values:
                with module.context, value.owner.location:
                    hand_over(value, made.lives_on)
        return count


@dataclass(frozen=True)
class _Scales:
    """Equal scales of the model, and the op's scales that replace them."""

    values: list[ir.Value]
    lives_on: ir.Value


def _key(op: ir.Operation) -> str | None:
    if op.name not in CASTS or not users(op.results[0]):
        return None
    source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
    if source is None or result is None or source.element not in FLOATS or result.element not in LARGEST_FINITE:
        return None
    # A float becomes an int8 in many other ways.
    return NAME if result.element != "i8" or read_conversion(op).rounds else None


def _raise(scales: list[_Scales], r: Raiser) -> None:
    conversion = read_conversion(r.source)
    scaled = match_scaled(conversion.scaled)
    if _element(r) != "i8":
        require(not conversion.rounds, "the value is rounded to integers before its conversion to fp8")
    require_order(conversion)
    if scaled is not None and is_dynamic(scaled.factor, scaled.x):
        scales.append(_raise_dynamic(r, conversion, scaled))
    else:
        _raise_static(r, conversion, scaled)


def _element(r: Raiser) -> str:
    return known_tensor(r.source.results[0]).element


def _quotient_type(conversion: Conversion) -> str:
    element, narrow = known_tensor(conversion.scaled).element, conversion.narrow
    require(narrow is None or element == "f32", f"the scaled value is rounded to {element} and then to {narrow}")
    return narrow or element


def _raise_static(r: Raiser, conversion: Conversion, scaled: Scaled | None) -> None:
    element = _element(r)
    low, high, largest = conversion.low, conversion.high, LARGEST_FINITE[element]
    fate = "is not saturated" if element == "i8" else "becomes NaN or infinite"
    require(high <= largest, f"there is no clamp to {largest:g} or less: what is above {fate}")
    same = low == -high or (element == "i8" and low == -high - 1)
    require(high >= LEAST_BOUND and same, f"the value is clamped to {low:g} and {high:g}, not to the same magnitude")
    # A factor for each row that is made elsewhere stays outside, and so does a product that scales nothing.
    inside = scaled if scaled is not None and _is_single(scaled.factor) else None
    x = exact_source(conversion.scaled if inside is None else inside.x)
    row_tensor(x, "x")
    form, factor = ("multiplier", None) if inside is None else _static_form(inside)
    scale = constant_f32(1.0) if factor is None else _as_f32(factor)
    q, _ = r.quantize(
        to_rows(x),
        element,
        granularity="tensor",
        bound=high,
        form=form,
        quotient_type=(conversion.narrow or "f32") if inside is None else _quotient_type(conversion),
        scale=scale,
        low=low,
    )
    _replace(r, conversion, q, x)


def _is_single(factor: ir.Value) -> bool:
    known = torch_tensor(factor.type)
    return known is None or set(known.dims) <= {1}


def _static_form(scaled: Scaled) -> tuple[str, ir.Value]:
    if scaled.divides:
        return "divide", scaled.factor
    inverse = number_over(core(scaled.factor)) if torch_tensor(scaled.factor.type) is not None else None
    exact = inverse is not None and known_tensor(core(scaled.factor)).element == "f32"
    if inverse is not None and exact and inverse[0] == 1.0 and _is_single(inverse[1]):
        return "reciprocal", inverse[1]
    return "multiplier", scaled.factor


def _as_f32(factor: ir.Value) -> ir.Value:
    """Return a number or a tensor of one float as a torch tensor of one f32."""
    known = torch_tensor(factor.type)
    if known is None:
        return constant_f32(number(factor) or 0.0)
    source = core(factor)
    inner = source if _is_single(source) else factor
    return as_f32(inner)


def _raise_dynamic(r: Raiser, conversion: Conversion, scaled: Scaled) -> _Scales:
    element = _element(r)
    scale = read_scale(scaled)
    absmax = scale.absmax
    require(
        core(absmax.source) == core(scaled.x),
        "the scale is made of the magnitudes of another value than is scaled",
    )
    x = exact_source(scaled.x)
    known = row_tensor(x, "x")
    granularity = _granularity(absmax, scaled, known)
    low = _lowest(conversion, scale, element)
    dims = known_tensor(conversion.scaled).dims
    require(dims == known.dims, f"x is {x.type}, and with the dims of the scale it becomes {conversion.scaled.type}")
    values = twins(scale.value)
    first = min((value.owner.operation for value in values), key=position_of)
    grouped = granularity == "group"
    rows = x if grouped and hoisted(x, first) else _rows_before(first, x, absmax)
    require(not grouped or rows == x, "x is computed after its scale is made")
    with ir.InsertionPoint(first):
        q, scales = r.quantize(
            to_rows(rows),
            element,
            granularity=granularity,
            group_size=known_tensor(absmax.reduced).dims[-1] if grouped else None,
            bound=scale.bound,
            absmax_floor=scale.absmax_floor,
            scale_floor=scale.scale_floor,
            form=scale.form,
            scale_type=scale.scale_type,
            quotient_type=_quotient_type(conversion),
            low=low,
        )
        lives_on = reapplied(scale.views, like_absmax(scales, absmax, x if grouped else None))
    _replace(r, conversion, q, x)
    return _Scales(values, lives_on)


def _granularity(absmax: Absmax, scaled: Scaled, x: TorchTensor) -> str:
    """Return who shares a scale: a group, a row, or the whole tensor, which is the same for one row."""
    reduced, factor = known_tensor(absmax.reduced), known_tensor(without_expansion(scaled.factor))
    one_row = set(x.dims[:-1]) <= {1}
    whole = absmax.whole or len(reduced.dims) == 1
    if whole and not one_row:
        return "tensor"
    if factor.dims == x.dims and _repeats_groups(scaled.factor, absmax, x):
        return "group"
    require(
        whole or reduced.dims[-1] == x.dims[-1],
        f"absmax is that of rows of {reduced.dims[-1]} values, and rows of {x.dims[-1]} are scaled",
    )
    per_row = factor.dims == (*x.dims[:-1], 1) or (one_row and set(factor.dims) <= {1})
    require(per_row, f"the scale is {factor.vtensor()}, which is not one value for each row of {x.vtensor()}")
    return "token"


def _repeats_groups(factor: ir.Value, absmax: Absmax, x: TorchTensor) -> bool:
    """Return whether a factor in the shape of x repeats one value for each group of which there is an absmax."""
    repeated = without_views(factor)
    if made_by(repeated, *EXPANSIONS) is None or without_expansion(repeated) == repeated:
        return False
    one, reduced = known_tensor(without_expansion(repeated)), known_tensor(absmax.reduced).dims
    width, group = x.dims[-1], reduced[-1]
    if not width or not group or width % group or reduced[:-1] != (*x.dims[:-1], width // group):
        return False
    return one.dims == (*reduced[:-1], 1) and known_tensor(repeated).dims == reduced


def _lowest(conversion: Conversion, scale: Scale, element: str) -> float:
    """Return the lower end of the range, or refuse one that is not the op's own and that values can go beyond."""
    bound, largest = scale.bound, LARGEST_FINITE[element]
    require(LEAST_BOUND <= bound <= largest, f"absmax is mapped to {bound:g}; {element} reaches {largest:g}")
    for name, floor in (("absmax", scale.absmax_floor), ("the scale", scale.scale_floor)):
        require(floor <= LARGEST_FLOOR, f"{name} is {floor:g} at least, which is no number of f32")
    low, high = conversion.low, conversion.high
    if (low, high) == (-bound, bound) or (element == "i8" and (low, high) == (-bound - 1, bound)):
        return low
    require(
        low <= -bound and high >= bound,
        f"the value is clamped to {low:g} and {high:g}, and absmax is mapped to {bound:g}",
    )
    limits = "no clamp" if (low, high) == (-inf, inf) else f"a clamp to {low:g} and {high:g}"
    require(represents(element, bound), f"there is {limits}, and {element} does not have {bound:g}")
    types = f"a scale in {scale.scale_type} and a quotient in {_quotient_type(conversion)}"
    require(
        element != "i8" or not _overshoots(bound, scale.scale_type, _quotient_type(conversion)),
        f"there is {limits}, and {types} can round to more than {bound:g}; clamp to -{bound:g} and {bound:g}",
    )
    # Fanfold saturates at the bound: the same where rounding alone leads beyond it, so for every scale with full bits.
    if scale.form == "multiplier":
        safe = scale.scale_type == "f32" and scale.absmax_floor > bound * 2.0**-126
    else:
        safe = max(scale.absmax_floor / bound, scale.scale_floor) >= SMALLEST_NORMAL[scale.scale_type]
    require(
        safe,
        f"there is {limits}, and no floor keeps the scales of tiny rows accurate: their values exceed {bound:g}; "
        f"clamp to -{bound:g} and {bound:g}, or absmax to a least value",
    )
    return -bound


def _overshoots(bound: float, scale_type: str, quotient_type: str) -> bool:
    """Return whether the value that the scale was made of can be rounded to an integer above the bound."""
    # A scale is off by one unit of its rounding; quotients and reciprocals in f32 add a few of theirs.
    largest = bound * (1 + UNIT[scale_type] + 4 * UNIT["f32"])
    return rounded_to(largest, quotient_type) >= bound + 0.5


def _rows_before(op: ir.Operation, x: ir.Value, absmax: Absmax) -> ir.Value:
    """Return a tensor with the rows of x that is there before `op`."""
    width = known_tensor(x).dims[-1]
    for value in (x, without_widening(absmax.source), core(x)):
        if known_tensor(value).dims[-1:] == (width,) and hoisted(value, op):
            return value
    require(False, "x is computed after its scale is made")
    return x


def _replace(r: Raiser, conversion: Conversion, q: ir.Value, x: ir.Value) -> None:
    """Replace the conversion by the codes, behind the views that stood before it."""
    codes = from_rows(q, x, known_tensor(x).with_element(_element(r)).vtensor())
    r.source.results[0].replace_all_uses_with(reapplied(conversion.views, codes))
    r.source.erase()
