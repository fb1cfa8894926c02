# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Raise the norms that models spell out in elementwise ops: those of Llama, Gemma, T5, Olmo and whoever copied them.

Before (each product and sum in either operand order; the casts are absent in an f32 model)::

    %f = torch.prims.convert_element_type %x, %int6
    %p = torch.aten.pow.Tensor_Scalar %f, %int2               // or mul.Tensor %f, %f, or square
    %m = torch.aten.mean.dim %p, [-1], keepdim = true         // or sum / W; or not kept, and a view behind
    %a = torch.aten.add.Scalar %m, %eps, %int1
    %r = torch.aten.rsqrt %a                                  // or pow -0.5, or the reciprocal of sqrt
    %n = torch.aten.mul.Tensor %f, %r
    %c = torch.prims.convert_element_type %n, %int15
    %y = torch.aten.mul.Tensor %weight, %c                    // Gemma: %weight + 1 in f32

After::

    %y = "fanfold.rms_norm"(%rows, %w) {eps = ..., normalized_type = bf16, weight_offset = 0.0, ...}

The type that the normalised value has when the weight multiplies it is `normalized_type`, and the type of the product
is the result's: so the model's own rounding points are kept, whichever they are. What comes close but rounds elsewhere
(a division by the root, a root in bf16) is refused with the reason. Values in between that the model also uses
elsewhere live on beside the new op.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import tensor

from .base import PassState
from .fold_views import VIEWS
from .matching import (
    EXPANSIONS,
    FLOATS,
    QUOTIENTS,
    core,
    exact_source,
    narrowed,
    without_expansion,
    without_widening,
)
from .matching_norms import (
    MEAN,
    MeanSquare,
    Weight,
    is_root,
    match_mean_square,
    reciprocal_roots,
    spread,
    squares_behind,
    squares_elsewhere,
    weight_of,
)
from .raising import Raiser, raise_all, require, required, row_tensor
from .row_form import from_builtin, from_rows, to_builtin, to_rows
from .torch_values import CASTS, TorchTensor, known_tensor, made_by, torch_tensor, users

NAME = "rms_norm (spelled out)"
PRODUCT = "torch.aten.mul.Tensor"

#: What a raised norm leaves without users.
_LEFT_BEHIND = frozenset({PRODUCT, "torch.aten.reciprocal", "torch.aten.mul.Scalar", *CASTS, *VIEWS, *EXPANSIONS})


@dataclass(frozen=True)
class RaiseSpelledRMSNorm:
    """The pass `raise-spelled-rms-norm`."""

    name: ClassVar[str] = "raise-spelled-rms-norm"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Raise every spelled-out norm; a root of anything else is left alone and owes no report."""
        return raise_all(module, state, {NAME: _raise}, _key)


def _key(op: ir.Operation) -> str | None:
    if not is_root(op):
        return None
    reduction = squares_behind(op.operands[0])
    if _is_dead(op):
        return None
    if reduction is None:
        found = squares_elsewhere(op.operands[0])
        return NAME if found is not None and _scales(op.results[0], found[0]) else None
    # A root that scales nothing is a length or a statistic, unless it is the reciprocal root of a mean.
    norm = reduction.name == MEAN and bool(reciprocal_roots(op))
    return NAME if norm or _scales(op.results[0], core(_squared(reduction))) else None


def _squared(reduction: ir.Operation) -> ir.Value:
    squares = made_by(reduction.operands[0], PRODUCT, "torch.aten.pow.Tensor_Scalar", "torch.aten.square")
    return reduction.operands[0] if squares is None else squares.operands[0]


def _is_dead(op: ir.Operation) -> bool:
    """Return whether nobody uses what an op, and the products and casts behind it, make: what raising leaves behind."""
    following = [user for result in op.results for user in users(result)]
    return all(user.name in _LEFT_BEHIND and _is_dead(user) for user in following)


def _scales(value: ir.Value, x: ir.Value, depth: int = 4) -> bool:
    """Return whether `value`, perhaps after a few more steps, multiplies or divides x."""
    for user in users(value):
        scaling = user.name in (PRODUCT, *QUOTIENTS)
        if scaling and any(core(operand) == x for operand in list(user.operands)[:2]):
            return True
        if depth and user.results and user.name.startswith(("torch.aten.", "torch.prims.")):
            known = torch_tensor(user.results[0].type)
            if known is not None and _scales(user.results[0], x, depth - 1):
                return True
    return False


def _raise(r: Raiser) -> None:
    root = r.source
    other = squares_elsewhere(root.operands[0])
    require(other is None or squares_behind(root.operands[0]) is not None, "" if other is None else other[1])
    matched = match_mean_square(root.operands[0])
    norms = []
    for rstd in reciprocal_roots(root):
        norms += [(rstd, product) for product in _products(rstd, core(matched.source))]
    require(bool(norms), _why_none(root, core(matched.source)))
    # All are checked before the first is built.
    plans = [_plan(rstd, product, matched) for rstd, product in norms]
    for plan in plans:
        # The new op goes where the last op of the chain stands: the weight may be made after the root.
        with ir.InsertionPoint(plan.last.owner):
            weight = None if plan.weight is None else _vector(plan.weight.vector)
            y = r.rms_norm(
                to_rows(plan.x),
                weight,
                matched.eps,
                normalized=plan.normalized,
                result=known_tensor(plan.last).element,
                weight_offset=0.0 if plan.weight is None else plan.weight.offset,
            )
            plan.last.replace_all_uses_with(from_rows(y, plan.x, plan.last.type))


@dataclass(frozen=True)
class _Plan:
    """One norm: x as it is scaled, the type of the normalised value, the weight, and the value to replace."""

    x: ir.Value
    normalized: str
    weight: Weight | None
    last: ir.Value


def _products(rstd: ir.Value, x: ir.Value) -> list[ir.Operation]:
    return [
        user
        for value in spread(rstd)
        for user in users(value)
        if user.name == PRODUCT and core(_other(user, value)) == x
    ]


def _why_none(root: ir.Operation, x: ir.Value) -> str:
    """Return why no product of the squared value with the reciprocal root was found."""
    roots = reciprocal_roots(root)
    for value in (v for start in [*roots, root.results[0]] for v in spread(start)):
        for user in users(value):
            rounding = narrowed(user.results[0]) if user.results else None
            if rounding is not None and _scales(user.results[0], x, depth=2):
                return f"the reciprocal root is rounded to {rounding[1]} before it multiplies x"
            if user.name in QUOTIENTS and core(user.operands[0]) == x:
                return "x is divided by the root, which rounds otherwise than its product with the reciprocal root"
    if roots:
        return "the reciprocal root does not multiply the value that was squared"
    return "the root is not inverted: a norm multiplies x by the reciprocal root"


def _plan(rstd: ir.Value, product: ir.Operation, matched: MeanSquare) -> _Plan:
    scaled, factor = _split(product, core(matched.source))
    x = exact_source(scaled)
    known = row_tensor(x, "x")
    for what, value in (
        ("the square", matched.squares),
        ("its mean", matched.mean),
        ("the reciprocal root", rstd),
        ("the normalised value", product.results[0]),
    ):
        element = known_tensor(value).element
        require(element == "f32", f"{what} is computed in {element}, not f32")
    width = known_tensor(matched.squares).dims[-1]
    require(known.dims[-1] == width, f"rows of {width} values are averaged and rows of {known.dims[-1]} scaled")
    expansion = made_by(factor, *EXPANSIONS)
    made = factor if expansion is None else expansion.operands[0]
    single = len(known.dims) == 1 and not known_tensor(made).dims
    one_a_row = known_tensor(without_expansion(factor)).dims == (*known.dims[:-1], 1)
    require(one_a_row or single, f"the reciprocal root is {made.type}, which is not one value for each row of {x.type}")
    normalized, weight, last = _weighted(product.results[0])
    result = known_tensor(last)
    require(result.element in FLOATS, f"the result is {result.element}, not one of {', '.join(FLOATS)}")
    require(result.dims == known.dims, f"the result is {last.type}, x is {x.type}")
    return _Plan(x, known_tensor(normalized).element, weight, last)


def _split(product: ir.Operation, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the operands of a product: the one made of x, and the factor."""
    left, right = product.operands
    return (left, right) if core(left) == x else (right, left)


def _other(product: ir.Operation, value: ir.Value) -> ir.Value:
    return product.operands[1] if product.operands[0] == value else product.operands[0]


def _single_user(value: ir.Value) -> ir.Operation | None:
    found = users(value)
    return found[0] if len(found) == 1 else None


def _weighted(product: ir.Value) -> tuple[ir.Value, Weight | None, ir.Value]:
    """Follow cast, weight and cast behind the normalised value, as far as they are its only uses.

    Returns:
        The normalised value as the weight meets it, the weight, and the last value of the chain.
    """
    normalized = _after_cast(product)
    met = _after_widening(normalized)
    user = _single_user(met)
    if user is None or user.name != PRODUCT:
        return normalized, None, normalized
    factor, known = _other(user, met), known_tensor(normalized)
    weight = weight_of(factor, known.dims[-1])
    if weight is None or len(known_tensor(factor).dims) > len(known.dims):
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


def _after_widening(value: ir.Value) -> ir.Value:
    user = _single_user(value)
    exact = user is not None and user.name in CASTS and without_widening(user.results[0]) == without_widening(value)
    return user.results[0] if user is not None and exact else value


def _vector(weight: ir.Value) -> ir.Value:
    """Return a weight with leading dims of 1 as a torch tensor of rank 1."""
    known = required(torch_tensor(weight.type), "the weight has no known shape")
    if len(known.dims) == 1:
        return weight
    flat = TorchTensor(known.dims[-1:], known.element)
    rows = tensor.collapse_shape(flat.builtin(), to_builtin(weight), [list(range(len(known.dims)))])
    return from_builtin(rows, flat.vtensor())
