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
from .float8 import with_sign
from .quantizing import Codes
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
        lanes: f32 lanes of a full vector.
        paired: Whether full pieces are held as even and odd columns; every vector that is loaded must be bf16.

    Attributes:
        row_scalars: Reciprocal root mean square of each `rms_norm` and scale of each token `quantize`, by its first
            result; filled in as they are computed.
    """

    def __init__(
        self, e: Emitter, row: ir.Value, buffers: Mapping[ir.Value, Buffer], lanes: int, *, paired: bool
    ) -> None:
        self._e = e
        self.row = row
        self.buffers = buffers
        self.lanes = lanes
        self.piece_width = 2 * lanes if paired else lanes
        self.row_scalars: dict[ir.Value, ir.Value] = {}
        self._memo: dict[tuple[ir.Value, Piece], Parts] = {}

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget after the `with` what was computed in it: values of a branch or loop do not dominate what follows."""
        before = dict(self._memo)
        yield
        self._memo = before

    def at(self, value: ir.Value, piece: Piece) -> Parts:
        """Return the f32 vectors of `value` at `piece`, rounded to the value's element type."""
        key = (value, piece)
        if key not in self._memo:
            self._memo[key] = self._compute(value, piece)
        return self._memo[key]

    def store(self, buffer: Buffer, parts: Parts, piece: Piece) -> None:
        """Store f32 vectors, already rounded to the buffer's element type."""
        if len(parts) == 2 and isinstance(buffer.element, ir.BF16Type):
            even, odd = (self._e.to_bits(part) for part in parts)
            words = arith.ori(self._e.shifted_right(even, 16), self._e.masked(odd, 0xFFFF0000))
            self._store(buffer, vector.bitcast(self._e.vector(piece.width, self._e.i16), words), piece)
            return
        narrowed = [narrow(self._e, part, buffer.element) for part in parts]
        self._store(buffer, narrowed[0] if len(narrowed) == 1 else vector.interleave(*narrowed), piece)

    def store_codes(self, buffers: Sequence[Buffer], parts: Sequence[Codes], piece: Piece) -> None:
        """Store quantised values to each of the buffers."""
        packed = self._packed(parts)
        for buffer in buffers:
            self._store(buffer, packed, piece)

    def _packed(self, parts: Sequence[Codes]) -> ir.Value:
        """Return quantised values as i8 in column order."""
        e = self._e
        if len(parts) == 1:
            return parts[0].packed(e)
        # One byte shuffle for codes and one for signs; of shifts and masks, LLVM makes three times the instructions.
        codes = self._bytes([part.code for part in parts], 0)
        tops = self._bytes([e.to_bits(part.sign_of) for part in parts], 3)
        return with_sign(e, codes, tops, parts[0].kind)

    def _bytes(self, even_and_odd: Sequence[ir.Value], number: int) -> ir.Value:
        """Return byte `number` of every i32, in column order."""
        size = 4 * self.lanes
        even, odd = (vector.bitcast(self._e.vector(size, self._e.i8), part) for part in even_and_odd)
        return vector.shuffle(even, odd, [at for i in range(number, size, 4) for at in (i, size + i)])

    def _store(self, buffer: Buffer, stored: ir.Value, piece: Piece) -> None:
        vector.store(stored, buffer.memref, [self.row, self._e.offset(piece.base, piece.offset)])

    def _load(self, buffer: Buffer, piece: Piece) -> Parts:
        e = self._e
        loaded = self._load_vector(buffer, piece)
        if piece.width <= self.lanes:
            return (widen(e, loaded, buffer.element),)
        words = vector.bitcast(e.vector(self.lanes, e.i32), loaded)
        return e.to_float(arith.shli(words, e.bits_constant(16, words))), e.to_float(e.masked(words, 0xFFFF0000))

    def _load_vector(self, buffer: Buffer, piece: Piece) -> ir.Value:
        column = self._e.offset(piece.base, piece.offset)
        type_ = ir.MemRefType(buffer.memref.type)
        indices = [self.row, column] if type_.rank == 2 else [column]
        return vector.load(self._e.vector(piece.width, type_.element_type), buffer.memref, indices)

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
