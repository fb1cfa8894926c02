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
    begin: ir.Value,
    length: int,
    lanes: int,
    initial: ir.Value,
    step: Callable[[ir.Value, Piece], ir.Value],
    kind: str,
) -> ir.Value:
    """Reduce `length` columns from `begin` to a scalar.

    Args:
        e: The emitter.
        begin: First column (index).
        length: How many columns.
        lanes: Lanes of a full vector.
        initial: Scalar that starts every accumulator.
        step: Maps an accumulator vector and a piece of its width to the new accumulator.
        kind: How accumulators combine: ``add`` (f32) or ``maxsi`` (i32).
    """
    combine = arith.addf if kind == "add" else arith.maxsi
    stride = ACCUMULATORS * lanes
    full = length // stride * stride
    partial = []
    if full:
        start = [e.splat(initial, lanes)] * ACCUMULATORS
        loop = scf.ForOp(begin, e.offset(begin, full), e.index(stride), start)
        with ir.InsertionPoint(loop.body):
            pieces = [Piece(loop.induction_variable, i * lanes, lanes) for i in range(ACCUMULATORS)]
            scf.yield_([step(acc, p) for acc, p in zip(loop.inner_iter_args, pieces, strict=True)])
        partial.append(e.reduce(kind, tree(list(loop.results), combine)))
    by_width: dict[int, ir.Value] = {}
    for span in cut(full, length, lanes):
        acc = by_width.get(span.width) or e.splat(initial, span.width)
        by_width[span.width] = step(acc, Piece(begin, span.offset, span.width))
    partial += [e.reduce(kind, acc) for acc in by_width.values()]
    return tree(partial, combine)


def emit_rstd(e: Emitter, values: RowValues, op: ir.OpView, lanes: int) -> ir.Value:
    """Emit ``1 / sqrt(mean(x^2) + eps)`` of the current row for an `rms_norm` op."""
    size = op.variance_size.value
    zero = e.constant(0.0, e.f32)

    # The square of a bf16 or f16 is exact in f32, so a fused multiply-add rounds as eager does; that of an f32 is not.
    exact_square = not isinstance(op.x.type.element_type, ir.F32Type)

    def add_square(acc: ir.Value, piece: Piece) -> ir.Value:
        x = values.at(op.x, piece)
        return math.fma(x, x, acc) if exact_square else arith.addf(acc, arith.mulf(x, x))

    total = reduce_columns(e, e.index(0), size, lanes, zero, add_square, "add")
    return rstd(e, op, total)


def emit_scale(e: Emitter, values: RowValues, op: ir.OpView, bits: ir.Value) -> ir.Value:
    """Emit the scale of a `quantize` op from the absmax, given as bits."""
    ceiling = None if op.ceiling is None else memref.load(values.buffers[op.ceiling].memref, [e.index(0)])
    return scale_from_absmax(e, op, bits, ceiling)


def emit_token_scale(e: Emitter, values: RowValues, op: ir.OpView, lanes: int) -> ir.Value:
    """Emit the scale of the current row for a `quantize` op of granularity ``token``."""
    bits = reduce_columns(
        e,
        e.index(0),
        op.x.type.shape[1],
        lanes,
        e.constant(0, e.i32),
        lambda acc, piece: absmax_bits(e, acc, values.at(op.x, piece)),
        "maxsi",
    )
    return emit_scale(e, values, op, bits)
