# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The largest magnitude of each row or of a whole tensor, spelled in any way."""

from dataclasses import dataclass
from math import inf

from torch_mlir import ir

from .matching import core
from .torch_values import constant_bool, constant_float, constant_int, constant_ints, made_by, torch_tensor


@dataclass(frozen=True)
class Absmax:
    """The largest magnitude of each row or of a whole tensor, which no rounding has touched.

    Attributes:
        source: The value whose magnitudes they are, in the shape that is reduced unless a view stands before ``abs``.
        reduced: The operand of the reduction.
        result: What it makes.
        keeps_dim: Whether the result has a last dim of 1 for the one that is reduced.
        whole: Whether there is one for the whole tensor.
    """

    source: ir.Value
    reduced: ir.Value
    result: ir.Value
    keeps_dim: bool
    whole: bool


def absmax_of(value: ir.Value) -> Absmax | None:
    """Match ``abs`` and ``amax`` (or ``max``, an infinity norm, the larger of ``amax`` and ``-amin``)."""
    norm = made_by(value, "torch.aten.linalg_vector_norm")
    if norm is not None:
        if constant_float(norm.operands[1]) != inf:
            return None
        return _reduced(norm.operands[0], norm.operands[0], value, norm.operands[2], norm.operands[3])
    both = made_by(value, "torch.aten.maximum")
    if both is not None:
        return _larger_end(both)
    reduction = _reduction(value, "amax")
    if reduction is None:
        return None
    magnitudes = made_by(core(reduction.reduced), "torch.aten.abs")
    if magnitudes is None:
        return None
    return Absmax(
        magnitudes.operands[0], reduction.reduced, value, keeps_dim=reduction.keeps_dim, whole=reduction.whole
    )


def _larger_end(both: ir.Operation) -> Absmax | None:
    for first, second in (both.operands, reversed(list(both.operands))):
        negated = made_by(core(second), "torch.aten.neg")
        if negated is None:
            continue
        high, low = _reduction(core(first), "amax"), _reduction(core(negated.operands[0]), "amin")
        if high is None or low is None or core(high.reduced) != core(low.reduced):
            continue
        if (high.keeps_dim, high.whole) == (low.keeps_dim, low.whole) and high.result.type == low.result.type:
            return Absmax(high.reduced, high.reduced, both.results[0], keeps_dim=high.keeps_dim, whole=high.whole)
    return None


def _reduction(value: ir.Value, which: str) -> Absmax | None:
    op = made_by(value, f"torch.aten.{which}")
    if op is not None:
        return _reduced(op.operands[0], op.operands[0], value, op.operands[1], op.operands[2])
    extreme = which.removeprefix("a")
    op = made_by(value, f"torch.aten.{extreme}.dim")
    if op is not None and value == op.results[0]:
        return _reduced(op.operands[0], op.operands[0], value, op.operands[1], op.operands[2])
    op = made_by(value, f"torch.aten.{extreme}")
    if op is None:
        return None
    return Absmax(op.operands[0], op.operands[0], value, keeps_dim=False, whole=True)


def _reduced(source: ir.Value, reduced: ir.Value, result: ir.Value, dims: ir.Value, keepdim: ir.Value) -> Absmax | None:
    known = torch_tensor(reduced.type)
    if known is None or not known.dims:
        return None
    rank = len(known.dims)
    single = constant_int(dims)
    listed = [] if made_by(dims, "torch.constant.none") is not None else constant_ints(dims)
    over = [single] if single is not None else listed
    if over is None:
        return None
    axes = {axis % rank for axis in over} or set(range(rank))
    keeps = bool(constant_bool(keepdim))
    if axes == {rank - 1}:
        return Absmax(source, reduced, result, keeps_dim=keeps, whole=False)
    return Absmax(source, reduced, result, keeps_dim=keeps, whole=True) if axes == set(range(rank)) else None
