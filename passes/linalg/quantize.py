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
from fanfold.passes.kernel.quantizing import emit_codes

from .build import Input, elementwise, empty, filled, reduce_last
from .shapes import joined, split


def quantize(op: ir.OpView) -> list[ir.Value]:
    """Lower `fanfold.quantize`; returns the quantised rows and, if they are a result, the scales."""
    if op.granularity.value == "tensor":
        return [_codes(op, op.x, (_scalar(op.scale), ()))]
    width = op.x.type.shape[1]
    group = min(op.group_size.value, width)
    if group == 0:
        # Rows of no columns: nothing to reduce and nothing to quantise, but one scale for a row all the same.
        bits = filled(op.x, [op.scales.type.shape[1]], 0, ir.IntegerType.get_signless(32))
        return [empty(op.x, [0], op.q.type.element_type), _scales(op, bits)]
    groups = -(-width // group)
    grouped = split(op.x, groups, group)
    bits = reduce_last(
        grouped,
        filled(op.x, [groups], 0, ir.IntegerType.get_signless(32)),
        lambda e, v: formulas.absmax_bits(e, v[1], v[0]),
    )
    scales = _scales(op, bits)
    codes = _codes(op, grouped, (scales, (0, 1)))
    return [joined(codes, width), scales]


def _scales(op: ir.OpView, bits: ir.Value) -> ir.Value:
    inputs: list[Input] = [(bits, (0, 1))]
    if op.ceiling is not None:
        inputs.append((_scalar(op.ceiling), ()))

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        absmax, *ceiling = v
        return formulas.scale_from_absmax(e, op, absmax, ceiling[0] if ceiling else None)

    return elementwise(inputs, empty(op.x, [op.scales.type.shape[1]], ir.F32Type.get()), body)


def _codes(op: ir.OpView, values: ir.Value, scale: Input) -> ir.Value:
    shape = ir.RankedTensorType(values.type).shape

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        # Nothing reads the inverse but the product with it.
        inverse = arith.divf(e.constant(1.0, e.f32), v[1]) if op.reciprocal.value else v[1]
        return emit_codes(e, op, v[0], v[1], inverse, fast=False).packed(e)

    return elementwise(
        [(values, tuple(range(len(shape)))), scale], empty(op.x, list(shape)[1:], op.q.type.element_type), body
    )


def _scalar(value: ir.Value) -> ir.Value:
    """Return a ``tensor<1xf32>`` as ``tensor<f32>``."""
    return tensor.collapse_shape(ir.RankedTensorType.get([], ir.F32Type.get()), value, [])
