# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.silu_mul``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class SiluMulOp(Fanfold.Operation, name="silu_mul", traits=[ext.Pure]):
    """SwiGLU: the left half of each row, through SiLU, times the right half.

    With ``d = width(x) / 2``, ``g = f32(x[0:d])`` and ``u = f32(x[d:2d])``, in f32::

        g, u = min(g, limit), clamp(u, -limit, limit)      # limit = +inf: no clamp
        a    = round(g / (1 + exp(-g)), activation_type)
        y    = round(f32(a) * u, element type of y)

    ::

        %y = "fanfold.silu_mul"(%x) {activation_type = bf16, limit = 0x7FF0000000000000 : f64}
             : (tensor<?x512xbf16>) -> tensor<?x256xbf16>
    """

    x: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)
    activation_type: ir.TypeAttr = ext.attribute(kw_only=True)
    limit: ir.FloatAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check that y is half as wide as x, and the float types."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_same_rows(x, y, "y")
        expect(x.shape[1] % 2 == 0, "x width", expected="an even number", found=x.shape[1])
        expect(y.shape[1] * 2 == x.shape[1], "y width", expected=x.shape[1] // 2, found=y.shape[1])
        expect_float(x.element_type, "x element type")
        expect_float(y.element_type, "y element type")
        expect_float(self.activation_type.value, "activation_type")
        expect(self.limit.value > 0, "limit", expected="a positive number", found=self.limit.value)
