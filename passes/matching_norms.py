# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The parts of a spelled-out norm: the mean of squares under a root, the reciprocal root, the weight."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch_mlir import ir

from .fold_views import VIEWS
from .matching import (
    EXPANSIONS,
    FLOATS,
    clamped,
    core,
    over_number,
    plus_number,
    squared,
    times_number,
    without_expansion,
    without_views,
    without_widening,
)
from .raising import require, required
from .torch_values import CASTS, constant_float, constant_ints, defining, made_by, torch_tensor, users

MEAN = "torch.aten.mean.dim"
LENGTH = "torch.aten.linalg_vector_norm"
SUM = "torch.aten.sum.dim_IntList"
POWER = "torch.aten.pow.Tensor_Scalar"

#: Why squares that are summed in another way are no norm of ours.
SQUARED_LENGTH = "the sum of squares is the square of a Euclidean length, rounded at its root; write x.pow(2).mean(-1)"
PRODUCT_OF_ROWS = (
    "the sum of squares is a matrix product (einsum), whose sums have another order; write x.pow(2).mean(-1)"
)

#: Through how many ops a root is followed back to squares: mean, a factor, eps, views.
DEPTH = 6

#: What may stand between a mean of squares and its root in something that is meant as a norm.
_STEPS = frozenset(
    {f"torch.aten.{name}.{kind}" for name in ("add", "mul", "div") for kind in ("Tensor", "Scalar")}
    | {"torch.aten.clamp", "torch.aten.maximum"}
    | VIEWS
    | set(CASTS)
)


@dataclass(frozen=True)
class MeanSquare:
    """A mean of squares over the last dim.

    Attributes:
        source: The value that is squared.
        squares: Its squares.
        mean: Their mean, in the type in which eager rounds it.
        eps: What is added to the mean.
    """

    source: ir.Value
    squares: ir.Value
    mean: ir.Value
    eps: float


@dataclass(frozen=True)
class Weight:
    """A vector that multiplies every row, and a number that is added to it first, in f32.

    Attributes:
        vector: A torch tensor of the width, perhaps with leading dims of 1.
        offset: 1 in Gemma's norms.
    """

    vector: ir.Value
    offset: float


def is_root(op: ir.Operation) -> bool:
    """Return whether `op` takes a square root or its reciprocal."""
    if op.name == POWER:
        return constant_float(op.operands[1]) in (0.5, -0.5)
    return op.name in ("torch.aten.rsqrt", "torch.aten.sqrt")


def reciprocal_roots(root: ir.Operation) -> list[ir.Value]:
    """Return the values that are 1 over the square root: what a `rsqrt` makes, or is made of a `sqrt` by a reciprocal.

    Eager computes `rsqrt` and ``pow(-0.5)`` as the reciprocal of the rounded root, so all of them have the same bits.
    """
    result = root.results[0]
    if root.name == "torch.aten.rsqrt" or (root.name == POWER and constant_float(root.operands[1]) == -0.5):
        return [result]
    found = []
    for user in users(result):
        if user.name == "torch.aten.reciprocal":
            found += [user.results[0], *_times_one(user.results[0])]
    return found


def _times_one(value: ir.Value) -> list[ir.Value]:
    products = [u.results[0] for u in users(value) if times_number(u.results[0]) is not None]
    return [p for p in products if (times_number(p) or (p, 0.0))[1] == 1.0]


def squares_behind(value: ir.Value, depth: int = DEPTH) -> ir.Operation | None:
    """Return the mean or sum of squares that `value` is computed from in a few steps, whatever the steps are."""
    op = defining(value)
    if op is None or depth == 0:
        return None
    if op.name in (MEAN, SUM):
        known = torch_tensor(op.operands[0].type)
        dims = constant_ints(op.operands[1]) or []
        over_last = known is not None and bool({-1, len(known.dims) - 1} & set(dims))
        return op if over_last and squared(op.operands[0]) is not None else None
    if op.name not in _STEPS:
        return None
    for operand in op.operands:
        found = squares_behind(operand, depth - 1)
        if found is not None:
            return found
    return None


def squares_elsewhere(value: ir.Value, depth: int = DEPTH) -> tuple[ir.Value, str] | None:
    """Return x and why it is no norm of ours, if `value` is made of a sum of its squares that has other roundings."""
    value = _without_moves(value)
    op = defining(value)
    if op is None or depth == 0:
        return None
    inner = squared(value)
    length = None if inner is None else made_by(core(inner), LENGTH)
    if length is not None and constant_float(length.operands[1]) == 2.0:
        return core(length.operands[0]), SQUARED_LENGTH
    if op.name == "torch.aten.bmm":
        left, right = (_without_moves(operand) for operand in op.operands)
        known = torch_tensor(value.type)
        return (left, PRODUCT_OF_ROWS) if left == right and known and known.dims[-2:] == (1, 1) else None
    if op.name not in _STEPS:
        return None
    tried = (squares_elsewhere(operand, depth - 1) for operand in op.operands)
    return next((found for found in tried if found is not None), None)


def _without_moves(value: ir.Value) -> ir.Value:
    """Return what views, permutations and exact conversions were made of."""
    inner = core(value)
    moved = made_by(inner, "torch.aten.permute", "torch.aten.transpose.int")
    return inner if moved is None else _without_moves(moved.operands[0])


def match_mean_square(under: ir.Value) -> MeanSquare:
    """Match ``mean(x^2) + eps``, the mean over the last dim, kept or not, or refuse."""
    value = without_views(under)
    shifted = plus_number(value)
    eps = 0.0
    if shifted is not None:
        value, eps = without_views(shifted[0]), shifted[1]
    elif clamped(value) is not None:
        require(False, "the mean of squares is clamped; the norm adds eps to it")
    else:
        op = defining(value)
        added = op is not None and op.name.startswith("torch.aten.add")
        alpha = None if op is None or not added else constant_float(op.operands[2])
        require(not added or alpha == 1, f"eps is added with the factor {alpha}")
        require(not added, "eps is no constant")
    mean = value
    reduction = made_by(mean, MEAN)
    divisor = None
    if reduction is None:
        reduction, divisor = _divided_sum(mean)
    squares = reduction.operands[0]
    source = required(squared(squares), "what is averaged is no square")
    known = required(torch_tensor(squares.type), "the squared value has no known shape")
    width = known.dims[-1] if known.dims else None
    require(divisor in (None, width), f"the sum of squares is divided by {divisor or 0.0:g}, and the width is {width}")
    dims = constant_ints(reduction.operands[1])
    require(dims in ([-1], [len(known.dims) - 1]), f"the mean is over the dims {dims}, not the last one alone")
    return MeanSquare(source, squares, mean, eps)


def _divided_sum(mean: ir.Value) -> tuple[ir.Operation, float]:
    """Return a sum and what it is divided by, if that has the bits of a division."""
    quotient, product = over_number(mean), times_number(mean)
    if quotient is not None:
        reduction, divisor = made_by(without_views(quotient[0]), SUM), quotient[1]
    elif product is not None:
        reduction, factor = made_by(without_views(product[0]), SUM), product[1]
        exact = factor > 0 and factor.hex().startswith("0x1.0000000000000p")
        require(
            reduction is None or exact,
            f"the sum of squares is multiplied by {factor:g}, which rounds otherwise than a division by the width, "
            "unless that is a power of two; write mean, or sum / width",
        )
        divisor = 1.0 / factor if exact else 0.0
    else:
        reduction, divisor = None, 0.0
        op = defining(mean)
        require(op is None or op.name != SUM, "the root is taken of a sum of squares, not of their mean")
    return required(reduction, "the root is taken of something else than the mean of squares plus eps"), divisor


def spread(value: ir.Value) -> Iterator[ir.Value]:
    """Yield a value and every view and repetition of it."""
    yield value
    for user in users(value):
        if user.name in VIEWS or user.name in EXPANSIONS:
            yield from spread(user.results[0])


def weight_of(factor: ir.Value, width: int | None) -> Weight | None:
    """Return what `factor` says if it is one value for each of `width` columns, in whatever shape, else None."""
    vector, offset = without_expansion(factor), 0.0
    known = torch_tensor(vector.type)
    if known is None or known.element not in FLOATS or not _is_vector(vector, width):
        return None
    shifted = plus_number(vector) if known.element == "f32" else None
    # Only a sum of f32 is the norm's own: one in bf16 has been rounded.
    if shifted is not None and _is_vector(shifted[0], width):
        inner = torch_tensor(shifted[0].type)
        if inner is not None and inner.element == "f32":
            vector, offset = shifted
    inner_value = core(vector)
    return Weight(inner_value if _is_vector(inner_value, width) else without_widening(vector), offset)


def _is_vector(value: ir.Value, width: int | None) -> bool:
    known = torch_tensor(value.type)
    if known is None or known.element not in FLOATS or not known.dims:
        return False
    return known.dims[-1] == width and set(known.dims[:-1]) <= {1}
