# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emission of a row's results: the walks of the plan, and quantisation by scales that are known before."""

from collections.abc import Callable, Sequence

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, scf

from .columns import Span, cut, cut_at
from .emitter import Emitter, tree
from .formulas import absmax_bits
from .quantizing import emit_codes, inverse_of, is_ordinary
from .reductions import emit_absmax, emit_scale
from .scales import ScaleBuffer
from .values import Buffer, Piece, RowValues
from .walks import MAX_CHUNK, AbsmaxSink, PlainSink, QuantizeSink, Walk, plan, sinks_of

#: A scale and its reciprocal, f32 scalars.
Scale = tuple[ir.Value, ir.Value]

#: Emits quantisation by the given scales, in the fast form or in the exact one.
EmitForm = Callable[[Sequence[Scale], bool], None]


class RowWriter:
    """Emits everything that stores results of the current row.

    Args:
        e: The emitter.
        values: The row's values; reductions over whole rows are done already.
    """

    def __init__(self, e: Emitter, values: RowValues) -> None:
        self._e = e
        self._values = values

    def write(self, outputs: Sequence[tuple[ir.Value, Buffer | ScaleBuffer]]) -> None:
        """Emit the stores of the body's yielded values to their buffers."""
        sinks = sinks_of(outputs)
        for walk in plan(sinks, self._values.lanes):
            if walk.chunk > MAX_CHUNK:
                self._write_long_groups(walk)
            else:
                self._write_chunks(walk)
        for sink in sinks:
            if isinstance(sink, AbsmaxSink):
                absmax = self._values.row_scalars[sink.op.y]
                memref.store(absmax, sink.buffer.memref, [self._values.row, self._e.index(0)])
            elif isinstance(sink, QuantizeSink):
                if sink.granularity == "token":
                    self._write_token(sink)
                for buffer in sink.scales:
                    buffer.store_rest(self._e, self._values.row)

    def _write_token(self, sink: QuantizeSink) -> None:
        scale, first = self._values.row_scalars[sink.op.q], self._e.index(0)
        self._store_scale(sink, scale, first)
        self._write_columns_by(sink, scale, (first, sink.op.x.type.shape[1]))

    def _write_chunks(self, walk: Walk) -> None:
        e = self._e
        statics = {sink: self._static_scale(sink.op) for sink in walk.maps if isinstance(sink, QuantizeSink)}
        whole = walk.width // walk.chunk
        if whole:
            loop = scf.ForOp(e.index(0), e.index(whole * walk.chunk), e.index(walk.chunk))
            with ir.InsertionPoint(loop.body), self._values.scope():
                self._write_chunk(walk, statics, loop.induction_variable, walk.chunk)
                scf.yield_([])
        rest = walk.width - whole * walk.chunk
        if rest:
            self._write_chunk(walk, statics, e.index(whole * walk.chunk), rest)

    def _static_scale(self, op: ir.OpView) -> Scale:
        scale = memref.load(self._values.buffers[op.scale].memref, [self._e.index(0)])
        return scale, inverse_of(self._e, scale)

    def _write_chunk(self, walk: Walk, statics: dict[QuantizeSink, Scale], base: ir.Value, length: int) -> None:
        """Emit `length` columns from `base`: every value is computed once and serves all results."""
        ends = {0, length}.union(*(range(0, length, grouped.group) for grouped in walk.groups))
        pieces = [Piece(base, s.offset, s.width) for s in cut_at(sorted(ends), self._values.piece_width)]
        for sink in walk.maps:
            for piece in pieces:
                if isinstance(sink, PlainSink):
                    self._values.store(sink.buffer, self._values.at(sink.value, piece), piece)
                else:
                    self._store_quantized(sink, piece, statics[sink], fast=False)
        for grouped in walk.groups:
            begins = range(0, length, grouped.group)
            groups = [[p for p in pieces if begin <= p.offset < begin + grouped.group] for begin in begins]
            self._write_groups(grouped, groups, arith.divui(base, self._e.index(grouped.group)))

    def _write_groups(self, sink: QuantizeSink, groups: Sequence[Sequence[Piece]], first: ir.Value) -> None:
        """Emit neighbouring groups, the first of index `first`.

        All scales come before all quantised values: each scale is a long chain of dependent instructions, which then
        run beside one another.
        """
        scales = [emit_scale(self._e, self._values, sink.op, self._group_absmax(sink.op, g)) for g in groups]
        for i, scale in enumerate(scales):
            self._store_scale(sink, scale, self._e.offset(first, i))

        def emit(known: Sequence[Scale], fast: bool) -> None:
            for pieces, scale in zip(groups, known, strict=True):
                if fast:
                    for piece in pieces:
                        self._store_quantized(sink, piece, scale, fast=True)
                else:
                    # Rare, so small: a loop that computes the values again.
                    columns = self._e.offset(pieces[0].base, pieces[0].offset), sum(p.width for p in pieces)
                    self._store_columns(sink, columns, scale, fast=False, stride=self._values.piece_width)

        self._in_both_forms(sink, scales, emit)

    def _group_absmax(self, op: ir.OpView, pieces: Sequence[Piece]) -> ir.Value:
        e = self._e
        by_width: dict[int, ir.Value] = {}
        for part in (part for piece in pieces for part in self._values.at(op.x, piece)):
            width = part.type.shape[0]
            zero = e.constant(0, e.vector(width, e.i32))
            by_width[width] = absmax_bits(e, by_width.get(width, zero), part)
        return tree([e.reduce("maxsi", v) for v in by_width.values()], arith.maxsi)

    def _write_long_groups(self, walk: Walk) -> None:
        """Emit groups too long to hold in registers: one loop finds the maximum, a second one reads the row again."""
        e = self._e
        (sink,) = walk.groups
        group = sink.group

        def emit(base: ir.Value, length: int, index: ir.Value) -> None:
            scale = emit_scale(e, self._values, sink.op, emit_absmax(e, self._values, sink.op, (base, length)))
            self._store_scale(sink, scale, index)
            self._write_columns_by(sink, scale, (base, length))

        whole = walk.width // group
        loop = scf.ForOp(e.index(0), e.index(whole), e.index(1))
        with ir.InsertionPoint(loop.body), self._values.scope():
            emit(arith.muli(loop.induction_variable, e.index(group)), group, loop.induction_variable)
            scf.yield_([])
        if walk.width % group:
            emit(e.index(whole * group), walk.width % group, e.index(whole))

    def _write_columns_by(self, sink: QuantizeSink, scale: ir.Value, columns: tuple[ir.Value, int]) -> None:
        """Quantise columns (first, how many) by one scale."""
        stride = 4 * self._values.lanes
        self._in_both_forms(
            sink, [scale], lambda known, fast: self._store_columns(sink, columns, known[0], fast=fast, stride=stride)
        )

    def _in_both_forms(self, sink: QuantizeSink, scales: Sequence[ir.Value], emit: EmitForm) -> None:
        """Emit the quantisation twice: fast, if all scales are in the ordinary range, and exact otherwise."""
        if not sink.q:
            return
        known = [(scale, inverse_of(self._e, scale)) for scale in scales]
        if sink.op.ceiling is not None:
            # Values above the ceiling saturate, infinities included: the fast form's premise fails.
            emit(known, False)
            return
        ordinary = tree([is_ordinary(self._e, scale) for scale in scales], arith.andi)
        branch = scf.IfOp(ordinary, has_else=True)
        for block, fast in ((branch.then_block, True), (branch.else_block, False)):
            with ir.InsertionPoint(block), self._values.scope():
                emit(known, fast)
                scf.yield_([])

    def _store_columns(
        self, sink: QuantizeSink, columns: tuple[ir.Value, int], scale: Scale, *, fast: bool, stride: int
    ) -> None:
        """Quantise columns (first, how many) in a loop of `stride` columns a time."""
        e, (base, length) = self._e, columns

        def store(at: ir.Value, spans: Sequence[Span]) -> None:
            for span in spans:
                self._store_quantized(sink, Piece(at, span.offset, span.width), scale, fast=fast)

        full = length // stride * stride
        if full:
            loop = scf.ForOp(base, e.offset(base, full), e.index(stride))
            with ir.InsertionPoint(loop.body), self._values.scope():
                store(loop.induction_variable, cut(0, stride, self._values.piece_width))
                scf.yield_([])
        store(base, cut(full, length, self._values.piece_width))

    def _store_quantized(self, sink: QuantizeSink, piece: Piece, scale: Scale, *, fast: bool) -> None:
        if sink.q:
            parts = self._values.at(sink.op.x, piece)
            codes = [emit_codes(self._e, sink.op, part, *scale, fast=fast) for part in parts]
            self._values.store_codes(sink.q, codes, piece)

    def _store_scale(self, sink: QuantizeSink, scale: ir.Value, index: ir.Value) -> None:
        for buffer in sink.scales:
            buffer.store(self._e, scale, self._values.row, index)
