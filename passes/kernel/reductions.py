# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions over a whole row: the reciprocal root mean square, and the scale of a token."""

from collections.abc import Callable

from torch_mlir import ir
from torch_mlir.dialects import arith, math, memref, scf

from .columns import cut
from .emitter import Emitter, tree
from .formulas import absmax_bits, rstd, scale_from_absmax
from .values import Piece, RowValues

#: Independent accumulators: enough to hide the latency of an add on current cores.
ACCUMULATORS = 4


def reduce_columns(
    e: Emitter,
    values: RowValues,
    source: ir.Value,
    columns: tuple[ir.Value, int],
    step: Callable[[ir.Value, ir.Value], ir.Value],
    kind: str,
) -> ir.Value:
    """Reduce columns of a row value to a scalar.

    Args:
        e: The emitter.
        values: The row's values.
        source: The value to reduce.
        columns: First column (index) and how many columns.
        step: Maps an accumulator vector and an f32 vector of the same width to the new accumulator.
        kind: How accumulators combine: ``add`` (f32, from 0) or ``maxsi`` (i32, from 0).
    """
    begin, length = columns
    element, combine = (e.f32, arith.addf) if kind == "add" else (e.i32, arith.maxsi)
    stride = ACCUMULATORS * values.lanes
    full = length // stride * stride

    def start(width: int) -> ir.Value:
        return e.constant(0.0 if kind == "add" else 0, e.vector(width, element))

    partial = []
    if full:
        loop = scf.ForOp(begin, e.offset(begin, full), e.index(stride), [start(values.lanes)] * ACCUMULATORS)
        with ir.InsertionPoint(loop.body), values.scope():
            spans = cut(0, stride, values.piece_width)
            parts = [p for s in spans for p in values.at(source, Piece(loop.induction_variable, s.offset, s.width))]
            scf.yield_([step(acc, part) for acc, part in zip(loop.inner_iter_args, parts, strict=True)])
        partial.append(e.reduce(kind, tree(list(loop.results), combine)))
    by_width: dict[int, ir.Value] = {}
    for span in cut(full, length, values.piece_width):
        for part in values.at(source, Piece(begin, span.offset, span.width)):
            width = part.type.shape[0]
            by_width[width] = step(by_width.get(width) or start(width), part)
    partial += [e.reduce(kind, acc) for acc in by_width.values()]
    return tree(partial, combine)


def add_square(op: ir.OpView) -> Callable[[ir.Value, ir.Value], ir.Value]:
    """Return the step that adds squares of an `rms_norm` op's input to an accumulator."""
    # The square of a bf16 or f16 is exact in f32, so a fused multiply-add rounds as eager does; that of an f32 is not.
    if isinstance(op.x.type.element_type, ir.F32Type):
        return lambda acc, x: arith.addf(acc, arith.mulf(x, x))
    return lambda acc, x: math.fma(x, x, acc)


def emit_rstd(e: Emitter, values: RowValues, op: ir.OpView) -> ir.Value:
    """Emit ``1 / sqrt(mean(x^2) + eps)`` of the current row for an `rms_norm` op."""
    columns = e.index(0), op.variance_size.value
    return rstd(e, op, reduce_columns(e, values, op.x, columns, add_square(op), "add"))


def emit_scale(e: Emitter, values: RowValues, op: ir.OpView, bits: ir.Value) -> ir.Value:
    """Emit the scale of a `quantize` op from the absmax, given as bits."""
    ceiling = None if op.ceiling is None else memref.load(values.buffers[op.ceiling].memref, [e.index(0)])
    return scale_from_absmax(e, op, bits, ceiling)


def emit_absmax(e: Emitter, values: RowValues, op: ir.OpView, columns: tuple[ir.Value, int]) -> ir.Value:
    """Emit the absmax, as bits, of columns (first, how many) of a `quantize` op's input."""
    return reduce_columns(e, values, op.x, columns, lambda acc, part: absmax_bits(e, acc, part), "maxsi")


def emit_token_scale(e: Emitter, values: RowValues, op: ir.OpView) -> ir.Value:
    """Emit the scale of the current row for a `quantize` op of granularity ``token``."""
    return emit_scale(e, values, op, emit_absmax(e, values, op, (e.index(0), op.x.type.shape[1])))
