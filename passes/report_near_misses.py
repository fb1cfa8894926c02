# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Report what looks like a norm and which no raise pass speaks about.

Before::

    %n = torch.aten.linalg_vector_norm %x, %int2, [-1], keepdim = true
    %y = torch.aten.div.Tensor %x, %n                        // no mean of squares, no root

After::

    the same, and in the report: "vector norm at ..."

The raise passes give the exact predicate for what they almost took; this pass has the rest, so that no fusion fails to
fire in silence.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.report import Decision

from .base import PassState
from .fold_views import VIEWS
from .matching import EXPANSIONS, QUOTIENTS, core
from .origins import position
from .torch_values import CASTS, constant_float, users
from .walk import iterate

VECTOR_NORM = "torch.aten.linalg_vector_norm"

#: What stands between a Euclidean norm and the division by it in `torch.nn.functional.normalize`.
_STEPS = frozenset({"torch.aten.clamp", "torch.aten.clamp_min", "torch.aten.maximum", *VIEWS, *EXPANSIONS, *CASTS})

#: Why a division by a vector's length is no norm of ours.
NO_NORM = (
    "x is divided by its Euclidean length: the norm multiplies x by rsqrt(mean(x^2) + eps), which rounds otherwise; "
    "use torch.nn.RMSNorm"
)


@dataclass(frozen=True)
class ReportNearMisses:
    """The pass `report-near-misses`."""

    name: ClassVar[str] = "report-near-misses"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Record a decision for each near miss; never rewrites anything."""
        for op in iterate(module):
            if _normalizes(op):
                state.decisions.append(Decision("vector norm", position(op.location), None, reason=NO_NORM))
        return 0


def _normalizes(op: ir.Operation) -> bool:
    """Return whether `op` is the Euclidean norm of a tensor that is divided by it."""
    if op.name != VECTOR_NORM or constant_float(op.operands[1]) != 2.0:
        return False
    return _divides(op.results[0], core(op.operands[0]))


def _divides(length: ir.Value, x: ir.Value) -> bool:
    for user in users(length):
        if user.name in QUOTIENTS and user.operands[1] == length and core(user.operands[0]) == x:
            return True
        if user.name in _STEPS and _divides(user.results[0], x):
            return True
    return False
