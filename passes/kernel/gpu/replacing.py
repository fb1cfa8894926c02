# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops that IREE would lower to something with other numbers: LLVM's intrinsics take their places."""

from collections.abc import Mapping

from torch_mlir import ir

from fanfold.passes.kernel.intrinsics import call_intrinsic
from fanfold.passes.walk import all_ops


def replace_ops(op: ir.Operation, intrinsics: Mapping[str, str]) -> None:
    """Replace ops within an op by intrinsics of the same operands, which pass IREE's rewrites unseen.

    Args:
        op: Where.
        intrinsics: The intrinsic for each op that is replaced, both by name.
    """
    for inner in all_ops(op, *intrinsics):
        with inner.location, ir.InsertionPoint(inner):
            result = inner.results[0]
            kept = call_intrinsic(intrinsics[inner.name], result.type, list(inner.operands))
        result.replace_all_uses_with(kept)
        inner.erase()
