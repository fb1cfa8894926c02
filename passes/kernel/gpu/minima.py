# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Minima and maxima that keep NaN, on targets for which IREE makes others of them."""

from torch_mlir import ir

from fanfold.passes.kernel.intrinsics import call_intrinsic

#: LLVM's intrinsics with the meaning of the ops: a NaN operand is the result, and -0 is less than +0.
_INTRINSICS = {"arith.minimumf": "llvm.minimum", "arith.maximumf": "llvm.maximum"}


def keep_nan(op: ir.Operation) -> None:
    """Replace `arith.minimumf` and `arith.maximumf` within an op by LLVM's intrinsics.

    IREE rewrites the ops to `minnumf` and `maxnumf` on its way to AMD's instructions, which drop a NaN: a clamp would
    make the bound of it. The intrinsics pass unseen, and LLVM knows how each processor does them.
    """
    for region in op.regions:
        for block in region.blocks:
            for view in list(block.operations):
                inner = view.operation
                keep_nan(inner)
                if inner.name in _INTRINSICS:
                    with inner.location, ir.InsertionPoint(inner):
                        result = inner.results[0]
                        kept = call_intrinsic(_INTRINSICS[inner.name], result.type, list(inner.operands))
                    result.replace_all_uses_with(kept)
                    inner.erase()
