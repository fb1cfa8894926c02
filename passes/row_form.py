# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Row form: how torch tensors of any rank become ``tensor<R x D>`` and back.

::

    %b = torch_c.to_builtin_tensor %x : !torch.vtensor<[2,?,256],bf16> -> tensor<2x?x256xbf16>
    %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x256xbf16> into tensor<?x256xbf16>
    ...
    %e = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, %d, 256] : tensor<?x256xbf16> into tensor<2x?x256xbf16>
    %t = torch_c.from_builtin_tensor %e : tensor<2x?x256xbf16> -> !torch.vtensor<[2,?,256],bf16>
"""

from collections.abc import Sequence
from math import prod

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .torch_values import known_tensor

TO_BUILTIN = "torch_c.to_builtin_tensor"
FROM_BUILTIN = "torch_c.from_builtin_tensor"
DYNAMIC = ir.ShapedType.get_dynamic_size()


def to_builtin(value: ir.Value) -> ir.Value:
    """Cast a torch tensor to the builtin tensor of the same shape."""
    return ir.Operation.create(TO_BUILTIN, results=[known_tensor(value).builtin()], operands=[value]).result


def from_builtin(value: ir.Value, type_: ir.Type) -> ir.Value:
    """Cast a builtin tensor to the torch tensor `type_` of the same shape."""
    return ir.Operation.create(FROM_BUILTIN, results=[type_], operands=[value]).result


def to_rows(value: ir.Value) -> ir.Value:
    """Return a torch tensor of rank 1 or more as rows."""
    builtin = to_builtin(value)
    type_ = builtin.type
    if type_.rank == 2:
        return builtin
    lead = list(type_.shape)[:-1]
    rows = DYNAMIC if DYNAMIC in lead else prod(lead)
    result = ir.RankedTensorType.get([rows, type_.shape[-1]], type_.element_type)
    if type_.rank == 1:
        return tensor.expand_shape(result, builtin, [[0, 1]], [], [1, type_.shape[0]])
    return tensor.collapse_shape(result, builtin, leading_reassociation(type_.rank))


def to_vector(value: ir.Value) -> ir.Value:
    """Return a torch tensor with one dim that is not 1, or with none, as a builtin tensor of rank 1."""
    builtin = to_builtin(value)
    type_ = builtin.type
    if type_.rank == 1:
        return builtin
    result = ir.RankedTensorType.get([prod(type_.shape)], type_.element_type)
    if type_.rank == 0:
        return tensor.expand_shape(result, builtin, [], [], [1])
    return tensor.collapse_shape(result, builtin, [list(range(type_.rank))])


def leading_reassociation(rank: int) -> list[list[int]]:
    """Return the reassociation that joins all dims but the last: ``[[0, 1], [2]]`` for rank 3."""
    return [list(range(rank - 1)), [rank - 1]]


def from_rows(rows: ir.Value, leading_of: ir.Value, result_type: ir.Type) -> ir.Value:
    """Return rows as a torch tensor with the leading dims of another.

    Args:
        rows: ``tensor<R x D>``.
        leading_of: The torch tensor that the rows came from; R is the product of its leading dims.
        result_type: The ``!torch.vtensor`` type to return.
    """
    lead, element = known_tensor(leading_of).dims[:-1], rows.type.element_type
    width = rows.type.shape[1]
    shape = [*[DYNAMIC if d is None else d for d in lead], width]
    type_ = ir.RankedTensorType.get(shape, element)
    if type_.rank == 1:
        builtin = tensor.collapse_shape(type_, rows, [[0, 1]])
    elif type_.rank == 2:
        builtin = rows
    else:
        builtin = tensor.expand_shape(
            type_, rows, leading_reassociation(type_.rank), _dynamic_sizes(leading_of, lead), shape
        )
    return from_builtin(builtin, result_type)


def sizes_of(builtin: ir.Value, dims: Sequence[int | None]) -> list[int | ir.Value]:
    """Return the sizes of a builtin tensor: those of `dims`, and what is not known of them as an index."""
    index = ir.IndexType.get()
    return [tensor.dim(builtin, arith.constant(index, i)) if d is None else d for i, d in enumerate(dims)]


def _dynamic_sizes(value: ir.Value, lead: Sequence[int | None]) -> list[ir.Value]:
    if None not in lead:
        return []
    return [size for size in sizes_of(to_builtin(value), lead) if not isinstance(size, int)]


def with_rows(type_: ir.RankedTensorType, rows: int) -> ir.RankedTensorType:
    """Return a row type with another row count."""
    return ir.RankedTensorType.get([rows, type_.shape[1]], type_.element_type)
