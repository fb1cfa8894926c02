# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loops over the columns of a row and over its groups."""

from collections.abc import Callable

from torch_mlir import ir
from torch_mlir.dialects import arith, scf

from .columns import cut
from .emitter import Emitter
from .values import Piece, RowValues

#: Full pieces that one iteration of a loop takes: enough independent work, few enough registers.
UNROLL = 2

#: Emits what is done at a piece of the columns.
AtPiece = Callable[[Piece], None]

#: Emits what is done for a group: its first column, how many there are, and its number among the groups.
AtGroup = Callable[[ir.Value, int, ir.Value], None]


def for_columns(e: Emitter, values: RowValues, columns: tuple[ir.Value, int], at_piece: AtPiece) -> None:
    """Emit a loop over the pieces of columns (first, how many)."""
    base, length = columns
    stride = UNROLL * values.piece_width
    full = length // stride * stride
    if full:
        loop = scf.ForOp(base, e.offset(base, full), e.index(stride))
        with ir.InsertionPoint(loop.body), values.scope():
            for span in cut(0, stride, values.piece_width):
                at_piece(Piece(loop.induction_variable, span.offset, span.width))
            scf.yield_([])
    for span in cut(full, length, values.piece_width):
        at_piece(Piece(base, span.offset, span.width))


def for_groups(e: Emitter, values: RowValues, columns: tuple[ir.Value, int], group: int, at_group: AtGroup) -> None:
    """Emit a loop over the groups of columns (first, how many); the last group can be shorter."""
    base, length = columns
    whole = length // group
    if whole:
        loop = scf.ForOp(e.index(0), e.index(whole), e.index(1))
        with ir.InsertionPoint(loop.body), values.scope():
            number = loop.induction_variable
            at_group(arith.addi(base, arith.muli(number, e.index(group))), group, number)
            scf.yield_([])
    if length % group:
        at_group(e.offset(base, whole * group), length % group, e.index(whole))
