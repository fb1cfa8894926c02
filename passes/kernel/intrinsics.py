# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls of LLVM's intrinsics, which pass IREE's own rewrites unseen."""

from collections.abc import Sequence

from torch_mlir import ir


def call_intrinsic(name: str, result: ir.Type | None, operands: Sequence[ir.Value]) -> ir.Value | None:
    """Call an LLVM intrinsic; `result` is the type of what it returns, if anything."""
    attributes = {
        "intrin": ir.StringAttr.get(name),
        "operandSegmentSizes": ir.DenseI32ArrayAttr.get([len(operands), 0]),
        "op_bundle_sizes": ir.DenseI32ArrayAttr.get([]),
    }
    results = [] if result is None else [result]
    op = ir.Operation.create("llvm.call_intrinsic", results, list(operands), attributes)
    return None if result is None else op.result
