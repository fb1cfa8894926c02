# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise the norm that Llama-style models spell out in elementwise ops.

Before (each product in either operand order; the casts are absent in an f32 model)::

    %f = torch.prims.convert_element_type %x, %int6
    %p = torch.aten.pow.Tensor_Scalar %f, %int2               // or mul.Tensor %f, %f
    %m = torch.aten.mean.dim %p, [-1], keepdim = true
    %a = torch.aten.add.Scalar %m, %eps, %int1
    %r = torch.aten.rsqrt %a
    %n = torch.aten.mul.Tensor %f, %r
    %c = torch.prims.convert_element_type %n, %int15
    %y = torch.aten.mul.Tensor %weight, %c

After::

    %y = "fanfold.rms_norm"(%rows, %w) {eps = ..., normalized_type = bf16, ...}

The type that the normalised value has when the weight multiplies it is `normalized_type`, and the type of the product
is the result's: so the model's own rounding points are kept, whichever they are.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .raising import FLOATS, Raiser, raise_all, require, required, row_tensor
from .row_form import from_rows, to_rows
from .torch_values import (
    CASTS,
    constant_bool,
    constant_float,
    constant_int,
    constant_ints,
    known_tensor,
    made_by,
    torch_tensor,
    users,
)

PRODUCT = "torch.aten.mul.Tensor"

#: Marks a mean of squares whose norm was raised; it may live on, when the model returns the variance too.
RAISED = "fanfold_raised"


@dataclass(frozen=True)
class RaiseSpelledRMSNorm:
    """The pass `raise-spelled-rms-norm`."""

    name: ClassVar[str] = "raise-spelled-rms-norm"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every spelled-out norm; an `rsqrt` of anything else is left alone and owes no report."""
        return raise_all(module, state, {"rms_norm (spelled out)": _raise}, _key)


def _key(op: ir.Operation) -> str | None:
    found = op.name == "torch.aten.rsqrt" and match_mean_square(op) and not _is_dead(op)
    return "rms_norm (spelled out)" if found else None


def _is_dead(op: ir.Operation) -> bool:
    """Return whether nobody uses what an op, and the products and casts behind it, make: what raising leaves behind."""
    following = [user for result in op.results for user in users(result)]
    return all(user.name in (PRODUCT, *CASTS) and _is_dead(user) for user in following)


@dataclass(frozen=True)
class MeanSquare:
    """What `match_mean_square` found: the value that is squared, eps, and the op that takes the mean."""

    source: ir.Value
    eps: float
    mean: ir.Operation


def match_mean_square(rsqrt: ir.Operation) -> MeanSquare | None:
    """Match ``rsqrt(mean(x^2, last dim, keepdim) + eps)``."""
    add = made_by(rsqrt.operands[0], "torch.aten.add.Scalar")
    if add is None or constant_int(add.operands[2]) != 1:
        return None
    eps = constant_float(add.operands[1])
    mean = made_by(add.operands[0], "torch.aten.mean.dim")
    if eps is None or mean is None:
        return None
    squares = mean.operands[0]
    source = squared(squares)
    known = torch_tensor(squares.type)
    if source is None or known is None or not constant_bool(mean.operands[2]):
        return None
    if constant_ints(mean.operands[1]) not in ([-1], [len(known.dims) - 1]):
        return None
    return MeanSquare(source, eps, mean)


def squared(value: ir.Value) -> ir.Value | None:
    """Return x if `value` is x squared, spelled in any way, else None."""
    power = made_by(value, "torch.aten.pow.Tensor_Scalar")
    if power is not None:
        return power.operands[0] if constant_float(power.operands[1]) == 2.0 else None
    product = made_by(value, PRODUCT)
    if product is not None and product.operands[0] == product.operands[1]:
        return product.operands[0]
    square = made_by(value, "torch.aten.square")
    return square.operands[0] if square is not None else None


def _raise(r: Raiser) -> None:
    rsqrt = r.source
    matched = required(match_mean_square(rsqrt), "it is no norm")
    require(torch_tensor(matched.source.type) is not None, "the squared value has no known shape")
    x = _before_widening(matched.source)
    # T5 multiplies x before its upcast: type promotion makes the same f32 of it.
    scaled = [u for u in users(rsqrt.result) if u.name == PRODUCT and _before_widening(_other(u, rsqrt.result)) == x]
    require(bool(scaled), "the reciprocal root does not multiply the value that was squared")
    require(len(users(rsqrt.result)) == 1, "the reciprocal root is used more than once")
    known = row_tensor(x, "x")
    for what, value in (
        ("the square", matched.mean.operands[0]),
        ("its mean", matched.mean.results[0]),
        ("the reciprocal root", rsqrt.result),
        ("the normalised value", scaled[0].result),
    ):
        element = known_tensor(value).element
        require(element == "f32", f"{what} is computed in {element}, not f32")
    normalized, weight, last = _weighted(scaled[0].result)
    result = known_tensor(last)
    require(result.element in FLOATS, f"the result is {result.element}, not one of {', '.join(FLOATS)}")
    require(result.dims == known.dims, f"the result is {last.type}, x is {x.type}")
    matched.mean.attributes[RAISED] = ir.UnitAttr.get()
    # The new op goes where the last op of the chain stands: the weight may be made after the rsqrt.
    with ir.InsertionPoint(last.owner):
        y = r.rms_norm(
            to_rows(x), weight, matched.eps, normalized=known_tensor(normalized).element, result=result.element
        )
        last.replace_all_uses_with(from_rows(y, x, last.type))


def _before_widening(value: ir.Value) -> ir.Value:
    """Return what an exact conversion to f32 was made of, or the value itself."""
    cast = made_by(value, *CASTS)
    if cast is None:
        return value
    source, result = torch_tensor(cast.operands[0].type), torch_tensor(value.type)
    exact = source is not None and result is not None and result.element == "f32" and source.element in FLOATS
    return cast.operands[0] if exact else value


def _other(product: ir.Operation, value: ir.Value) -> ir.Value:
    return product.operands[1] if product.operands[0] == value else product.operands[0]


def _single_user(value: ir.Value) -> ir.Operation | None:
    found = users(value)
    return found[0] if len(found) == 1 else None


def _weighted(product: ir.Value) -> tuple[ir.Value, ir.Value | None, ir.Value]:
    """Follow cast, weight and cast behind the normalised value, as far as they are its only uses.

    Returns:
        The normalised value as the weight meets it, the weight, and the last value of the chain.
    """
    normalized = _after_cast(product)
    user = _single_user(normalized)
    if user is None or user.name != PRODUCT:
        return normalized, None, normalized
    weight = _other(user, normalized)
    known, kind = torch_tensor(weight.type), torch_tensor(normalized.type)
    if known is None or kind is None or known.dims != (kind.dims[-1],) or known.element not in FLOATS:
        return normalized, None, normalized
    weighted = user.results[0]
    # In f32, a following rounding can be the result's own; a narrower product is rounded before.
    kind = torch_tensor(weighted.type)
    return normalized, weight, _after_cast(weighted) if kind is not None and kind.element == "f32" else weighted


def _after_cast(value: ir.Value) -> ir.Value:
    user = _single_user(value)
    if user is None or user.name not in CASTS:
        return value
    known = torch_tensor(user.results[0].type)
    return user.results[0] if known is not None and known.element in FLOATS else value
