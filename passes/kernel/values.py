# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Evaluation of the row values of a `rows` body at one piece of the columns."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, vector

from . import formulas
from .emitter import Emitter
from .rounding import narrow, round_to, widen


@dataclass(frozen=True)
class Piece:
    """`width` neighbouring columns, from column ``base + offset``."""

    base: ir.Value
    offset: int
    width: int


@dataclass(frozen=True)
class Buffer:
    """A tensor of the region in memory.

    Attributes:
        memref: rank 2 (rows x width) or rank 1 (shared by all rows), of the storage type.
        element: The tensor's element type.
    """

    memref: ir.Value
    element: ir.Type


class RowValues:
    """Computes row values of the current row, on demand and each at most once a piece.

    Args:
        e: The emitter.
        row: Index of the current row.
        buffers: Memory of the body's block arguments.
        row_scalars: Reciprocal root mean square of each `rms_norm`, by its result; filled in as they are computed.
    """

    def __init__(
        self, e: Emitter, row: ir.Value, buffers: Mapping[ir.Value, Buffer], row_scalars: dict[ir.Value, ir.Value]
    ) -> None:
        self._e = e
        self.row = row
        self.buffers = buffers
        self.row_scalars = row_scalars
        self._memo: dict[tuple[ir.Value, Piece], ir.Value] = {}

    def forget(self) -> None:
        """Drop the remembered values: they do not dominate code outside the current loop body."""
        self._memo.clear()

    def at(self, value: ir.Value, piece: Piece) -> ir.Value:
        """Return the f32 vector of `value` at `piece`, rounded to the value's element type."""
        key = (value, piece)
        if key not in self._memo:
            self._memo[key] = self._compute(value, piece)
        return self._memo[key]

    def store(self, buffer: Buffer, value: ir.Value, piece: Piece) -> None:
        """Store an f32 vector, already rounded to the buffer's element type."""
        stored = value if value.type.element_type == self._e.i8 else narrow(self._e, value, buffer.element)
        vector.store(stored, buffer.memref, [self.row, self._e.offset(piece.base, piece.offset)])

    def _load(self, buffer: Buffer, piece: Piece) -> ir.Value:
        column = self._e.offset(piece.base, piece.offset)
        rank = ir.MemRefType(buffer.memref.type).rank
        indices = [self.row, column] if rank == 2 else [column]
        type_ = self._e.vector(piece.width, ir.MemRefType(buffer.memref.type).element_type)
        return widen(self._e, vector.load(type_, buffer.memref, indices), buffer.element)

    def _compute(self, value: ir.Value, piece: Piece) -> ir.Value:
        if value in self.buffers:
            return self._load(self.buffers[value], piece)
        op = value.owner.opview
        result_type = value.type.element_type
        match op.operation.name:
            case "fanfold.rms_norm":
                unrounded = self._rms_norm(op, piece)
            case "fanfold.residual_add":
                unrounded = arith.addf(self.at(op.x, piece), self.at(op.residual, piece))
            case "fanfold.cast":
                unrounded = self.at(op.x, piece)
            case "fanfold.silu_mul":
                unrounded = self._silu_mul(op, piece)
            case name:
                raise NotImplementedError(f"no row value for {name}")
        return round_to(self._e, unrounded, result_type)

    def _rms_norm(self, op: ir.OpView, piece: Piece) -> ir.Value:
        rstd = self._e.splat(self.row_scalars[op.y], piece.width)
        weight = None if op.weight is None else self.at(op.weight, piece)
        return formulas.rms_norm(self._e, op, self.at(op.x, piece), rstd, weight)

    def _silu_mul(self, op: ir.OpView, piece: Piece) -> ir.Value:
        right = Piece(piece.base, piece.offset + op.y.type.shape[1], piece.width)
        return formulas.silu_mul(self._e, op, self.at(op.x, piece), self.at(op.x, right))
