# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Report what looks like a norm or a quantisation and was not raised: a fusion must not fail to fire in silence.

Before::

    %p = torch.aten.pow.Tensor_Scalar %f, %int2
    %m = torch.aten.mean.dim %p, [-1], keepdim = true
    %s = torch.aten.sqrt %a                                  // no reciprocal root
    %q = torch.prims.convert_element_type %v, %int24         // to fp8

After::

    the same, and in the report: "mean of squares at ...", "conversion to fp8 at ..."
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.quantize import LARGEST_FINITE
from fanfold.report import Decision

from .base import PassState
from .origins import position
from .raise_spelled_rms_norm import RAISED, match_mean_square, squared
from .torch_values import CASTS, constant_ints, torch_tensor, users
from .walk import iterate

#: Ops that take the root in a norm.
ROOTS = frozenset(f"torch.aten.{name}" for name in ("rsqrt", "sqrt", "pow.Tensor_Scalar"))

#: What an unrecognised mean of squares lacks.
NO_NORM = (
    "a mean of squares, but not `x * rsqrt(mean + eps)` over the last dim alone, with a constant eps, the dim kept and "
    "x in f32; write it so, or use torch.nn.RMSNorm"
)

#: Why a plain conversion is left to IREE.
NO_QUANTIZE = "a quantisation in plain torch ops; use torch.ops.fanfold.group_quant, token_quant or static_quant"


@dataclass(frozen=True)
class ReportNearMisses:
    """The pass `report-near-misses`."""

    name: ClassVar[str] = "report-near-misses"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Record a decision for each near miss; never rewrites anything."""
        for op in iterate(module):
            if _is_lone_mean_square(op):
                state.decisions.append(Decision("mean of squares", position(op.location), None, reason=NO_NORM))
            elif _is_fp8_conversion(op):
                state.decisions.append(Decision("conversion to fp8", position(op.location), None, reason=NO_QUANTIZE))
        return 0


def _is_lone_mean_square(op: ir.Operation) -> bool:
    if op.name not in ("torch.aten.mean.dim", "torch.aten.sum.dim_IntList") or RAISED in op.attributes:
        return False
    known = torch_tensor(op.operands[0].type)
    if known is None or squared(op.operands[0]) is None:
        return False
    dims = constant_ints(op.operands[1]) or []
    if not {-1, len(known.dims) - 1} & set(dims):
        return False
    roots = _roots_behind(op, depth=3)
    # A norm that was refused has its decision already.
    return bool(roots) and not any(root.name == "torch.aten.rsqrt" and match_mean_square(root) for root in roots)


def _roots_behind(op: ir.Operation, depth: int) -> list[ir.Operation]:
    """Return the root ops that an op's result reaches in a few steps: without one, it is a loss or a statistic."""
    found = []
    for user in (user for result in op.results for user in users(result)):
        if user.name in ROOTS:
            found.append(user)
        elif depth and user.name.startswith("torch.aten."):
            found += _roots_behind(user, depth - 1)
    return found


def _is_fp8_conversion(op: ir.Operation) -> bool:
    if op.name not in CASTS:
        return False
    source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
    if source is None or result is None:
        return False
    return result.element in LARGEST_FINITE and result.element != "i8" and source.element in ("bf16", "f16", "f32")
