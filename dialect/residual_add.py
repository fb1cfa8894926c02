# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.residual_add``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class ResidualAddOp(Fanfold.Operation, name="residual_add", traits=[ext.Pure]):
    """Sum of two row tensors: ``y = round(f32(x) + f32(residual), element type of y)``.

    With an f32 result the sum is not rounded: that is what vLLM's fused add + norm normalises, while the new residual
    is the same sum after ``fanfold.cast``.

    ::

        %s = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
    """

    x: ext.Operand[ir.RankedTensorType]
    residual: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check that all three have one shape and float types."""
        x = row_type(self.x, "x")
        for what, value in (("residual", self.residual), ("y", self.y)):
            other = row_type(value, what)
            expect_same_rows(x, other, what)
            expect(other.shape[1] == x.shape[1], f"{what} width", expected=x.shape[1], found=other.shape[1])
            expect_float(other.element_type, f"{what} element type")
        expect_float(x.element_type, "x element type")
