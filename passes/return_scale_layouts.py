# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Return column-major scales as they lie in memory; the caller sees them through strides.

Before::

    %m = flow.dispatch @quantize... : ... -> tensor<12x?xf32>
    %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(...) permutation = [1, 0] {fanfold_layout = "column"}
    %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
    return %s : !torch.vtensor<[?,12],f32>

After::

    %s = torch_c.from_builtin_tensor %m : tensor<12x?xf32> -> !torch.vtensor<[12,?],f32>
    return %s : !torch.vtensor<[12,?],f32>

Without it, a kernel of IREE's would bring the scales into row-major order, only to return them. The executable's
signature says which results are such memory; its calls give views of them in the model's shape and eager's strides.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .main_results import change_results
from .row_form import FROM_BUILTIN, from_builtin
from .scale_memory import LAYOUT
from .torch_values import TorchTensor, defining, made_by


@dataclass(frozen=True)
class ReturnScaleLayouts:
    """The pass `return-scale-layouts`."""

    name: ClassVar[str] = "return-scale-layouts"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Return memory wherever a function returns column-major scales."""

        def memory(number: int, value: ir.Value) -> ir.Value | None:
            transpose = _layout_of(value)
            if transpose is None:
                return None
            state.result_layouts[number] = ir.StringAttr(transpose.attributes[LAYOUT]).value
            return _memory(transpose)

        return change_results(module, memory)


def _layout_of(value: ir.Value) -> ir.Operation | None:
    """Return the transpose from memory that is behind a result, when it alone and leading dims are."""
    border = made_by(value, FROM_BUILTIN)
    op = None if border is None else defining(border.operands[0])
    while op is not None and op.name in ("tensor.cast", "tensor.expand_shape", "tensor.collapse_shape"):
        op = defining(op.operands[0])
    return op if op is not None and LAYOUT in op.attributes else None


def _memory(transpose: ir.Operation) -> ir.Value:
    memory = transpose.operands[0]
    part = made_by(memory, "tensor.extract_slice")
    memory = memory if part is None else part.operands[0]
    type_ = ir.RankedTensorType(memory.type)
    dims = tuple(None if type_.is_dynamic_dim(i) else type_.shape[i] for i in range(2))
    return from_builtin(memory, TorchTensor(dims, str(type_.element_type)).vtensor())
