# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The row values that a thread holds: one vector for each stride of the row."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, scf

from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.values import Buffer, Piece, RowValues

from .schedule import Schedule


@dataclass(frozen=True)
class Place:
    """Where the current thread is.

    Attributes:
        row: Its row (index); that of the last row where there is none.
        has_row: Whether it has a row (i1), or None if every thread has one.
        thread: Its number among the threads of the row (index).
        column: Its first column (index).
        local: Its number in the workgroup (index).
    """

    row: ir.Value
    has_row: ir.Value | None
    thread: ir.Value
    column: ir.Value
    local: ir.Value


class LaneValues(RowValues):
    """Computes row values at the columns of the current thread.

    A piece of a stride that reaches beyond the row is there for some threads only: loads of the others give zeros, and
    their stores are left out.
    """

    def __init__(self, e: Emitter, place: Place, buffers: Mapping[ir.Value, Buffer], schedule: Schedule) -> None:
        super().__init__(e, place.row, buffers, schedule.vector, paired=False)
        self.place = place
        self.schedule = schedule
        self._guards: dict[int, ir.Value] = {}

    def pieces(self, width: int) -> list[Piece]:
        """Return the thread's pieces of a row; the last one has a guard if not all threads have it."""
        s = self.schedule
        offsets = range(0, s.strides(width) * s.stride, s.stride)
        return [Piece(self.place.column, at, s.vector, self._guard(width - at)) for at in offsets]

    def _guard(self, left: int) -> ir.Value | None:
        """Return whether (i1) the thread is within the `left` columns from the start of a stride; None is always."""
        if left >= self.schedule.stride:
            return None
        if left not in self._guards:
            inside = arith.cmpi(arith.CmpIPredicate.ult, self.place.column, self._e.index(left))
            self._guards[left] = inside
        return self._guards[left]

    def _load_vector(self, buffer: Buffer, piece: Piece) -> ir.Value:
        if piece.guard is None:
            return super()._load_vector(buffer, piece)
        result = self._e.vector(piece.width, ir.MemRefType(buffer.memref.type).element_type)
        branch = scf.IfOp(piece.guard, [result], has_else=True)
        with ir.InsertionPoint(branch.then_block):
            scf.yield_([super()._load_vector(buffer, piece)])
        with ir.InsertionPoint(branch.else_block):
            scf.yield_([self._e.constant(0.0 if isinstance(result.element_type, ir.F32Type) else 0, result)])
        return branch.results[0]
