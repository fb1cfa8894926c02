# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sink what stands between row ops and moves rows or whole groups: `op(view(x))` becomes `view(op(x))`.

Before::

    %v = torch.aten.view %y, %sizes : !torch.vtensor<[?,1536],bf16> -> !torch.vtensor<[?,12,128],bf16>
    %b = torch_c.to_builtin_tensor %v                        // and rows of it, tensor<?x128xbf16>
    %q, %s = "fanfold.quantize"(%rows) {granularity = "token", group_size = 128 : i64, ...}

After::

    %q, %s = "fanfold.quantize"(%y_rows) {granularity = "group", group_size = 128 : i64, ...}
    %e = tensor.expand_shape %q [[0], [1, 2]] ... : tensor<?x1536xf8E4M3FN> into tensor<?x12x128xf8E4M3FN>

Two rules:

* A quantisation reads a reshape that splits or merges rows in whole groups: the groups are the same.
* A row op reads a permutation of the leading dims of a row op's result: rows are computed one by one, in any order.
  What is permuted then is the result, of a byte a value where it was two, and the op can join its producer's kernel.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from fanfold.dialect.rows import ROW_OPS, is_row_wise

from .base import PassState
from .fold_slices import sliced
from .fold_views import row_value, rows_like, start_of_chain
from .row_form import DYNAMIC, TO_BUILTIN, from_rows, to_rows
from .torch_values import TorchTensor, constant_int, constant_ints, defining, known_tensor, made_by, torch_tensor
from .walk import iterate

#: Ops that permute dims.
PERMUTES = ("torch.aten.permute", "torch.aten.transpose.int")


@dataclass(frozen=True)
class SinkViews:
    """The pass `sink-views`."""

    name: ClassVar[str] = "sink-views"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Sink views in program order: what a producer's view became is seen by its consumers."""
        count = 0
        for op in list(iterate(module)):
            if op.name not in ROW_OPS:
                continue
            sunk: ir.Operation | None = op
            while sunk is not None:
                with module.context, sunk.location, ir.InsertionPoint(sunk):
                    sunk = _sink_reshape(sunk) or _sink_permutation(sunk)
                count += sunk is not None
        return count


def _torch_source(rows: ir.Value) -> ir.Value | None:
    """Return the torch tensor that is seen as these rows."""
    op = defining(rows)
    while op is not None and op.name in ("tensor.collapse_shape", "tensor.expand_shape", "tensor.cast"):
        op = defining(op.operands[0])
    return op.operands[0] if op is not None and op.name == TO_BUILTIN else None


def _is_computed(value: ir.Value) -> bool:
    """Return whether a row op's result is behind a chain of views, slices and permutations."""
    start = start_of_chain(value)
    part = sliced(start)
    if part is not None:
        return _is_computed(part.source)
    permuted = made_by(start, *PERMUTES)
    if permuted is not None:
        return _is_computed(permuted.operands[0])
    rows = row_value(start)
    op = None if rows is None else defining(rows)
    return op is not None and op.name in ROW_OPS


def _sink_reshape(op: ir.Operation) -> ir.Operation | None:
    """Quantise before a reshape of whole groups; returns the new op."""
    if op.name != "fanfold.quantize" or not is_row_wise(op) or op.opview.scale_layout.value != "row":
        return None
    view = op.opview
    source = _torch_source(view.x)
    if source is None:
        return None
    start = start_of_chain(source)
    known, wanted = torch_tensor(start.type), view.x.type.shape[1]
    width = known.dims[-1] if known is not None and known.dims else None
    if width is None or width in (0, wanted) or (width % wanted and wanted % width):
        return None
    tensor_wide = view.granularity.value == "tensor"
    group = width if tensor_wide else view.group_size.value
    if not tensor_wide and (width % group or wanted % group):
        return None
    if not (_is_computed(start) or (view.granularity.value == "token" and width > wanted)):
        return None
    if view.scale_format.value == "ue8m0_packed":
        return None
    rows = rows_like(start)
    new = _quantize_like(op, rows, "tensor" if tensor_wide else "group", group)
    for old, result in zip(op.results, new.results, strict=True):
        old.replace_all_uses_with(_regrouped(result, old.type))
    op.erase()
    return new


def _quantize_like(op: ir.Operation, rows: ir.Value, granularity: str, group: int) -> ir.Operation:
    new = op.clone()
    new.operands[0] = rows
    new.attributes["granularity"] = ir.StringAttr.get(granularity)
    new.attributes["group_size"] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), group)
    count, width = rows.type.shape
    for result, columns in zip(new.results, (width, width // group), strict=False):
        result.set_type(ir.RankedTensorType.get([count, columns], result.type.element_type))
    return new.operation


def _regrouped(rows: ir.Value, type_: ir.RankedTensorType) -> ir.Value:
    """Return rows as rows of another width, one of which is a multiple of the other."""
    count, width = rows.type.shape
    wanted = type_.shape[1]
    if width == wanted:
        return rows if rows.type == type_ else tensor.cast(type_, rows)
    element = type_.element_type
    index = ir.IndexType.get()
    if width > wanted:
        parts = width // wanted
        sizes = [count, parts, wanted]
        total = DYNAMIC if count == DYNAMIC else count * parts
        dynamic = [tensor.dim(rows, arith.constant(index, 0))] if count == DYNAMIC else []
        split = ir.RankedTensorType.get(sizes, element)
        expanded = tensor.expand_shape(split, rows, [[0], [1, 2]], dynamic, sizes)
        result = tensor.collapse_shape(ir.RankedTensorType.get([total, wanted], element), expanded, [[0, 1], [2]])
    else:
        parts = wanted // width
        total = DYNAMIC if count == DYNAMIC else count // parts
        dynamic = []
        if count == DYNAMIC:
            dynamic = [arith.divui(tensor.dim(rows, arith.constant(index, 0)), arith.constant(index, parts))]
        sizes = [total, parts, width]
        expanded = tensor.expand_shape(ir.RankedTensorType.get(sizes, element), rows, [[0, 1], [2]], dynamic, sizes)
        result = tensor.collapse_shape(ir.RankedTensorType.get([total, wanted], element), expanded, [[0], [1, 2]])
    return result if result.type == type_ else tensor.cast(type_, result)


def _sink_permutation(op: ir.Operation) -> ir.Operation | None:
    """Compute a row op before a permutation of its rows; returns the new op."""
    view = op.opview
    row_operands = [i for i, v in enumerate(op.operands) if v.type.rank == 2]
    if len(row_operands) != 1 or not is_row_wise(op):
        return None
    if op.name == "fanfold.quantize" and view.scale_layout.value != "row":
        return None
    (number,) = row_operands
    source = _torch_source(op.operands[number])
    if source is None:
        return None
    start = start_of_chain(source)
    permute = made_by(start, *PERMUTES)
    known = torch_tensor(start.type)
    if permute is None or known is None or known.dims[-1] != op.operands[number].type.shape[1]:
        return None
    origin = permute.operands[0]
    order = _order(permute, len(known.dims))
    if order is None or order[-1] != len(known.dims) - 1 or not _is_computed(origin):
        return None
    rows = rows_like(origin)
    new = op.clone()
    new.operands[number] = rows
    for old, result in zip(op.results, new.results, strict=True):
        result.set_type(ir.RankedTensorType.get([rows.type.shape[0], old.type.shape[1]], old.type.element_type))
        before = from_rows(result, origin, _with_width(known_tensor(origin), result).vtensor())
        back = permute.clone()
        back.operands[0] = before
        back.results[0].set_type(_with_width(known, result).vtensor())
        permuted = to_rows(back.results[0])
        old.replace_all_uses_with(permuted if permuted.type == old.type else tensor.cast(old.type, permuted))
    op.erase()
    return new.operation


def _with_width(known: TorchTensor, rows: ir.Value) -> TorchTensor:
    return TorchTensor((*known.dims[:-1], rows.type.shape[1]), str(rows.type.element_type))


def _order(permute: ir.Operation, rank: int) -> list[int] | None:
    """Return where each dim of the result comes from."""
    if permute.name == "torch.aten.permute":
        dims = constant_ints(permute.operands[1])
        return None if dims is None else [d % rank for d in dims]
    a, b = (constant_int(v) for v in permute.operands[1:])
    if a is None or b is None:
        return None
    order = list(range(rank))
    order[a % rank], order[b % rank] = b % rank, a % rank
    return order
