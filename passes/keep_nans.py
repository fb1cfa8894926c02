# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keep NaN in the bounds, maxima and minima of the ops that torch-mlir lowers.

Eager returns NaN where an operand is NaN. torch-mlir compares and selects: what is compared with NaN is the other one,
or the bound.

Before::

    %y = torch.aten.clamp %x, %low, %high : !torch.vtensor<[?,64],f32>, !torch.float, !torch.float -> ...

After::

    %y = torch.aten.clamp %x, %low, %high {fanfold_nans_kept} : ...
    %nan = torch.aten.ne.Tensor %x, %x : ... -> !torch.vtensor<[?,64],i1>
    %kept = torch.aten.where.self %nan, %x, %y : ... -> !torch.vtensor<[?,64],f32>

Every tensor of floats among the operands is asked, the first one last, so that its NaN is the result. A constant lower
bound that is NaN is the upper one too, which would bring its number back.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .torch_values import TorchTensor, constant_float, torch_tensor
from .walk import all_ops

#: Marks an op whose NaNs are kept.
KEPT = "fanfold_nans_kept"

#: Ops that give NaN for NaN in eager, whichever operand it is in.
NAMES = tuple(
    f"torch.aten.{name}"
    for name in (
        "clamp",
        "clamp.Tensor",
        "clamp_min",
        "clamp_min.Tensor",
        "clamp_max",
        "clamp_max.Tensor",
        "hardtanh",
        "relu6",
        "maximum",
        "minimum",
        "max.other",
        "min.other",
    )
)

_FLOATS = frozenset({"f16", "bf16", "f32", "f64"})


@dataclass(frozen=True)
class KeepNans:
    """The pass `keep-nans`."""

    name: ClassVar[str] = "keep-nans"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Put a choice behind every op of `NAMES` that takes floats."""
        count = 0
        for op in all_ops(module, *NAMES):
            asked = [(value, known) for value in op.operands if (known := _floats(value)) is not None]
            if KEPT in op.attributes or not asked or torch_tensor(op.results[0].type) is None:
                continue
            with module.context, op.location:
                _keep(op, asked)
            # Operands of a clamp and of a hardtanh: the value and two bounds.
            if len(op.operands) == 3 and math.isnan(constant_float(op.operands[1]) or 0):
                op.operands[2] = op.operands[1]
            count += 1
        return count


def _floats(value: ir.Value) -> TorchTensor | None:
    known = torch_tensor(value.type)
    return known if known is not None and known.element in _FLOATS else None


def _keep(op: ir.Operation, asked: list[tuple[ir.Value, TorchTensor]]) -> None:
    op.attributes[KEPT] = ir.UnitAttr.get()
    result = kept = op.results[0]
    first = None
    with ir.InsertionPoint.after(op):
        for value, known in reversed(asked):
            is_nan = ir.Operation.create("torch.aten.ne.Tensor", [known.with_element("i1").vtensor()], [value, value])
            choice = ir.Operation.create("torch.aten.where.self", [result.type], [is_nan.result, value, kept])
            first, kept = (choice if first is None else first), choice.result
    result.replace_all_uses_except(kept, first)
