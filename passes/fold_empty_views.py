# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Replace views of tensors that statically have no elements.

Before::

    %v = torch.aten.view %x, %sizes : !torch.vtensor<[0,64],bf16>, !torch.list<int> -> !torch.vtensor<[0,8,8],bf16>

After::

    %e = tensor.empty() : tensor<0x8x8xbf16>
    %v = torch_c.from_builtin_tensor %e : tensor<0x8x8xbf16> -> !torch.vtensor<[0,8,8],bf16>

iree-compile divides by such sizes when it folds reshapes, and dies of it.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import tensor

from .base import PassState
from .fold_views import VIEWS
from .row_form import from_builtin
from .torch_values import known_tensor, torch_tensor
from .walk import all_ops

RESHAPES = ("tensor.expand_shape", "tensor.collapse_shape")


@dataclass(frozen=True)
class FoldEmptyViews:
    """The pass `fold-empty-views`."""

    name: ClassVar[str] = "fold-empty-views"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Replace every view without elements."""
        count = 0
        for op in all_ops(module, *VIEWS, *RESHAPES):
            result = op.results[0]
            with module.context, op.location, ir.InsertionPoint(op):
                shape = _static_shape(result)
                if shape is None or 0 not in shape:
                    continue
                if op.name in RESHAPES:
                    empty = tensor.empty(shape, result.type.element_type)
                else:
                    element = known_tensor(result).builtin().element_type
                    empty = from_builtin(tensor.empty(shape, element), result.type)
                result.replace_all_uses_with(empty)
            op.erase()
            count += 1
        return count


def _static_shape(value: ir.Value) -> list[int] | None:
    """Return the shape of a builtin or torch tensor if it is static."""
    if isinstance(value.type, ir.RankedTensorType):
        return list(value.type.shape) if value.type.has_static_shape else None
    known = torch_tensor(value.type)
    if known is None or None in known.dims:
        return None
    return [d for d in known.dims if d is not None]
