# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.columns``."""

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class ColumnsOp(Fanfold.Operation, name="columns", traits=[ext.Pure]):
    """Neighbouring columns of each row: ``y = x[:, offset : offset + width(y)]``.

    A kernel reads the columns where they are: its operand is the whole row, so a slice of the last dim costs no copy.

    ::

        %q = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x2112xbf16>) -> tensor<?x1536xbf16>
    """

    x: ext.Operand[ir.RankedTensorType]
    y: ext.Result[ir.RankedTensorType]
    offset: ir.IntegerAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check that the columns are there, and that the element type is kept."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_float(x.element_type, "x element type")
        expect(y.element_type == x.element_type, "y element type", expected=x.element_type, found=y.element_type)
        expect_same_rows(x, y, "y")
        offset, last = self.offset.value, x.shape[1] - y.shape[1]
        expect(0 <= offset <= last, "offset", expected=f"0 to {last}", found=offset)
