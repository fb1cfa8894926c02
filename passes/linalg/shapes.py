# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Views of row tensors: some of the columns, and columns as groups x columns of a group."""

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from fanfold.dialect.checks import DYNAMIC

from .build import sizes_like


def slice_columns(rows: ir.Value, begin: int, width: int) -> ir.Value:
    """Return `width` columns of a row tensor from column `begin`."""
    type_ = ir.RankedTensorType(rows.type)
    if width == type_.shape[1]:
        return rows
    return part(rows, [0, begin], [type_.shape[0], width], sizes_like(rows))


def split(rows: ir.Value, groups: int, group: int) -> ir.Value:
    """Return ``tensor<R x D>`` as ``tensor<R x groups x group>``, a shorter last group filled up with zeros."""
    rows = _padded(rows, groups * group)
    type_ = ir.RankedTensorType(rows.type)
    shape = [type_.shape[0], groups, group]
    result = ir.RankedTensorType.get(shape, type_.element_type)
    return tensor.expand_shape(result, rows, [[0], [1, 2]], sizes_like(rows), shape)


def joined(grouped: ir.Value, width: int) -> ir.Value:
    """Undo `split`: return the first `width` columns of ``tensor<R x groups x group>``, which `split` made, as rows."""
    type_ = ir.RankedTensorType(grouped.type)
    rows, groups, group = type_.shape
    result = ir.RankedTensorType.get([rows, groups * group], type_.element_type)
    return slice_columns(tensor.collapse_shape(result, grouped, [[0], [1, 2]]), 0, width)


def column_of_groups(grouped: ir.Value, place: int) -> ir.Value:
    """Return the elements at one place of every group: ``tensor<R x groups>`` of ``tensor<R x groups x group>``."""
    rows, groups, _ = ir.RankedTensorType(grouped.type).shape
    return part(grouped, [0, 0, place], [rows, groups, 1], sizes_like(grouped), drop_last=True)


def part(
    whole: ir.Value, offsets: list[int], sizes: list[int], dynamic: list[ir.Value], *, drop_last: bool = False
) -> ir.Value:
    """Return a part of a tensor; `dynamic` has the sizes that are not static, `drop_last` drops a last dim of 1."""
    kept = sizes[:-1] if drop_last else sizes
    result = ir.RankedTensorType.get(kept, ir.RankedTensorType(whole.type).element_type)
    if 0 in sizes:
        # The verifier of a slice wants its offset to be before the end, also where it takes nothing.
        left = iter(dynamic)
        return tensor.empty([next(left) if size == DYNAMIC else size for size in kept], result.element_type)
    return tensor.extract_slice(result, whole, [], dynamic, [], offsets, sizes, [1] * len(sizes))


def _padded(rows: ir.Value, width: int) -> ir.Value:
    type_ = ir.RankedTensorType(rows.type)
    if type_.shape[1] == width:
        return rows
    result = ir.RankedTensorType.get([type_.shape[0], width], type_.element_type)
    pad = tensor.PadOp(result, rows, [], [], [0, 0], [0, width - type_.shape[1]])
    index = ir.IndexType.get()
    with ir.InsertionPoint(pad.regions[0].blocks.append(index, index)):
        is_integer = isinstance(type_.element_type, ir.IntegerType)
        make = ir.IntegerAttr.get if is_integer else ir.FloatAttr.get
        tensor.yield_(arith.constant(type_.element_type, make(type_.element_type, 0)))
    return pad.result
