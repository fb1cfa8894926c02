# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a thread computes of its row: reductions that it shares with others, then the results at its columns."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from torch_mlir import ir
from torch_mlir.dialects import arith, gpu, memref, scf

from fanfold.passes.kernel.emitter import Emitter, tree
from fanfold.passes.kernel.formulas import absmax_bits, rstd
from fanfold.passes.kernel.quantizing import Scale, emit_bytes, is_ordinary
from fanfold.passes.kernel.reductions import add_square, emit_scale
from fanfold.passes.kernel.scales import ScaleBuffer
from fanfold.passes.kernel.values import Buffer, Piece
from fanfold.passes.kernel.walks import AbsmaxSink, PlainSink, QuantizeSink, sinks_of

from .device import GpuDevice
from .lanes import Lanes, shared_memory
from .schedule import Schedule, is_of_whole_row
from .values import LaneValues


class LaneWriter:
    """Emits the work of a thread.

    Args:
        e: The emitter.
        values: The row's values at the thread's columns.
        lanes: The threads that share the row.
        schedule: The shape of the workgroup.
        device: The device.
    """

    def __init__(self, e: Emitter, values: LaneValues, lanes: Lanes, schedule: Schedule, device: GpuDevice) -> None:
        self._e = e
        self._values = values
        self._lanes = lanes
        self._schedule = schedule
        self._subgroup = device.subgroup

    def reduce(self, op: ir.OpView) -> None:
        """Emit the number of a row that an op needs, if it needs one."""
        if op.operation.name == "fanfold.rms_norm":
            total = self._sum_of_squares(op)
            self._values.row_scalars[op.y] = rstd(self._e, op, total)
        elif op.operation.name == "fanfold.absmax":
            self._values.row_scalars[op.y] = self._e.to_float(self._absmax(op.x))
        elif op.operation.name == "fanfold.quantize" and is_of_whole_row(op):
            self._values.row_scalars[op.q] = emit_scale(self._e, self._values, op, self._absmax(op.x))

    def write(self, outputs: Sequence[tuple[ir.Value, Buffer | ScaleBuffer]]) -> None:
        """Emit the stores of the body's yielded values to their buffers."""
        for sink in sinks_of(outputs):
            if isinstance(sink, PlainSink):
                self._write_plain(sink)
            elif isinstance(sink, AbsmaxSink):
                with self._if(self._values.place.is_first(self._e)):
                    absmax = self._values.row_scalars[sink.op.y]
                    memref.store(absmax, sink.buffer.memref, [self._values.row, self._e.index(0)])
            elif sink.granularity == "tensor":
                self._write_static(sink)
            elif is_of_whole_row(sink.op):
                self._write_token(sink)
            else:
                self._write_groups(sink)

    # Reductions

    def _sum_of_squares(self, op: ir.OpView) -> ir.Value:
        step = add_square(op)

        def add(pieces: list[Piece], carried: list[ir.Value]) -> list[ir.Value]:
            (acc,) = carried
            for piece in pieces:
                (x,) = self._values.at(op.x, piece)
                acc = step(acc, self._or_zero(x, piece))
            return [acc]

        start = self._e.constant(0.0, self._e.vector(self._schedule.vector, self._e.f32))
        (acc,) = self._values.over_pieces(op.variance_size.value, add, [start])
        return self._lanes.over_row(self._e.reduce("add", acc), "add")

    def _absmax(self, source: ir.Value) -> ir.Value:
        e = self._e

        def take(pieces: list[Piece], carried: list[ir.Value]) -> list[ir.Value]:
            (acc,) = carried
            for piece in pieces:
                (x,) = self._values.at(source, piece)
                acc = absmax_bits(e, acc, self._or_zero(x, piece))
            return [acc]

        start = e.constant(0, e.vector(self._schedule.vector, e.i32))
        (acc,) = self._values.over_pieces(source.type.shape[1], take, [start])
        return self._lanes.over_row(e.reduce("maxsi", acc), "maxsi")

    def _or_zero(self, x: ir.Value, piece: Piece) -> ir.Value:
        """Return a vector, or zeros where the thread has no columns: what was computed there is no value of the row."""
        if piece.guard is None:
            return x
        return arith.select(piece.guard, x, self._e.float_constant(0.0, x))

    # Results

    def _write_plain(self, sink: PlainSink) -> None:
        def write(pieces: list[Piece]) -> None:
            for piece in pieces:
                parts = self._values.at(sink.value, piece)
                with self._if(piece.guard):
                    self._values.store(sink.buffer, parts, piece)

        self._at_pieces(sink.value, write)

    def _write_static(self, sink: QuantizeSink) -> None:
        value = memref.load(self._values.buffers[sink.op.scale].memref, [self._e.index(0)])
        scale = Scale.of(self._e, sink.op, value)

        def write(pieces: list[Piece]) -> None:
            for piece in pieces:
                self._store_codes(sink, piece, scale, fast=False)

        self._at_pieces(sink.op.x, write)

    def _write_token(self, sink: QuantizeSink) -> None:
        scale = self._values.row_scalars[sink.op.q]
        with self._if(self._values.place.is_first(self._e)):
            self._store_scale(sink, scale, self._e.index(0))
            for buffer in sink.scales:
                buffer.store_rest(self._e, self._values.row)
        self._at_pieces(sink.op.x, lambda pieces: self._in_both_forms(sink, pieces, [scale] * len(pieces)))

    def _write_groups(self, sink: QuantizeSink) -> None:
        if any(buffer.layout.packed for buffer in sink.scales):
            with self._if(self._values.place.is_first(self._e)):
                for buffer in sink.scales:
                    buffer.store_rest(self._e, self._values.row)
        self._at_pieces(sink.op.x, lambda pieces: self._write_pieces_of_groups(sink, pieces))

    def _write_pieces_of_groups(self, sink: QuantizeSink, pieces: Sequence[Piece]) -> None:
        e = self._e
        maxima = self._group_maxima(sink, pieces)
        scales = [emit_scale(e, self._values, sink.op, bits) for bits in maxima]
        group = e.index(sink.group)
        for piece, scale in zip(pieces, scales, strict=True):
            column = e.offset(piece.base, piece.offset)
            begins = arith.cmpi(arith.CmpIPredicate.eq, arith.remui(column, group), e.index(0))
            with self._if(begins, piece.guard):
                self._store_scale(sink, scale, arith.divui(column, group))
        self._in_both_forms(sink, pieces, scales)

    def _at_pieces(self, value: ir.Value, write: Callable[[list[Piece]], None]) -> None:
        """Emit the stores of a row value's pieces."""

        def at_pieces(pieces: list[Piece], _: list[ir.Value]) -> list[ir.Value]:
            write(pieces)
            return []

        self._values.over_pieces(value.type.shape[1], at_pieces)

    def _group_maxima(self, sink: QuantizeSink, pieces: Sequence[Piece]) -> list[ir.Value]:
        """Return the absmax, as bits, of the group that each piece is in."""
        e, s = self._e, self._schedule
        own = []
        for piece in pieces:
            (x,) = self._values.at(sink.op.x, piece)
            magnitudes = absmax_bits(e, e.constant(0, e.like(x, e.i32)), self._or_zero(x, piece))
            own.append(e.reduce("maxsi", magnitudes))
        if s.lanes_own(sink.group, self._subgroup):
            return [self._lanes.over_neighbours(bits, sink.group // s.vector, "maxsi") for bits in own]
        return self._maxima_in_memory(sink, pieces, own)

    def _maxima_in_memory(self, sink: QuantizeSink, pieces: Sequence[Piece], own: Sequence[ir.Value]) -> list[ir.Value]:
        """Combine maxima of groups of any size: a maximum is the same in whatever order the threads come."""
        e, s = self._e, self._schedule
        width = sink.op.x.type.shape[1]
        count = -(-width // sink.group)
        shared = shared_memory(s.rows * count, e.i32)
        here = self._values.place
        local_row = arith.divui(here.local, e.index(s.threads))
        first = arith.muli(local_row, e.index(count))
        total, zero = s.rows * count, e.constant(0, e.i32)
        threads = s.rows * s.threads
        for begin in range(0, total, threads):
            at = e.offset(here.local, begin)
            inside = None if begin + threads <= total else arith.cmpi(arith.CmpIPredicate.ult, at, e.index(total))
            with self._if_any(inside):
                memref.store(zero, shared, [at])
        gpu.barrier()
        places = []
        for piece, bits in zip(pieces, own, strict=True):
            number = arith.divui(e.offset(piece.base, piece.offset), e.index(sink.group))
            places.append(arith.addi(first, number))
            with self._if_any(piece.guard):
                memref.atomic_rmw(arith.AtomicRMWKind.maxs, bits, shared, [places[-1]])
        gpu.barrier()
        maxima = []
        for piece, at in zip(pieces, places, strict=True):
            safe = at if piece.guard is None else arith.select(piece.guard, at, first)
            maxima.append(memref.load(shared, [safe]))
        return maxima

    def _in_both_forms(self, sink: QuantizeSink, pieces: Sequence[Piece], scales: Sequence[ir.Value]) -> None:
        """Emit the quantisation twice: fast, if all scales are in the ordinary range, and exact otherwise."""
        if not sink.q:
            return
        known = [Scale.of(self._e, sink.op, scale) for scale in scales]
        for piece in pieces:
            self._values.at(sink.op.x, piece)

        def emit(fast: bool) -> None:
            for piece, scale in zip(pieces, known, strict=True):
                self._store_codes(sink, piece, scale, fast=fast)

        if sink.op.ceiling is not None:
            emit(fast=False)
            return
        distinct = list(dict.fromkeys(scales))
        ordinary = tree([is_ordinary(self._e, scale) for scale in distinct], arith.andi)
        branch = scf.IfOp(ordinary, has_else=True)
        for block, fast in ((branch.then_block, True), (branch.else_block, False)):
            with ir.InsertionPoint(block), self._values.scope():
                emit(fast)
                scf.yield_([])

    def _store_codes(self, sink: QuantizeSink, piece: Piece, scale: Scale, *, fast: bool) -> None:
        if sink.q:
            codes = emit_bytes(self._e, sink.op, self._values.at(sink.op.x, piece), scale, fast=fast)
            with self._if(piece.guard):
                self._values.store_codes(sink.q, codes, piece)

    def _store_scale(self, sink: QuantizeSink, scale: ir.Value, index: ir.Value) -> None:
        for buffer in sink.scales:
            buffer.store(self._e, scale, self._values.row, index)

    def _if(self, *conditions: ir.Value | None) -> AbstractContextManager[None]:
        """Guard stores: what follows runs where there is a row and all conditions hold; None always does."""
        return _guarded([*conditions, self._values.place.has_row])

    def _if_any(self, *conditions: ir.Value | None) -> AbstractContextManager[None]:
        """Guard what also runs where there is no row."""
        return _guarded(conditions)


@contextmanager
def _guarded(conditions: Sequence[ir.Value | None]) -> Iterator[None]:
    needed = [condition for condition in conditions if condition is not None]
    if not needed:
        yield
        return
    branch = scf.IfOp(tree(needed, arith.andi))
    with ir.InsertionPoint(branch.then_block):
        yield
        scf.yield_([])
