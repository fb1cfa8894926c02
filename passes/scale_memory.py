# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Column-major scales: from memory (scales x rows, perhaps padded) to the tensor that the model means, and back.

The ops that lead from one to the other carry the layout's name in an attribute, so that `return-scale-layouts` can tell
them from a transpose of the model's own.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith, linalg, tensor

from .kernel.scales import ScaleLayout
from .linalg.shapes import part

#: On a transpose: memory of this layout is its operand (behind a slice, if padded).
LAYOUT = "fanfold_layout"


def to_logical(memory: ir.Value, layout: str, rows: ir.Value, result: ir.RankedTensorType) -> ir.Value:
    """Return ``tensor<R x S>`` of column-major memory; `rows` is R as an index."""
    count, columns = result.shape
    # Two dynamic sizes look equal, but that of padded memory is another one.
    if memory.type.shape[1] != count or (layout == "column_padded" and memory.type.is_dynamic_dim(1)):
        memory = part(memory, [0, 0], [columns, count], [rows] if result.is_dynamic_dim(0) else [])
    return _transposed(memory, [rows if result.is_dynamic_dim(0) else count, columns], LAYOUT, layout)


def to_memory(logical: ir.Value, layout: ScaleLayout, rows: ir.Value) -> ir.Value:
    """Return column-major memory of ``tensor<R x S>``; `rows` is R as an index."""
    type_ = ir.RankedTensorType(logical.type)
    count, columns = type_.shape
    is_dynamic = type_.is_dynamic_dim(0)
    memory = _transposed(logical, [columns, rows if is_dynamic else count])
    result = layout.memory(type_.element_type, count)
    if not layout.padded:
        return memory
    behind = arith.subi(layout.pitch(rows), rows)
    dynamic = ir.ShapedType.get_dynamic_size()
    pad = tensor.PadOp(result, memory, [], [behind], [0, 0], [0, dynamic])
    index = ir.IndexType.get()
    with ir.InsertionPoint(pad.regions[0].blocks.append(index, index)):
        zero = ir.Attribute.parse("0 : i32" if str(type_.element_type) == "i32" else "0.0 : f32")
        tensor.yield_(arith.constant(type_.element_type, zero))
    return pad.result


def _transposed(value: ir.Value, sizes: list[ir.Value | int], *mark: str) -> ir.Value:
    init = tensor.empty(sizes, value.type.element_type)
    result = linalg.transpose(value, outs=[init], permutation=[1, 0])
    op = result.owner if isinstance(result, ir.Value) else result.operation
    if mark:
        name, text = mark
        op.attributes[name] = ir.StringAttr.get(text)
    return op.results[0]
