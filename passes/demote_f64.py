# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Prepare a module for f32 in the place of f64, for targets that lack the feature `f64`.

Before::

    %c = torch.constant.float 1.7000000000000000e+00

After::

    %c = torch.constant.float 1.7000000476837158

IREE then truncates every f64 to f32, which changes a number that is an f32 already by nothing. A tensor of f64 is
refused: its numbers would be others than the model means. Counted are also the ops that torch-mlir computes in f64
whatever their tensors are, such as a variance.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.errors import CompileError

from .base import PassState
from .constants import rounded_to
from .origins import position
from .torch_values import torch_tensor
from .walk import iterate

_CONSTANT = "torch.constant.float"

#: Parts of the names of ops that are computed in f64 inside.
_WIDE_INSIDE = ("var", "std", "norm", "_mode", "floor_divide")


@dataclass(frozen=True)
class DemoteF64:
    """The pass `demote-f64`."""

    name: ClassVar[str] = "demote-f64"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Round every constant, and count what is computed in f64.

        Raises:
            CompileError: If there is a tensor of f64.
        """
        count = 0
        for op in iterate(module):
            values = [*op.results, *(a for region in op.regions for block in region.blocks for a in block.arguments)]
            for value in values:
                known = torch_tensor(value.type)
                if known is not None and known.element == "f64":
                    raise CompileError(
                        "the target does not compute in f64",
                        stage="passes",
                        op=op.name,
                        location=position(op.location),
                        expected="tensors of f32, f16 or bf16",
                        found=str(value.type),
                        remedy="use float32 there, or a target that has f64, such as cpu",
                    )
            count += op.name == _CONSTANT and _round(op)
            count += op.name.startswith("torch.aten.") and any(part in op.name for part in _WIDE_INSIDE)
        return count


def _round(op: ir.Operation) -> bool:
    value = ir.FloatAttr(op.attributes["value"]).value
    rounded = rounded_to(value, "f32")
    if rounded == value or value != value:  # noqa: PLR0124 - NaN
        return False
    with op.context:
        op.attributes["value"] = ir.FloatAttr.get(ir.F64Type.get(), rounded, op.location)
    return True
