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
from fanfold.passes.kernel.quantizing import emit_quantized

from .build import Input, elementwise, empty, filled, reduce_last, sizes_like
from .elementwise import columns


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
    split = _split(_padded(op.x, groups * group), groups, group)
    bits = reduce_last(
        split,
        filled(op.x, [groups], 0, ir.IntegerType.get_signless(32)),
        lambda e, v: formulas.absmax_bits(e, v[1], v[0]),
    )
    scales = _scales(op, bits)
    codes = _codes(op, split, (scales, (0, 1)))
    return [columns(_joined(codes, groups * group), 0, width), scales]


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
        inverse = arith.divf(e.constant(1.0, e.f32), v[1])
        return emit_quantized(e, op, v[0], v[1], inverse, fast=False)

    return elementwise(
        [(values, tuple(range(len(shape)))), scale], empty(op.x, list(shape)[1:], op.q.type.element_type), body
    )


def _scalar(value: ir.Value) -> ir.Value:
    """Return a ``tensor<1xf32>`` as ``tensor<f32>``."""
    return tensor.collapse_shape(ir.RankedTensorType.get([], ir.F32Type.get()), value, [])


def _padded(rows: ir.Value, width: int) -> ir.Value:
    type_ = ir.RankedTensorType(rows.type)
    if type_.shape[1] == width:
        return rows
    result = ir.RankedTensorType.get([type_.shape[0], width], type_.element_type)
    pad = tensor.PadOp(result, rows, [], [], [0, 0], [0, width - type_.shape[1]])
    index = ir.IndexType.get()
    with ir.InsertionPoint(pad.regions[0].blocks.append(index, index)):
        zero = arith.constant(type_.element_type, ir.FloatAttr.get(type_.element_type, 0.0))
        tensor.yield_(zero)
    return pad.result


def _split(rows: ir.Value, groups: int, group: int) -> ir.Value:
    type_ = ir.RankedTensorType(rows.type)
    shape = [type_.shape[0], groups, group]
    result = ir.RankedTensorType.get(shape, type_.element_type)
    return tensor.expand_shape(result, rows, [[0], [1, 2]], sizes_like(rows), shape)


def _joined(groups: ir.Value, width: int) -> ir.Value:
    type_ = ir.RankedTensorType(groups.type)
    result = ir.RankedTensorType.get([type_.shape[0], width], type_.element_type)
    return tensor.collapse_shape(result, groups, [[0], [1, 2]])
