# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Emission of a row's results: the walks of the plan."""

from collections.abc import Sequence

from torch_mlir import ir
from torch_mlir.dialects import memref, scf

from .blocks import BlockWriter, codes_at, in_both_forms
from .emitter import Emitter
from .loops import AtPiece, for_columns, for_groups
from .quantizing import Scale, is_ordinary
from .reductions import emit_absmax, emit_scale
from .scales import ScaleBuffer
from .scratch import Scratch
from .values import Buffer, Piece, RowValues
from .walks import AbsmaxSink, PlainSink, QuantizeSink, Walk, plan, sinks_of


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
        walks = plan(sinks)
        scratch = Scratch(self._e, walks)
        for walk in walks:
            if walk.is_long:
                self._write_long_groups(walk.groups[0])
            else:
                self._write_walk(walk, scratch)
        for sink in sinks:
            if isinstance(sink, AbsmaxSink):
                absmax = self._values.row_scalars[sink.op.y]
                memref.store(absmax, sink.buffer.memref, [self._values.row, self._e.index(0)])
            elif isinstance(sink, QuantizeSink):
                for buffer in sink.scales:
                    buffer.store_rest(self._e, self._values.row)

    def _write_walk(self, walk: Walk, scratch: Scratch) -> None:
        e = self._e
        at_piece = self._at_maps(walk)
        if not walk.groups:
            for_columns(e, self._values, (e.index(0), walk.width), at_piece)
            return
        blocks = BlockWriter(e, self._values, walk, scratch, at_piece)
        whole = walk.width // walk.block * walk.block
        if whole:
            loop = scf.ForOp(e.index(0), e.index(whole), e.index(walk.block))
            with ir.InsertionPoint(loop.body), self._values.scope():
                blocks.write(loop.induction_variable, walk.block)
                scf.yield_([])
        if whole < walk.width:
            blocks.write(e.index(whole), walk.width - whole)

    def _at_maps(self, walk: Walk) -> AtPiece:
        """Return what stores plain values and quantises by static scales, which are read here."""
        e, values = self._e, self._values
        quantize = []
        for sink in walk.maps:
            if isinstance(sink, QuantizeSink):
                scale = Scale.of(e, sink.op, memref.load(values.buffers[sink.op.scale].memref, [e.index(0)]))
                quantize.append(codes_at(e, values, sink, scale, fast=False))

        def at_piece(piece: Piece) -> None:
            for sink in walk.maps:
                if isinstance(sink, PlainSink):
                    values.store(sink.buffer, values.at(sink.value, piece), piece)
            for at in quantize:
                at(piece)

        return at_piece

    def _write_long_groups(self, sink: QuantizeSink) -> None:
        """Emit groups too long to keep: one loop finds the maximum, a second one computes the values again."""
        e, values = self._e, self._values

        def body(begin: ir.Value, width: int, index: ir.Value) -> None:
            bits = emit_absmax(e, values, sink.op.x, (begin, width))
            scale = emit_scale(e, values, sink.op, bits)
            for buffer in sink.scales:
                buffer.store(e, scale, values.row, index)
            if sink.q:
                known = Scale.of(e, sink.op, scale)

                def emit(*, fast: bool) -> None:
                    for_columns(e, values, (begin, width), codes_at(e, values, sink, known, fast=fast))

                in_both_forms(values, sink, is_ordinary(e, scale), emit)

        for_groups(e, values, (e.index(0), sink.op.x.type.shape[1]), sink.group, body)
