# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The row values that a thread holds: one vector for each stride of the row."""

from collections.abc import Callable, Mapping, Sequence
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

    def is_first(self, e: Emitter) -> ir.Value:
        """Return whether (i1) the thread has the first column of its row."""
        return arith.cmpi(arith.CmpIPredicate.eq, self.column, e.index(0))


#: Strides of a streamed row that one iteration takes.
BATCH = 2

#: Emits what is done with some pieces: from numbers that are carried to those that are carried on.
AtPieces = Callable[[list[Piece], list[ir.Value]], list[ir.Value]]


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

    def over_pieces(self, width: int, at_pieces: AtPieces, carried: Sequence[ir.Value] = ()) -> list[ir.Value]:
        """Emit something for all pieces of a row that the thread has.

        Args:
            width: Columns of the row.
            at_pieces: What is emitted: once for all pieces, or in a loop if the row is streamed.
            carried: What it begins with.

        Returns:
            What it carried on in the end.
        """
        s = self.schedule
        if not s.is_streamed(width):
            return at_pieces(self._pieces(self.place.column, 0, width), list(carried))
        batch = BATCH * s.stride
        whole = width // batch * batch
        loop = scf.ForOp(self._e.index(0), self._e.index(whole), self._e.index(batch), list(carried))
        with ir.InsertionPoint(loop.body), self.scope():
            base = arith.addi(self.place.column, loop.induction_variable)
            pieces = [Piece(base, at, s.vector) for at in range(0, batch, s.stride)]
            scf.yield_(at_pieces(pieces, list(loop.inner_iter_args)))
        carried = list(loop.results)
        if whole == width:
            return carried
        return at_pieces(self._pieces(self.place.column, whole, width), carried)

    def _pieces(self, base: ir.Value, begin: int, end: int) -> list[Piece]:
        """Return the pieces from column `begin` to `end`; the last one has a guard if not all threads have it."""
        s = self.schedule
        count = 1 if s.parts > 1 else -(-(end - begin) // s.stride)
        offsets = range(begin, begin + count * s.stride, s.stride)
        return [Piece(base, at, s.vector, self._guard(end - at)) for at in offsets]

    def _guard(self, left: int) -> ir.Value | None:
        """Return whether (i1) the thread is within the `left` columns from where it begins; None is always."""
        if left >= self.schedule.stride * self.schedule.parts:
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
