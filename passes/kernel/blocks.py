# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A block of columns, in three loops: values and maxima, then scales, then codes.

The values that are quantised are computed once and kept between the loops, as are the numbers of each group, in memory
that stays in the L1 cache. The loops are short, so that what they compute stays in registers, and scales, each a long
chain of dependent instructions, are made for a vector of groups at a time.
"""

from collections.abc import Callable

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, scf, vector

from .columns import cut
from .emitter import Emitter
from .loops import AtPiece, for_columns, for_groups
from .quantizing import Scale, emit_bytes, is_ordinary
from .reductions import emit_absmax, emit_scale
from .rounding import storage_type
from .scratch import Scratch
from .values import Buffer, Piece, RowValues
from .walks import QuantizeSink, Walk


class BlockWriter:
    """Emits the blocks of one walk; its memory serves all of them.

    Args:
        e: The emitter.
        values: The row's values; reductions over whole rows are done already.
        walk: What is to be stored.
        scratch: The memory.
        at_piece: Stores what rides along.
    """

    def __init__(self, e: Emitter, values: RowValues, walk: Walk, scratch: Scratch, at_piece: AtPiece) -> None:
        self._e = e
        self._values = values
        self._sinks = sorted(walk.groups, key=lambda sink: sink.group)
        self._at_piece = at_piece
        self._memory = {}
        scratch.begin()
        for value in walk.values:
            if not values.is_kept(value) and values.can_keep(value):
                element = value.type.element_type if isinstance(value.type.element_type, ir.BF16Type) else e.f32
                self._memory[value] = Buffer(scratch.take(walk.block, storage_type(element)), element)
        groups = max(-(-walk.block // sink.group) for sink in self._sinks)
        self._maxima = scratch.take(groups, e.i32)
        self._numbers = [scratch.take(groups, e.f32) for _ in range(3)]

    def write(self, base: ir.Value, length: int) -> None:
        """Emit the block of `length` columns from column `base`."""
        kept = {value: Buffer(b.memref, b.element, base) for value, b in self._memory.items()}

        def at_piece(piece: Piece) -> None:
            for value, buffer in kept.items():
                self._values.store(buffer, self._values.at(value, piece), piece)
            self._at_piece(piece)

        first, *others = self._sinks
        if first.group >= self._values.piece_width:
            self._find_maxima(first, base, length, at_piece)
        else:
            # Groups are less than a vector: values are computed in whole vectors first.
            for_columns(self._e, self._values, (base, length), at_piece)
            others = self._sinks
        with self._values.kept(kept):
            for sink in self._sinks:
                if sink in others:
                    self._find_maxima(sink, base, length, lambda _: None)
                self._write_codes(sink, base, length, self._make_scales(sink, base, length))

    def _find_maxima(self, sink: QuantizeSink, base: ir.Value, length: int, at_piece: AtPiece) -> None:
        def body(begin: ir.Value, width: int, index: ir.Value) -> None:
            bits = emit_absmax(self._e, self._values, sink.op.x, (begin, width), at_piece)
            memref.store(bits, self._maxima, [index])

        for_groups(self._e, self._values, (base, length), sink.group, body)

    def _make_scales(self, sink: QuantizeSink, base: ir.Value, length: int) -> ir.Value:
        """Emit the scales of all groups of the block, and return whether (i1) all of them are ordinary."""
        e, values = self._e, self._values
        count = -(-length // sink.group)
        first = arith.divui(base, e.index(sink.group))

        def make(at: ir.Value, width: int) -> ir.Value:
            bits = vector.load(e.vector(width, e.i32), self._maxima, [at])
            scale = Scale.of(e, sink.op, emit_scale(e, values, sink.op, bits))
            for buffer in sink.scales:
                buffer.store_run(e, scale.value, values.row, arith.addi(first, at))
            for number, memory in zip(scale.numbers, self._numbers, strict=False):
                vector.store(number, memory, [at])
            return e.reduce("and", is_ordinary(e, scale.value))

        ordinary = e.constant(1, ir.IntegerType.get_signless(1))
        full = count // values.lanes * values.lanes
        if full:
            loop = scf.ForOp(e.index(0), e.index(full), e.index(values.lanes), [ordinary])
            with ir.InsertionPoint(loop.body):
                scf.yield_([arith.andi(loop.inner_iter_args[0], make(loop.induction_variable, values.lanes))])
            ordinary = loop.results[0]
        for span in cut(full, count, values.lanes):
            ordinary = arith.andi(ordinary, make(e.index(span.offset), span.width))
        return ordinary

    def _write_codes(self, sink: QuantizeSink, base: ir.Value, length: int, ordinary: ir.Value) -> None:
        if not sink.q:
            return

        def emit(*, fast: bool) -> None:
            def body(begin: ir.Value, width: int, index: ir.Value) -> None:
                scale = Scale(*(memref.load(memory, [index]) for memory in self._numbers[: Scale.count(sink.op)]))
                at_piece = codes_at(self._e, self._values, sink, scale, fast=fast)
                for_columns(self._e, self._values, (begin, width), at_piece)

            for_groups(self._e, self._values, (base, length), sink.group, body)

        in_both_forms(self._values, sink, ordinary, emit)


def codes_at(e: Emitter, values: RowValues, sink: QuantizeSink, scale: Scale, *, fast: bool) -> AtPiece:
    """Return what quantises a piece by a known scale and stores the codes."""

    def at_piece(piece: Piece) -> None:
        codes = emit_bytes(e, sink.op, values.at(sink.op.x, piece), scale, fast=fast)
        values.store_codes(sink.q, codes, piece)

    return at_piece


def in_both_forms(values: RowValues, sink: QuantizeSink, ordinary: ir.Value, emit: Callable[..., None]) -> None:
    """Emit quantisation twice: fast, for scales that are ordinary (i1), and exact for all others."""
    if sink.op.ceiling is not None:
        # Values above the ceiling saturate, infinities included: the fast form's premise fails.
        emit(fast=False)
        return
    branch = scf.IfOp(ordinary, has_else=True)
    for block, fast in ((branch.then_block, True), (branch.else_block, False)):
        with ir.InsertionPoint(block), values.scope():
            emit(fast=fast)
            scf.yield_([])
