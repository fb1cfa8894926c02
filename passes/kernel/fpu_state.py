# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Floating-point mode of the kernel.

IREE's CPU workers flush denormals to zero, eager PyTorch does not: a denormal activation divided by a small RMS is an
ordinary number. So the kernel saves the mode, keeps denormals, and restores the mode when it is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from torch_mlir import ir
from torch_mlir.dialects import arith

from .intrinsics import call_intrinsic

#: MXCSR bits "flush to zero" (15) and "denormals are zeros" (6).
FLUSH_BITS = 0x8040


@contextmanager
def keep_denormals(is_x86: bool) -> Iterator[None]:
    """Emit code around the body of the `with` that keeps denormals (on x86; elsewhere nothing is emitted)."""
    if not is_x86:
        yield
        return
    i32 = ir.IntegerType.get_signless(32)
    pointer = ir.Type.parse("!llvm.ptr")
    one = arith.constant(i32, 1)

    def slot() -> ir.Value:
        alignment = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 4)
        attributes = {"elem_type": ir.TypeAttr.get(i32), "alignment": alignment}
        return ir.Operation.create("llvm.alloca", results=[pointer], operands=[one], attributes=attributes).result

    saved, changed = slot(), slot()
    call_intrinsic("llvm.x86.sse.stmxcsr", None, [saved])
    mode = ir.Operation.create("llvm.load", results=[i32], operands=[saved], attributes={}).result
    kept = arith.andi(mode, arith.constant(i32, ~FLUSH_BITS))
    ir.Operation.create("llvm.store", operands=[kept, changed], attributes={})
    call_intrinsic("llvm.x86.sse.ldmxcsr", None, [changed])
    yield
    call_intrinsic("llvm.x86.sse.ldmxcsr", None, [saved])
