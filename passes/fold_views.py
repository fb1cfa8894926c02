# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Move views out of clusters: in row form a chain of views that keeps the last dim is the identity.

Before::

    %e = tensor.expand_shape %y [[0, 1], [2]] ... : tensor<?x256xbf16> into tensor<2x?x256xbf16>
    %t = torch_c.from_builtin_tensor %e
    %v = torch.aten.view %t, %sizes : !torch.vtensor<[2,?,256],bf16> -> !torch.vtensor<[?,256],bf16>
    %b = torch_c.to_builtin_tensor %v
    %q, %s = "fanfold.quantize"(%b) {...}

After::

    %q, %s = "fanfold.quantize"(%y) {...}

Only the two ends of a chain matter: reshapes keep the row-major order of elements, so if both ends have the same
static last dim, both have the same rows. Where the chain starts at an ordinary torch tensor, rows are taken from that
tensor, so that branches with different views share one operand.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import tensor

from fanfold.dialect.rows import ROW_OPS

from .base import PassState
from .row_form import DYNAMIC, FROM_BUILTIN, TO_BUILTIN, leading_reassociation, to_rows, with_rows
from .torch_values import defining, known_tensor, made_by, torch_tensor, users
from .walk import all_ops, iterate

#: Torch ops that keep the row-major order of the elements of their first operand.
VIEWS = frozenset(
    f"torch.{name}"
    for name in (
        "aten.view",
        "aten.view_copy",
        "aten._unsafe_view",
        "aten.reshape",
        "aten._reshape_alias",
        "aten.flatten.using_ints",
        "aten.unflatten.int",
        "aten.squeeze",
        "aten.squeeze.dim",
        "aten.unsqueeze",
        "aten.contiguous",
        "aten.clone",
        "aten.alias",
        "aten.detach",
        "aten.lift_fresh_copy",
        "prims.collapse",
        "prims.split_dim",
        "prims.squeeze",
        "prims.view_of",
    )
)


@dataclass(frozen=True)
class FoldViews:
    """The pass `fold-views`."""

    name: ClassVar[str] = "fold-views"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Fold every chain of views between rows; one walk, since producers come first."""
        count = 0
        for op in all_ops(module, TO_BUILTIN):
            with module.context, op.location:
                count += _fold_chain(op)
        for op in list(iterate(module)):
            if op.name in ROW_OPS:
                with module.context, op.location:
                    count += _move_cast_below(op)
        return count


def _fold_chain(border: ir.Operation) -> int:
    """Replace the rows behind a border cast by the rows at the start of its chain of views."""
    rows = rows_behind(border)
    if rows is None or not users(rows):
        return 0
    start = start_of_chain(border.operands[0])
    if not _same_rows(border.operands[0], start):
        return 0
    source = row_value(start)
    if source is None:
        if start == border.operands[0]:
            return 0
        with ir.InsertionPoint(border):
            source = to_rows(start)
    if source == rows:
        return 0
    replace_rows(rows, source)
    return 1


def _same_rows(value: ir.Value, start: ir.Value) -> bool:
    """Return whether both ends of a chain of views have the same last dim."""
    known, first = torch_tensor(value.type), torch_tensor(start.type)
    if known is None or first is None or not known.dims or not first.dims:
        return False
    return known.dims[-1] is not None and known.dims[-1] == first.dims[-1] and known.element == first.element


def rows_at(value: ir.Value) -> ir.Value:
    """Return a torch tensor as rows: those that it was made of, when views alone stand between, or new ones."""
    start = start_of_chain(value)
    if not _same_rows(value, start):
        return to_rows(value)
    return row_value(start) or to_rows(start)


def rows_like(value: ir.Value) -> ir.Value:
    """Return the rows of `rows_at`, whose type knows as much of the row count as the torch tensor's."""
    rows, known = rows_at(value), known_tensor(value)
    lead = known.dims[:-1]
    count = DYNAMIC if None in lead else prod(d for d in lead if d is not None)
    return rows if rows.type.shape[0] == count else tensor.cast(with_rows(rows.type, count), rows)


def replace_rows(rows: ir.Value, source: ir.Value) -> None:
    """Replace rows by equal ones."""
    if source.type != rows.type:
        # The types know the row count to different degrees; the count itself is the same.
        with ir.InsertionPoint(rows.owner):
            source = tensor.cast(rows.type, source)
    rows.replace_all_uses_with(source)


def rows_behind(border: ir.Operation) -> ir.Value | None:
    """Return the row form that is made of a border cast: itself when of rank 2, or the reshape behind it."""
    builtin = border.results[0]
    rank = builtin.type.rank
    if rank == 2:
        # A border cast of rank 2 may also stand for its dims alone; replacing it is right all the same.
        return builtin if any(u.name in ROW_OPS for u in users(builtin)) else None
    for user in users(builtin):
        if user.name == "tensor.collapse_shape" and _joins_leading(user, rank):
            return user.results[0]
        if user.name == "tensor.expand_shape" and rank == 1:
            return user.results[0]
    return None


def start_of_chain(value: ir.Value) -> ir.Value:
    """Return what a chain of views starts from, or the value itself."""
    view = made_by(value, *VIEWS)
    return value if view is None else start_of_chain(view.operands[0])


def row_value(value: ir.Value) -> ir.Value | None:
    """Return the rows that a torch tensor was made of, if it was."""
    border = made_by(value, FROM_BUILTIN)
    if border is None:
        return None
    builtin = border.operands[0]
    if builtin.type.rank == 2:
        return builtin
    reshape = made_by(builtin, "tensor.expand_shape", "tensor.collapse_shape")
    if reshape is None or reshape.operands[0].type.rank != 2:
        return None
    if reshape.name == "tensor.expand_shape" and not _joins_leading(reshape, builtin.type.rank):
        return None
    return reshape.operands[0]


def _joins_leading(reshape: ir.Operation, rank: int) -> bool:
    groups = [[ir.IntegerAttr(i).value for i in g] for g in reshape.attributes["reassociation"]]
    return groups == leading_reassociation(rank)


def _move_cast_below(op: ir.Operation) -> int:
    """Rewrite ``op(cast(v))`` to ``cast(op(v))``, so that a cluster has one row count in its types."""
    sources = {}
    for i, operand in enumerate(op.operands):
        cast = made_by(operand, "tensor.cast")
        if cast is not None and operand.type.rank == 2:
            sources[i] = cast.operands[0]
    row_operands = [i for i, v in enumerate(op.operands) if v.type.rank == 2]
    # Every row operand must offer the same other count.
    counts = {int(sources[i].type.shape[0]) for i in row_operands if i in sources}
    if len(sources) != len(row_operands) or len(counts) != 1:
        return 0
    (count,) = counts
    for i, value in sources.items():
        op.operands[i] = value
    with ir.InsertionPoint.after(op):
        for result in op.results:
            old = result.type
            result.set_type(with_rows(old, count))
            casted = tensor.cast(old, result)
            result.replace_all_uses_except(casted, defining(casted))
    return 1
