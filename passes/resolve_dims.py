# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Take sizes from the operands of clusters, never from their results.

Before::

    %t = torch_c.from_builtin_tensor %e           // %e = tensor.expand_shape %y ..., %y a row op's result
    %b = torch_c.to_builtin_tensor %t
    %d = tensor.dim %b, %c1

After::

    %d = tensor.dim %x, %c0                       // %x the row op's operand

A size that is asked of a result would keep the result alive: the kernel would write a tensor that nobody reads.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from fanfold.dialect.rows import ROW_OPS

from .base import PassState
from .fold_views import VIEWS
from .row_form import FROM_BUILTIN, TO_BUILTIN, from_builtin, to_builtin
from .torch_values import defining, made_by, users
from .walk import all_ops

SIZE = "torch.aten.size.int"


@dataclass(frozen=True)
class ResolveDims:
    """The pass `resolve-dims`."""

    name: ClassVar[str] = "resolve-dims"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Resolve every size."""
        count = 0
        for op in all_ops(module, "tensor.dim", SIZE):
            if not users(op.results[0]):
                continue
            with module.context, op.location, ir.InsertionPoint(op):
                count += _resolve_dim(op) if op.name == "tensor.dim" else _resolve_size(op)
        return count


def _resolve_dim(op: ir.Operation) -> int:
    index = _constant_index(op.operands[1])
    if index is None:
        return 0
    if not ir.RankedTensorType(op.operands[0].type).is_dynamic_dim(index):
        size = arith.constant(ir.IndexType.get(), op.operands[0].type.shape[index])
    else:
        size = _size_of(op.operands[0], index)
    if size is None:
        return 0
    op.results[0].replace_all_uses_with(size)
    return 1


def _resolve_size(op: ir.Operation) -> int:
    shape = _shape_only(op.operands[0])
    if shape is None:
        return 0
    op.operands[0] = shape
    return 1


def _constant_index(value: ir.Value) -> int | None:
    op = made_by(value, "arith.constant")
    return None if op is None else ir.IntegerAttr(op.attributes["value"]).value


def _size(value: ir.Value, index: int) -> ir.Value:
    """Return size `index` of a builtin tensor, resolved as far as possible."""
    type_ = ir.RankedTensorType(value.type)
    if not type_.is_dynamic_dim(index):
        return arith.constant(ir.IndexType.get(), type_.shape[index])
    return _size_of(value, index) or tensor.dim(value, arith.constant(ir.IndexType.get(), index))


def _size_of(value: ir.Value, index: int) -> ir.Value | None:
    """Return a size that does not depend on a row op's result, or None if the value is no such result anyway."""
    op = defining(value)
    if op is None:
        return None
    if op.name in ROW_OPS:
        rows = next(v for v in op.operands if v.type.rank == 2)
        return _size(rows, 0)
    if op.name == "tensor.cast":
        return _size_of(op.operands[0], index)
    if op.name == "tensor.expand_shape" and _from_row_op(value):
        sizes = list(op.operands)[1:]
        dynamic = [i for i in range(value.type.rank) if value.type.is_dynamic_dim(i)]
        return sizes[dynamic.index(index)]
    if op.name == TO_BUILTIN:
        border = made_by(op.operands[0], FROM_BUILTIN)
        if border is not None:
            return _size(border.operands[0], index) if _from_row_op(border.operands[0]) else None
        shape = _shape_only(op.operands[0])
        return None if shape is None else _size(to_builtin(shape), index)
    return None


def _from_row_op(value: ir.Value) -> bool:
    op = defining(value)
    while op is not None and op.name in ("tensor.expand_shape", "tensor.collapse_shape", "tensor.cast"):
        op = defining(op.operands[0])
    return op is not None and op.name in ROW_OPS


def _shape_only(value: ir.Value) -> ir.Value | None:
    """Return a torch tensor of the same shape without data, if `value` is a chain of views of a row op's result."""
    view = made_by(value, *VIEWS)
    if view is not None:
        source = _shape_only(view.operands[0])
        if source is None:
            return None
        copy = view.clone(ir.InsertionPoint(view))
        copy.operands[0] = source
        return copy.results[0]
    border = made_by(value, FROM_BUILTIN)
    if border is None or not _from_row_op(border.operands[0]):
        return None
    builtin = border.operands[0]
    type_ = ir.RankedTensorType(builtin.type)
    with ir.InsertionPoint(border):
        sizes = [_size(builtin, i) if type_.is_dynamic_dim(i) else type_.shape[i] for i in range(type_.rank)]
        return from_builtin(tensor.empty(sizes, type_.element_type), value.type)
