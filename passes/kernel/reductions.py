# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions over the columns of a row: the reciprocal root mean square, and the largest magnitude."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, math, memref, scf

from .columns import cut
from .emitter import Emitter, tree
from .formulas import rstd, scale_from_absmax
from .values import Piece, RowValues

#: Independent accumulators, counted in vectors of f32: enough to hide the latency of an add on current cores.
ACCUMULATORS = 4


@dataclass(frozen=True)
class Reduction:
    """What is reduced, and how.

    Attributes:
        at: Returns the vectors of a piece.
        step: Maps an accumulator and a vector of the same type to the new accumulator.
        combine: Combines two accumulators, or two numbers.
        kind: The same over the lanes of a vector: ``add`` or ``maxsi``, which begin with zero.
        finish: Maps the number of an accumulator to that of the reduction.
    """

    at: Callable[[Piece], Sequence[ir.Value]]
    step: Callable[[ir.Value, ir.Value], ir.Value]
    combine: Callable[[ir.Value, ir.Value], ir.Value]
    kind: str
    finish: Callable[[ir.Value], ir.Value] = lambda number: number


def reduce_columns(
    e: Emitter, values: RowValues, reduction: Reduction, columns: tuple[ir.Value, int], types: Sequence[ir.Type]
) -> ir.Value:
    """Reduce columns (first, how many) to a number.

    Args:
        e: The emitter.
        values: The row's values.
        reduction: What is reduced.
        columns: First column (index) and how many columns.
        types: The types of the vectors of a full piece.
    """
    begin, length = columns
    pieces = max(1, ACCUMULATORS * values.lanes // values.piece_width)
    stride = pieces * values.piece_width
    full = length // stride * stride
    partial = []
    if full:
        starts = [_zero(e, type_) for type_ in types] * pieces
        loop = scf.ForOp(begin, e.offset(begin, full), e.index(stride), starts)
        with ir.InsertionPoint(loop.body), values.scope():
            spans = cut(0, stride, values.piece_width)
            parts = [p for s in spans for p in reduction.at(Piece(loop.induction_variable, s.offset, s.width))]
            scf.yield_([reduction.step(a, part) for a, part in zip(loop.inner_iter_args, parts, strict=True)])
        partial.append(tree(list(loop.results), reduction.combine))
    by_type: dict[ir.Type, ir.Value] = {}
    for span in cut(full, length, values.piece_width):
        for part in reduction.at(Piece(begin, span.offset, span.width)):
            by_type[part.type] = reduction.step(by_type.get(part.type) or _zero(e, part.type), part)
    numbers = [reduction.finish(e.reduce(reduction.kind, acc)) for acc in (*partial, *by_type.values())]
    return tree(numbers, reduction.combine)


def _zero(e: Emitter, type_: ir.Type) -> ir.Value:
    return e.constant(0.0 if isinstance(type_.element_type, ir.F32Type) else 0, type_)


def add_square(op: ir.OpView) -> Callable[[ir.Value, ir.Value], ir.Value]:
    """Return the step that adds squares of an `rms_norm` op's input to an accumulator."""
    # The square of a bf16 or f16 is exact in f32, so a fused multiply-add rounds as eager does; that of an f32 is not.
    if isinstance(op.x.type.element_type, ir.F32Type):
        return lambda acc, x: arith.addf(acc, arith.mulf(x, x))
    return lambda acc, x: math.fma(x, x, acc)


def emit_rstd(e: Emitter, values: RowValues, op: ir.OpView) -> ir.Value:
    """Emit ``1 / sqrt(mean(x^2) + eps)`` of the current row for an `rms_norm` op."""
    squares = Reduction(lambda piece: values.at(op.x, piece), add_square(op), arith.addf, "add")
    types = [e.vector(values.lanes, e.f32)] * values.parts
    return rstd(e, op, reduce_columns(e, values, squares, (e.index(0), op.variance_size.value), types))


def emit_scale(e: Emitter, values: RowValues, op: ir.OpView, bits: ir.Value) -> ir.Value:
    """Emit the scale of a `quantize` op from the absmax, given as bits; both can be vectors."""
    ceiling = None if op.ceiling is None else memref.load(values.buffers[op.ceiling].memref, [e.index(0)])
    return scale_from_absmax(e, op, bits, ceiling)


def emit_absmax(
    e: Emitter,
    values: RowValues,
    source: ir.Value,
    columns: tuple[ir.Value, int],
    at_piece: Callable[[Piece], None] = lambda _: None,
) -> ir.Value:
    """Emit the absmax, as bits of f32, of columns (first, how many) of a row value.

    Args:
        e: The emitter.
        values: The row's values.
        source: The value.
        columns: First column (index) and how many columns.
        at_piece: Emits what else is done at each piece.
    """

    def at(piece: Piece) -> Sequence[ir.Value]:
        at_piece(piece)
        return values.magnitudes(source, piece)

    def finish(number: ir.Value) -> ir.Value:
        if number.type == e.i32:
            return number
        return arith.shli(arith.extui(e.i32, number), e.constant(16, e.i32))

    return reduce_columns(
        e, values, Reduction(at, arith.maxsi, arith.maxsi, "maxsi", finish), columns, values.magnitude_types(source)
    )
