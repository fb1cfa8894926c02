# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Split quantisation by one dynamic scale for the whole tensor into two steps that are row-wise.

Before::

    %q, %s = "fanfold.quantize"(%y) {granularity = "tensor", ...} : (tensor<?x64xbf16>)
             -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)

After::

    %m = "fanfold.absmax"(%y) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
    %a = linalg.generic {... "reduction"} ins(%m ...)                    // the largest of the rows' magnitudes
    %s = linalg.generic ins(%a ...)                                      // the scale, by the formula of the op
    %q = "fanfold.quantize"(%y2, %s) {granularity = "tensor", ...}

The second step computes its input again (``%y2``) when row ops alone read it: reading what it is made of once more is
cheaper than writing it and reading that.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, linalg, tensor

from fanfold.dialect.absmax import AbsmaxOp
from fanfold.dialect.quantize import LOW, QuantizeOp, is_dynamic_tensor_quantize
from fanfold.dialect.rows import ROW_OPS, is_row_wise

from .base import PassState
from .kernel import formulas
from .kernel.emitter import Emitter
from .linalg.build import Input, elementwise, reduce_last
from .origins import origins_of, stamp
from .torch_values import defining, users
from .walk import all_ops

#: Marks the quantisation and what is computed again for it: `form-rows` keeps them together.
SECOND_STEP = "second_step"


@dataclass(frozen=True)
class SplitTensorScales:
    """The pass `split-tensor-scales`."""

    name: ClassVar[str] = "split-tensor-scales"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Split every quantisation by a dynamic scale for the tensor."""
        count = 0
        for op in all_ops(module, QuantizeOp.OPERATION_NAME):
            if is_dynamic_tensor_quantize(op):
                with module.context, op.location, ir.InsertionPoint(op):
                    _split(op)
                count += 1
        return count


def _split(op: ir.Operation) -> None:
    view = op.opview
    f32 = ir.F32Type.get()
    absmax = AbsmaxOp(view.x, ir.RankedTensorType.get([view.x.type.shape[0], 1], f32))
    stamp(absmax.operation, origins_of(op))
    scale = _scale(view, absmax.y)
    quantize = QuantizeOp(
        _computed_again(view.x, {}),
        scale=scale,
        q=view.q.type,
        **{
            name: op.attributes[name]
            for name in ("granularity", "group_size", "bound", "form", "scale_type", "quotient_type", "scale_layout")
        },
        # Floors and format are in the scale.
        absmax_floor=ir.FloatAttr.get(ir.F64Type.get(), 0.0),
        scale_floor=ir.FloatAttr.get(ir.F64Type.get(), 0.0),
        scale_format=ir.StringAttr.get("f32"),
    )
    stamp(quantize.operation, origins_of(op))
    if LOW in op.attributes:
        quantize.attributes[LOW] = op.attributes[LOW]
    quantize.attributes[SECOND_STEP] = ir.UnitAttr.get()
    op.results[0].replace_all_uses_with(quantize.q)
    op.results[1].replace_all_uses_with(scale)
    op.erase()


def _scale(op: ir.OpView, absmax: ir.Value) -> ir.Value:
    """Return the scale, ``tensor<1xf32>``, of the rows' largest magnitudes."""
    f32, i32 = ir.F32Type.get(), ir.IntegerType.get_signless(32)
    numbers = tensor.collapse_shape(ir.RankedTensorType.get([absmax.type.shape[0]], f32), absmax, [[0, 1]])
    zero = arith.constant(i32, ir.IntegerAttr.get(i32, 0))
    none = linalg.fill(zero, outs=[tensor.empty([], i32)])
    bits = reduce_last(numbers, none, lambda e, v: formulas.absmax_bits(e, v[1], v[0]))
    inputs: list[Input] = [(bits, ())]
    if op.ceiling is not None:
        inputs.append((tensor.collapse_shape(ir.RankedTensorType.get([], f32), op.ceiling, []), ()))

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        largest, *ceiling = v
        return formulas.scale_from_absmax(e, op, largest, ceiling[0] if ceiling else None)

    scale = elementwise(inputs, tensor.empty([], f32), body)
    return tensor.expand_shape(ir.RankedTensorType.get([1], f32), scale, [], [], [1])


def _computed_again(value: ir.Value, copies: dict[ir.Value, ir.Value]) -> ir.Value:
    """Return a copy of `value` by copies of the row ops that compute it, as far back as nothing is stored anyway."""
    if value in copies or not _is_repeatable(value):
        return copies.get(value, value)
    op = value.owner.operation
    operands = [_computed_again(operand, copies) for operand in op.operands]
    copy = op.clone()
    for i, operand in enumerate(operands):
        copy.operands[i] = operand
    copy.attributes[SECOND_STEP] = ir.UnitAttr.get()
    copies[value] = copy.results[0]
    return copies[value]


def _is_repeatable(value: ir.Value) -> bool:
    op = defining(value)
    if op is None or op.name not in ROW_OPS or op.name == QuantizeOp.OPERATION_NAME or not is_row_wise(op):
        return False
    return all(user.name in ROW_OPS for user in users(value))
