# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.silu_mul``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class SiluMulOp(Fanfold.Operation, name="silu_mul", traits=[ext.Pure]):
    """SwiGLU: the gate, through SiLU, times the other operand.

    With ``g = f32(gate)`` and ``u = f32(up)``, in f32::

        g, u = min(g, limit), clamp(u, -limit, limit)      # limit = +inf: no clamp
        a    = round(g / (1 + exp(-g)), activation_type)
        y    = round(f32(a) * u, element type of y)

    Where gate and up are the halves of one row, they are ``fanfold.columns`` of it.

    ::

        %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64}
             : (tensor<?x256xbf16>, tensor<?x256xbf16>) -> tensor<?x256xbf16>
    """

    gate: ext.Operand[ir.RankedTensorType]
    up: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType]
    activation_type: ir.TypeAttr = ext.attribute(kw_only=True)
    limit: ir.FloatAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check that all three have one shape and float types."""
        gate = row_type(self.gate, "gate")
        expect_float(gate.element_type, "gate element type")
        for what, value in (("up", self.up), ("y", self.y)):
            other = row_type(value, what)
            expect_same_rows(gate, other, what)
            expect(other.shape[1] == gate.shape[1], f"{what} width", expected=gate.shape[1], found=other.shape[1])
            expect_float(other.element_type, f"{what} element type")
        expect_float(self.activation_type.value, "activation_type")
        expect(self.limit.value > 0, "limit", expected="a positive number", found=self.limit.value)
