# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`fanfold.quantize` in linalg: the magnitudes' maximum of each group, its scale, and the codes.

The columns are seen as groups x columns of a group, ``tensor<R x D>`` as ``tensor<R x D/g x g>``. A shorter last group
is filled up with zeros, which change neither a maximum of magnitudes nor, cut off again, any code.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from fanfold.passes.kernel import formulas
from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.quantizing import Scale, emit_codes
from fanfold.passes.kernel.scales import PACKED, ScaleLayout
from fanfold.passes.scale_memory import to_logical, to_memory

from .build import Input, elementwise, empty, filled, reduce_last
from .shapes import column_of_groups, joined, split


def quantize(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.quantize`; returns the quantised rows and, if they are a result, the scales."""
    if op.granularity.value == "tensor":
        return [_codes(op, op.x, (_scalar(op.scale), ()))]
    width = op.x.type.shape[1]
    group = min(op.group_size.value, width)
    i32 = ir.IntegerType.get_signless(32)
    if group == 0:
        # Rows of no columns: nothing to reduce and nothing to quantise, but one scale for a row all the same.
        scales = _scales(op, filled(op.x, [op.scales.type.shape[1]], 0, i32))
        return [empty(op.x, [0], op.q.type.element_type), _laid_out(op, scales)]
    groups = -(-width // group)
    grouped = split(op.x, groups, group)
    bits = reduce_last(grouped, filled(op.x, [groups], 0, i32), lambda e, v: formulas.absmax_bits(e, v[1], v[0]))
    scales = _scales(op, bits)
    return [joined(_codes(op, grouped, (scales, (0, 1))), width), _laid_out(op, scales)]


def _scales(op: ir.OpView, bits: ir.Value) -> ir.Value:
    """Return one f32 for each absmax, given as bits."""
    inputs: list[Input] = [(bits, (0, 1))]
    if op.ceiling is not None:
        inputs.append((_scalar(op.ceiling), ()))

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        absmax, *ceiling = v
        return formulas.scale_from_absmax(e, op, absmax, ceiling[0] if ceiling else None)

    return elementwise(inputs, empty(op.x, [bits.type.shape[1]], ir.F32Type.get()), body)


def _laid_out(op: ir.OpView, scales: ir.Value) -> ir.Value:
    """Return the scales as the op's result has them, from memory of the op's layout."""
    layout = ScaleLayout.of(op)
    if layout.packed:
        scales = _packed(op, scales, layout.columns)
    if not layout.by_column:
        return scales
    rows = tensor.dim(op.x, arith.constant(ir.IndexType.get(), 0))
    return to_logical(to_memory(scales, layout, rows), layout.name, rows, op.scales.type)


def _packed(op: ir.OpView, scales: ir.Value, columns: int) -> ir.Value:
    """Return exponents of powers of two, four in an i32, the first in its lowest byte."""
    i32 = ir.IntegerType.get_signless(32)

    def exponent(e: Emitter, v: list[ir.Value]) -> ir.Value:
        return e.shifted_right(e.masked(e.to_bits(v[0]), 0x7F800000), 23)

    exponents = elementwise([(scales, (0, 1))], empty(op.x, [scales.type.shape[1]], i32), exponent)
    fours = split(exponents, columns, PACKED)
    result = filled(op.x, [columns], 0, i32)
    for place in range(PACKED):
        byte = column_of_groups(fours, place)

        def place_byte(e: Emitter, v: list[ir.Value], place: int = place) -> ir.Value:
            return arith.ori(v[0], arith.shli(v[1], e.constant(8 * place, e.i32)))

        result = elementwise([(result, (0, 1)), (byte, (0, 1))], empty(op.x, [columns], i32), place_byte)
    return result


def _codes(op: ir.OpView, values: ir.Value, scale: Input) -> ir.Value:
    shape = ir.RankedTensorType(values.type).shape

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        # Nothing reads the inverse but the product with it.
        inverse = arith.divf(e.constant(1.0, e.f32), v[1]) if op.form.value == "reciprocal" else None
        return emit_codes(e, op, v[0], Scale(v[1], inverse), fast=False).packed(e)

    return elementwise(
        [(values, tuple(range(len(shape)))), scale], empty(op.x, list(shape)[1:], op.q.type.element_type), body
    )


def _scalar(value: ir.Value) -> ir.Value:
    """Return a ``tensor<1xf32>`` as ``tensor<f32>``."""
    return tensor.collapse_shape(ir.RankedTensorType.get([], ir.F32Type.get()), value, [])
