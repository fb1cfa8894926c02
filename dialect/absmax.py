# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.absmax``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class AbsmaxOp(Fanfold.Operation, name="absmax", traits=[ext.Pure]):
    """Largest magnitude of each row, ``y = max over the row of |f32(x)|``; NaN propagates.

    It is the row-wise half of a dynamic scale for the whole tensor.

    ::

        %m = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
    """

    x: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType]

    @verifier
    def verify_invariants(self) -> None:
        """Check that there is one f32 a row."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_float(x.element_type, "x element type")
        expect_same_rows(x, y, "y")
        expect(y.shape[1] == 1, "y width", expected=1, found=y.shape[1])
        expect(isinstance(y.element_type, ir.F32Type), "y element type", expected="f32", found=y.element_type)
