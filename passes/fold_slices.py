# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Let row ops read slices of the last dim where they are, in the wider rows.

Before::

    %q = torch.aten.slice.Tensor %p, %int-1, %int0, %int1536, %int1 : !torch.vtensor<[?,2112],bf16> -> ...
    %b = torch_c.to_builtin_tensor %q
    %y = "fanfold.rms_norm"(%b, %w) {...} : (tensor<?x1536xbf16>, ...)

After::

    %b = torch_c.to_builtin_tensor %p
    %q = "fanfold.columns"(%b) {offset = 0 : i64} : (tensor<?x2112xbf16>) -> tensor<?x1536xbf16>
    %y = "fanfold.rms_norm"(%q, %w) {...} : (tensor<?x1536xbf16>, ...)

A slice with bounds that are no constants, or a step, stays a tensor of its own.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.columns import ColumnsOp

from .base import PassState
from .fold_views import replace_rows, rows_at, rows_behind, start_of_chain
from .origins import origin, stamp
from .row_form import TO_BUILTIN
from .torch_values import constant_int, constant_ints, defining, known_tensor, made_by, torch_tensor, users
from .walk import all_ops


@dataclass(frozen=True)
class FoldSlices:
    """The pass `fold-slices`."""

    name: ClassVar[str] = "fold-slices"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Fold every slice that row ops read; returns how many."""
        count = 0
        for border in all_ops(module, TO_BUILTIN):
            with module.context, border.location:
                count += _fold(border)
        return count


def _fold(border: ir.Operation) -> int:
    rows = rows_behind(border)
    if rows is None or not users(rows):
        return 0
    value = start_of_chain(border.operands[0])
    found = sliced(value)
    if found is None or known_tensor(value).dims[-1] != rows.type.shape[1]:
        return 0
    with ir.InsertionPoint(border):
        source = rows_at(found.source)
        type_ = ir.RankedTensorType.get([source.type.shape[0], rows.type.shape[1]], source.type.element_type)
        offset = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), found.offset)
        columns = ColumnsOp(source, type_, offset=offset)
        op = defining(value)
        stamp(columns.operation, [origin(border if op is None else op)])
    replace_rows(rows, columns.y)
    return 1


@dataclass(frozen=True)
class Sliced:
    """A slice of the last dim: of what, and from which column."""

    source: ir.Value
    offset: int


def sliced(value: ir.Value) -> Sliced | None:
    """Return what `value` is a slice of, looking through slices of slices and views of rows, else None."""
    found = _slice(value) or _part(value)
    if found is None:
        return None
    inner = start_of_chain(found.source)
    if known_tensor(inner).dims[-1:] == known_tensor(found.source).dims[-1:]:
        below = sliced(inner)
        if below is not None:
            return Sliced(below.source, below.offset + found.offset)
    return found


def _slice(value: ir.Value) -> Sliced | None:
    op = made_by(value, "torch.aten.slice.Tensor")
    if op is None:
        return None
    source, dim, start, _, step = op.operands
    width = _width(source, dim)
    begin = constant_int(start)
    if width is None or begin is None or constant_int(step) != 1:
        return None
    # As Python's slices: from the end if negative, and clamped.
    return Sliced(source, max(0, begin + width if begin < 0 else min(begin, width)))


def _part(value: ir.Value) -> Sliced | None:
    """Return the slice that is one of the parts of a split."""
    unpack = made_by(value, "torch.prim.ListUnpack")
    if unpack is None:
        return None
    split = made_by(unpack.operands[0], "torch.aten.split_with_sizes")
    if split is None or _width(split.operands[0], split.operands[2]) is None:
        return None
    sizes = constant_ints(split.operands[1])
    if sizes is None:
        return None
    offsets = [0, *accumulate(sizes)]
    return Sliced(split.operands[0], offsets[ir.OpResult(value).result_number])


def _width(source: ir.Value, dim: ir.Value) -> int | None:
    """Return the static width of `source` if `dim` is its last dim."""
    known, number = torch_tensor(source.type), constant_int(dim)
    if known is None or not known.dims or number not in (-1, len(known.dims) - 1):
        return None
    return known.dims[-1]
