# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The results of a row: quantised groups and plain values, computed in as few walks over the columns as possible."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import lcm

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, scf

from .columns import Span, cut, cut_at
from .emitter import Emitter, tree
from .formulas import absmax_bits
from .quantizing import emit_codes, is_ordinary
from .reductions import emit_absmax, emit_scale
from .values import Buffer, Piece, RowValues

#: Most columns whose values one loop body holds in registers (or, beyond them, in spill slots of the L1 cache).
MAX_CHUNK = 512


@dataclass(frozen=True)
class GroupSink:
    """A `quantize` op with a scale for each group, and where its results go (None: the result is not used)."""

    op: ir.OpView
    q: Buffer | None
    scales: Buffer | None

    @property
    def group(self) -> int:
        """Columns that share a scale."""
        return int(min(self.op.group_size.value, self.op.x.type.shape[1]))


@dataclass
class Walk:
    """One walk over the columns of a width, in chunks of `chunk` columns."""

    width: int
    chunk: int
    groups: list[GroupSink] = field(default_factory=list)
    maps: list[Callable[[Sequence[Piece]], None]] = field(default_factory=list)


def emit_sinks(e: Emitter, values: RowValues, outputs: Sequence[tuple[ir.Value, Buffer]]) -> None:
    """Emit everything that stores results of the current row.

    Args:
        e: The emitter.
        values: The row's values; reductions over whole rows are done already.
        outputs: Yielded values of the body with their buffers.
    """
    walks: list[Walk] = []
    for op, results in _by_producer(outputs):
        if op is None or op.operation.name != "fanfold.quantize":
            for value, buffer in results:
                _walk_for(walks, value.type.shape[1], 4 * values.lanes).maps.append(_plain(values, value, buffer))
        else:
            _add_quantize(e, values, walks, op, dict(results))
    for walk in walks:
        _emit_walk(e, values, walk)


def _by_producer(
    outputs: Sequence[tuple[ir.Value, Buffer]],
) -> list[tuple[ir.OpView | None, list[tuple[ir.Value, Buffer]]]]:
    """Group outputs by the op that makes them; block arguments have none."""
    grouped: dict[object, tuple[ir.OpView | None, list[tuple[ir.Value, Buffer]]]] = {}
    for value, buffer in outputs:
        is_argument = isinstance(value, ir.BlockArgument)
        key = value if is_argument else value.owner
        op = None if is_argument else value.owner.opview
        grouped.setdefault(key, (op, []))[1].append((value, buffer))
    return list(grouped.values())


def _plain(values: RowValues, value: ir.Value, buffer: Buffer) -> Callable[[Sequence[Piece]], None]:
    def store(pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            values.store(buffer, values.at(value, piece), piece)

    return store


def _walk_for(walks: list[Walk], width: int, chunk: int) -> Walk:
    """Return the first walk over `width` columns, made when there is none: plain results ride along."""
    for walk in walks:
        if walk.width == width:
            return walk
    walks.append(Walk(width, chunk))
    return walks[-1]


def _add_quantize(
    e: Emitter,
    values: RowValues,
    walks: list[Walk],
    op: ir.OpView,
    buffers: dict[ir.Value, Buffer],
) -> None:
    width = op.x.type.shape[1]
    q, scales = buffers.get(op.q), buffers.get(op.scales) if op.scales is not None else None
    match op.granularity.value:
        case "group":
            _add_group(walks, GroupSink(op, q, scales), width)
        case "token":
            scale = values.row_scalars[op.q]
            if scales is not None:
                _store_scale(values, scales, scale, e.index(0))
            if q is not None:
                _emit_scaled_walk(e, values, op, q, scale, (e.index(0), width))
        case "tensor":
            if q is not None:
                _walk_for(walks, width, 4 * values.lanes).maps.append(_static(e, values, op, q))


def _static(e: Emitter, values: RowValues, op: ir.OpView, q: Buffer) -> Callable[[Sequence[Piece]], None]:
    scale = memref.load(values.buffers[op.scale].memref, [e.index(0)])
    inverse = arith.divf(e.constant(1.0, e.f32), scale)

    def store(pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            _store_quantized(e, values, op, q, piece, (scale, inverse), fast=False)

    return store


def _add_group(walks: list[Walk], sink: GroupSink, width: int) -> None:
    """Let the sink share a walk whose chunk can hold whole groups of both; otherwise it gets its own."""
    for walk in walks:
        common = lcm(walk.chunk, sink.group)
        if walk.width == width and common <= MAX_CHUNK:
            walk.chunk = common
            walk.groups.append(sink)
            return
    # Small groups: several a chunk, so that the walk has independent work in flight.
    chunk = sink.group * max(1, 64 // sink.group)
    walks.append(Walk(width, chunk, [sink]))


def _emit_walk(e: Emitter, values: RowValues, walk: Walk) -> None:
    if walk.chunk > MAX_CHUNK:
        _emit_long_groups(e, values, walk)
        return
    whole = walk.width // walk.chunk
    if whole:
        loop = scf.ForOp(e.index(0), e.index(whole * walk.chunk), e.index(walk.chunk))
        with ir.InsertionPoint(loop.body):
            _emit_chunk(e, values, walk, loop.induction_variable, walk.chunk)
            scf.yield_([])
    rest = walk.width - whole * walk.chunk
    if rest:
        _emit_chunk(e, values, walk, e.index(whole * walk.chunk), rest)


def _emit_chunk(e: Emitter, values: RowValues, walk: Walk, base: ir.Value, length: int) -> None:
    """Emit `length` columns from `base`: every value is computed once and serves all results."""
    ends = {0, length}
    for sink in walk.groups:
        ends.update(range(0, length, sink.group))
    spans = cut_at(sorted(ends), values.piece_width)
    for emit_map in walk.maps:
        emit_map([Piece(base, s.offset, s.width) for s in spans])
    for sink in walk.groups:
        group_base = arith.divui(base, e.index(sink.group))
        for j, begin in enumerate(range(0, length, sink.group)):
            end = min(begin + sink.group, length)
            pieces = [Piece(base, s.offset, s.width) for s in spans if begin <= s.offset < end]
            _emit_group(e, values, sink, pieces, e.offset(group_base, j))


def _emit_group(e: Emitter, values: RowValues, sink: GroupSink, pieces: Sequence[Piece], group_index: ir.Value) -> None:
    by_width: dict[int, ir.Value] = {}
    for part in (part for piece in pieces for part in values.at(sink.op.x, piece)):
        width = part.type.shape[0]
        zero = e.constant(0, e.vector(width, e.i32))
        by_width[width] = absmax_bits(e, by_width.get(width, zero), part)
    bits = tree([e.reduce("maxsi", v) for v in by_width.values()], arith.maxsi)
    scale = emit_scale(e, values, sink.op, bits)
    if sink.scales is not None:
        _store_scale(values, sink.scales, scale, group_index)
    if sink.q is None:
        return
    q = sink.q

    def emit(inverse: ir.Value, *, fast: bool) -> None:
        for piece in pieces:
            _store_quantized(e, values, sink.op, q, piece, (scale, inverse), fast=fast)

    _with_range_check(e, sink.op, scale, emit)


def _with_range_check(e: Emitter, op: ir.OpView, scale: ir.Value, emit: Callable[..., None]) -> None:
    """Emit the quantisation twice: fast, for scales in the ordinary range, and exact for all others."""
    inverse = arith.divf(e.constant(1.0, e.f32), scale)
    if op.ceiling is not None:
        # Values above the ceiling saturate, infinities included: the fast form's premise fails.
        emit(inverse, fast=False)
        return
    ordinary = is_ordinary(e, scale)
    branch = scf.IfOp(ordinary, has_else=True)
    with ir.InsertionPoint(branch.then_block):
        emit(inverse, fast=True)
        scf.yield_([])
    with ir.InsertionPoint(branch.else_block):
        emit(inverse, fast=False)
        scf.yield_([])


def _emit_long_groups(e: Emitter, values: RowValues, walk: Walk) -> None:
    """Groups too long to hold in registers: one loop finds the maximum, a second one reads the row again."""
    (sink,) = walk.groups
    group, width = sink.group, walk.width

    def emit(base: ir.Value, length: int, index: ir.Value) -> None:
        scale = emit_scale(e, values, sink.op, emit_absmax(e, values, sink.op, (base, length)))
        if sink.scales is not None:
            _store_scale(values, sink.scales, scale, index)
        if sink.q is not None:
            _emit_scaled_walk(e, values, sink.op, sink.q, scale, (base, length))

    whole = width // group
    loop = scf.ForOp(e.index(0), e.index(whole), e.index(1))
    with ir.InsertionPoint(loop.body):
        emit(arith.muli(loop.induction_variable, e.index(group)), group, loop.induction_variable)
        scf.yield_([])
    if width % group:
        emit(e.index(whole * group), width % group, e.index(whole))


def _emit_scaled_walk(
    e: Emitter,
    values: RowValues,
    op: ir.OpView,
    q: Buffer,
    scale: ir.Value,
    columns: tuple[ir.Value, int],
) -> None:
    """Quantise columns (first, how many) by one scale that is known already."""
    base, length = columns

    def emit(inverse: ir.Value, *, fast: bool) -> None:
        # Values computed in this branch do not dominate the other one.
        values.forget()

        def store(at: ir.Value, spans: Sequence[Span]) -> None:
            for span in spans:
                piece = Piece(at, span.offset, span.width)
                _store_quantized(e, values, op, q, piece, (scale, inverse), fast=fast)

        stride = 4 * values.lanes
        full = length // stride * stride
        if full:
            loop = scf.ForOp(base, e.offset(base, full), e.index(stride))
            with ir.InsertionPoint(loop.body):
                store(loop.induction_variable, cut(0, stride, values.piece_width))
                scf.yield_([])
        store(base, cut(full, length, values.piece_width))
        values.forget()

    _with_range_check(e, op, scale, emit)


def _store_quantized(
    e: Emitter,
    values: RowValues,
    op: ir.OpView,
    q: Buffer,
    piece: Piece,
    scale_and_inverse: tuple[ir.Value, ir.Value],
    *,
    fast: bool,
) -> None:
    scale, inverse = scale_and_inverse
    parts = values.at(op.x, piece)
    values.store_codes(q, tuple(emit_codes(e, op, part, scale, inverse, fast=fast) for part in parts), piece)


def _store_scale(values: RowValues, buffer: Buffer, scale: ir.Value, index: ir.Value) -> None:
    memref.store(scale, buffer.memref, [values.row, index])
