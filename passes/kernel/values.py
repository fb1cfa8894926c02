# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Evaluation of the row values of a `rows` body at one piece of the columns.

Where all inputs are bf16, a full piece is twice as wide as a vector and is held as two: the even columns and the odd
ones. Two neighbouring bf16 are one 32-bit word, so a shift makes the even ones f32 and a mask the odd ones; loading
them in column order takes twice the instructions, and so does storing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, vector

from . import formulas
from .emitter import Emitter
from .pairs import high_halves
from .rounding import narrow, round_to, widen


@dataclass(frozen=True)
class Piece:
    """`width` neighbouring columns, from column ``base + offset``; of some threads only, if there is a `guard` (i1)."""

    base: ir.Value
    offset: int
    width: int
    guard: ir.Value | None = None


#: The f32 vectors that hold a piece: one in column order, or the even columns and the odd ones.
Parts = tuple[ir.Value, ...]


@dataclass(frozen=True)
class Buffer:
    """A tensor of the region in memory.

    Attributes:
        memref: rank 2 (rows x width) or rank 1 (shared by all rows, or columns of this one), of the storage type.
        element: The tensor's element type.
        origin: The column that a memref of rank 1 begins with; None is the first one.
    """

    memref: ir.Value
    element: ir.Type
    origin: ir.Value | None = None


class RowValues:
    """Computes row values of the current row, on demand and each at most once a piece.

    Args:
        e: The emitter.
        row: Index of the current row.
        buffers: Memory of the body's block arguments.
        lanes: f32 lanes of a full vector.
        paired: Whether full pieces are held as even and odd columns; every vector that is loaded must be bf16.

    Attributes:
        row_scalars: Numbers of the row, by the first result of their op, filled in as they are computed: the reciprocal
            root mean square of each `rms_norm`, each `absmax`, and on GPUs the scale of each token `quantize`.
        parts: The vectors of a full piece.
        piece_width: Its columns.
    """

    def __init__(
        self, e: Emitter, row: ir.Value, buffers: Mapping[ir.Value, Buffer], lanes: int, *, paired: bool
    ) -> None:
        self._e = e
        self.row = row
        self.buffers = dict(buffers)
        self.lanes = lanes
        self.parts = 2 if paired else 1
        self.piece_width = self.parts * lanes
        self.row_scalars: dict[ir.Value, ir.Value] = {}
        self._memo: dict[tuple[ir.Value, Piece], Parts] = {}

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget after the `with` what was computed in it: values of a branch or loop do not dominate what follows."""
        before = dict(self._memo)
        yield
        self._memo = before

    @contextmanager
    def kept(self, buffers: Mapping[ir.Value, Buffer]) -> Iterator[None]:
        """Take values from buffers during the `with`: they have been computed and stored there."""
        before = self.buffers
        self.buffers = {**before, **buffers}
        yield
        self.buffers = before

    def is_kept(self, value: ir.Value) -> bool:
        """Return whether a value is only loaded: it is in memory, or some columns of what is."""
        while value not in self.buffers and value.owner.name == "fanfold.columns":
            value = value.owner.opview.x
        return value in self.buffers

    def at(self, value: ir.Value, piece: Piece) -> Parts:
        """Return the f32 vectors of `value` at `piece`, rounded to the value's element type."""
        key = (value, piece)
        if key not in self._memo:
            self._memo[key] = self._compute(value, piece)
        return self._memo[key]

    def can_keep(self, value: ir.Value) -> bool:
        """Return whether pieces of a computed value can be stored in column order and loaded again."""
        return self.parts == 1 or isinstance(value.type.element_type, ir.BF16Type)

    def magnitudes(self, value: ir.Value, piece: Piece) -> list[ir.Value]:
        """Return the magnitudes at a piece, as bits; of a pair of bf16 vectors, the upper halves, in one vector.

        Bits of magnitudes order like the numbers, and NaN is above infinity: an integer maximum propagates NaN.
        """
        e, parts = self._e, self.at(value, piece)
        if len(parts) == 2 and isinstance(value.type.element_type, ir.BF16Type):
            halves = high_halves(e, *parts)
            return [arith.andi(halves, e.constant(0x7FFF, halves.type))]
        return [e.masked(e.to_bits(part), 0x7FFFFFFF) for part in parts]

    def magnitude_types(self, value: ir.Value) -> list[ir.Type]:
        """Return the types of `magnitudes` at a full piece."""
        if self.parts == 2 and isinstance(value.type.element_type, ir.BF16Type):
            return [self._e.vector(self.piece_width, self._e.i16)]
        return [self._e.vector(self.lanes, self._e.i32)] * self.parts

    def store(self, buffer: Buffer, parts: Parts, piece: Piece) -> None:
        """Store f32 vectors, already rounded to the buffer's element type."""
        if len(parts) == 2 and isinstance(buffer.element, ir.BF16Type):
            self._store(buffer, high_halves(self._e, *parts), piece)
            return
        narrowed = [narrow(self._e, part, buffer.element) for part in parts]
        self._store(buffer, narrowed[0] if len(narrowed) == 1 else vector.interleave(*narrowed), piece)

    def store_codes(self, buffers: Sequence[Buffer], codes: ir.Value, piece: Piece) -> None:
        """Store quantised values, i8 in column order, to each of the buffers."""
        for buffer in buffers:
            self._store(buffer, codes, piece)

    def _store(self, buffer: Buffer, stored: ir.Value, piece: Piece) -> None:
        vector.store(stored, buffer.memref, self._indices(buffer, piece))

    def _indices(self, buffer: Buffer, piece: Piece) -> list[ir.Value]:
        column = self._e.offset(piece.base, piece.offset)
        if ir.MemRefType(buffer.memref.type).rank == 2:
            return [self.row, column]
        return [column if buffer.origin is None else arith.subi(column, buffer.origin)]

    def _load(self, buffer: Buffer, piece: Piece) -> Parts:
        e = self._e
        loaded = self._load_vector(buffer, piece)
        if piece.width <= self.lanes:
            return (widen(e, loaded, buffer.element),)
        words = vector.bitcast(e.vector(self.lanes, e.i32), loaded)
        return e.to_float(arith.shli(words, e.bits_constant(16, words))), e.to_float(e.masked(words, 0xFFFF0000))

    def _load_vector(self, buffer: Buffer, piece: Piece) -> ir.Value:
        element = ir.MemRefType(buffer.memref.type).element_type
        return vector.load(self._e.vector(piece.width, element), buffer.memref, self._indices(buffer, piece))

    def _compute(self, value: ir.Value, piece: Piece) -> Parts:
        if value in self.buffers:
            return self._load(self.buffers[value], piece)
        op = value.owner.opview
        match op.operation.name:
            case "fanfold.rms_norm":
                unrounded = self._rms_norm(op, piece)
            case "fanfold.residual_add":
                unrounded = _each(arith.addf, self.at(op.x, piece), self.at(op.residual, piece))
            case "fanfold.cast":
                unrounded = self.at(op.x, piece)
            case "fanfold.silu_mul":
                halves = self.at(op.gate, piece), self.at(op.up, piece)
                unrounded = _each(lambda gate, up: formulas.silu_mul(self._e, op, gate, up), *halves)
            case "fanfold.elementwise":
                unrounded = self._elementwise(op, piece)
            case "fanfold.columns":
                return self.at(op.x, replace(piece, offset=piece.offset + op.offset.value))
            case name:
                raise NotImplementedError(f"no row value for {name}")
        return _each(lambda part: round_to(self._e, part, value.type.element_type), unrounded)

    def _elementwise(self, op: ir.OpView, piece: Piece) -> Parts:
        x = self.at(op.x, piece)
        if formulas.is_single_number(op):
            buffer = self.buffers[op.other]
            number = widen(self._e, memref.load(buffer.memref, [self._e.index(0)]), buffer.element)
            return _each(lambda part: formulas.elementwise(self._e, op, part, self._e.spread(number, part)), x)
        if op.other is None:
            return _each(lambda part: formulas.elementwise(self._e, op, part, None), x)
        return _each(lambda part, other: formulas.elementwise(self._e, op, part, other), x, self.at(op.other, piece))

    def _rms_norm(self, op: ir.OpView, piece: Piece) -> Parts:
        x = self.at(op.x, piece)
        rstd = self._e.spread(self.row_scalars[op.y], x[0])
        if op.weight is None:
            return _each(lambda part: formulas.rms_norm(self._e, op, part, rstd, None), x)
        return _each(lambda part, w: formulas.rms_norm(self._e, op, part, rstd, w), x, self.at(op.weight, piece))


def _each(fn: Callable[..., ir.Value], *operands: Parts) -> Parts:
    return tuple(fn(*parts) for parts in zip(*operands, strict=True))
