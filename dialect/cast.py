# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.cast``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class CastOp(Fanfold.Operation, name="cast", traits=[ext.Pure]):
    """Conversion between float types, to nearest with ties to even; widening is exact.

    ::

        %b = "fanfold.cast"(%s) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
    """

    x: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check that shapes agree and both types are float."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_same_rows(x, y, "y")
        expect(y.shape[1] == x.shape[1], "y width", expected=x.shape[1], found=y.shape[1])
        expect_float(x.element_type, "x element type")
        expect_float(y.element_type, "y element type")
