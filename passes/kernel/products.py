# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products that are rounded before something is added to them, as eager PyTorch rounds them.

IREE allows LLVM to make one multiply-add of a product and a sum: it marks the ops so for CPUs, and asks for it on AMD's
GPUs. A fused multiply-add that keeps the numbers is written as `math.fma`; all others change them.
"""

from collections.abc import Callable

from torch_mlir import ir

from fanfold.passes.walk import all_ops

from .intrinsics import call_intrinsic

_SUMS = ("arith.addf", "arith.subf")


def llvm_fence(value: ir.Value) -> ir.Value:
    """Return the same number; costs no instruction."""
    return call_intrinsic("llvm.arithmetic.fence", value.type, [value])


def keep_products(op: ir.Operation, fence: Callable[[ir.Value], ir.Value] = llvm_fence) -> None:
    """Put a fence between the products and the sums within an op."""
    for total in all_ops(op, *_SUMS):
        for index, operand in enumerate(total.operands):
            if _is_product(operand):
                with total.location, ir.InsertionPoint(total):
                    fenced = fence(operand)
                total.operands[index] = fenced


def _is_product(value: ir.Value) -> bool:
    """Return whether a value is a product, or one with its sign turned: LLVM turns the sign of a factor instead."""
    if isinstance(value, ir.BlockArgument):
        return False
    if value.owner.name == "arith.negf":
        return _is_product(value.owner.operands[0])
    return bool(value.owner.name == "arith.mulf")
