# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The row-wise ops except `quantize`, each as a function from its operands to its result."""

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from fanfold.passes.kernel import formulas
from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.rounding import round_to

from .build import Input, elementwise, empty, filled, reduce_last
from .shapes import slice_columns, split

#: Squares that are added one after another; their sums are added after that.
CHUNK = 64


def cast(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.cast`."""
    element = op.y.type.element_type
    return [elementwise([(op.x, (0, 1))], _result(op.x, op), lambda e, v: round_to(e, v[0], element))]


def residual_add(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.residual_add`."""
    element = op.y.type.element_type
    inputs = [(op.x, (0, 1)), (op.residual, (0, 1))]
    return [elementwise(inputs, _result(op.x, op), lambda e, v: round_to(e, arith.addf(*v), element))]


def silu_mul(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.silu_mul`."""
    element = op.y.type.element_type

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        return round_to(e, formulas.silu_mul(e, op, *v), element)

    return [elementwise([(op.gate, (0, 1)), (op.up, (0, 1))], _result(op.gate, op), body)]


def function(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.elementwise`."""
    element = op.y.type.element_type
    inputs: list[Input] = [(op.x, (0, 1))]
    if op.other is not None and formulas.is_single_number(op):
        scalar = ir.RankedTensorType.get([], op.other.type.element_type)
        inputs.append((tensor.collapse_shape(scalar, op.other, []), ()))
    elif op.other is not None:
        inputs.append((op.other, (0, 1) if op.other.type.rank == 2 else (1,)))

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        x, *other = v
        return round_to(e, formulas.elementwise(e, op, x, other[0] if other else None), element)

    return [elementwise(inputs, _result(op.x, op), body)]


def columns(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.columns`."""
    return [slice_columns(op.x, op.offset.value, op.y.type.shape[1])]


def absmax(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.absmax`."""
    i32, f32 = ir.IntegerType.get_signless(32), ir.F32Type.get()
    bits = reduce_last(op.x, filled(op.x, [], 0, i32), lambda e, v: formulas.absmax_bits(e, v[1], v[0]))
    return [elementwise([(bits, (0,))], empty(op.x, [1], f32), lambda e, v: e.to_float(v[0]))]


def rms_norm(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.rms_norm`: the sum of squares of each row, then every element."""
    f32 = ir.F32Type.get()
    chunks = -(-op.variance_size.value // CHUNK)
    # In two steps: one running sum over a whole row would lose more bits than eager's pairwise sum.
    squares = split(slice_columns(op.x, 0, op.variance_size.value), chunks, CHUNK)
    sums = reduce_last(squares, filled(op.x, [chunks], 0.0, f32), lambda _, v: arith.addf(v[1], arith.mulf(v[0], v[0])))
    total = reduce_last(sums, filled(op.x, [], 0.0, f32), lambda _, v: arith.addf(v[1], v[0]))
    rstd = elementwise([(total, (0,))], empty(op.x, [], f32), lambda e, v: formulas.rstd(e, op, v[0]))
    inputs = [(op.x, (0, 1)), (rstd, (0,))]
    if op.weight is not None:
        inputs.append((op.weight, (1,)))

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        x, scale, *weight = v
        return round_to(e, formulas.rms_norm(e, op, x, scale, weight[0] if weight else None), op.y.type.element_type)

    return [elementwise(inputs, _result(op.x, op), body)]


def _result(rows: ir.Value, op: ir.OpView) -> ir.Value:
    return empty(rows, [op.y.type.shape[1]], op.y.type.element_type)
