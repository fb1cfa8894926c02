# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.elementwise``."""

from typing import Optional

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier

#: Functions of x alone.
UNARY = ("abs", "neg", "relu", "sigmoid", "silu")

#: Functions of x and a second operand, or the constant.
BINARY = ("add", "sub", "mul", "div", "minimum", "maximum")


class ElementwiseOp(Fanfold.Operation, name="elementwise", traits=[ext.Pure]):
    """A function of each value: ``y = round(function(f32(x), f32(other)), element type of y)``.

    `other` is rows like x, one value a column that all rows share (a weight, a bias), or one number for all. A binary
    function without `other` takes ``f32(constant)`` in its place. ``minimum``, ``maximum`` and ``relu`` propagate NaN,
    as PyTorch does; ``sigmoid(v) = 1 / (1 + exp(-v))`` and ``silu(v) = v / (1 + exp(-v))``.

    ::

        %z = "fanfold.elementwise"(%y, %bias) {function = "add", constant = 0.0 : f64,
             operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
    """

    x: ext.Operand[ir.RankedTensorType]
    other: Optional[ext.Operand[ir.RankedTensorType]] = None  # noqa: UP045 - ext reads the typing form
    y: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)
    function: ir.StringAttr = ext.attribute(kw_only=True)
    constant: ir.FloatAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check shapes, dtypes, and that the function has as many operands as it takes."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_float(x.element_type, "x element type")
        expect_float(y.element_type, "y element type")
        expect_same_rows(x, y, "y")
        expect(y.shape[1] == x.shape[1], "y width", expected=x.shape[1], found=y.shape[1])
        function = self.function.value
        expect(function in UNARY + BINARY, "function", expected=" or ".join(UNARY + BINARY), found=function)
        if self.other is None:
            return
        expect(function in BINARY, "other operand", expected=f"none for {function}", found="one")
        other = self.other.type
        expect_float(other.element_type, "other element type")
        expect(other.rank in (1, 2), "other rank", expected="1 or 2", found=other.rank)
        widths = (x.shape[1], 1) if other.rank == 1 else (x.shape[1],)
        wanted = " or ".join(map(str, dict.fromkeys(widths)))
        expect(other.shape[-1] in widths, "other width", expected=wanted, found=other.shape[-1])
        if other.rank == 2:
            expect_same_rows(x, other, "other")
