# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.rms_norm``."""

from typing import Optional

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, row_type, verifier


class RMSNormOp(Fanfold.Operation, name="rms_norm", traits=[ext.Pure]):
    """Root-mean-square normalisation of each row.

    With all arithmetic in f32 and ``V = variance_size``::

        rstd   = 1 / sqrt(sum(x[0:V]^2) / V + f32(eps))
        n      = round(f32(x) * rstd, normalized_type)
        y      = round(f32(n) * (f32(weight) + f32(weight_offset)), element type of y)

    ``normalized_type = f32`` means that the normalised value is not rounded before the weight multiplies it
    (``torch.nn.functional.rms_norm``); Llama rounds it to the type of x, vLLM to the type of the weight.
    Without a weight, ``y = round(n)``. Gemma's weights are stored less one: its ``weight_offset`` is 1.

    ::

        %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 1536 : i64,
             weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>}
             : (tensor<?x1536xbf16>, tensor<1536xbf16>) -> tensor<?x1536xbf16>
    """

    x: ext.Operand[ir.RankedTensorType]
    weight: Optional[ext.Operand[ir.RankedTensorType]] = None  # noqa: UP045 - ext reads the typing form
    y: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)
    eps: ir.FloatAttr = ext.attribute(kw_only=True)
    normalized_type: ir.TypeAttr = ext.attribute(kw_only=True)
    variance_size: ir.IntegerAttr = ext.attribute(kw_only=True)
    weight_offset: ir.FloatAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check widths, dtypes and attributes."""
        x, y = row_type(self.x, "x"), row_type(self.y, "y")
        expect_float(x.element_type, "x element type")
        expect_float(y.element_type, "y element type")
        expect_float(self.normalized_type.value, "normalized_type")
        expect_same_rows(x, y, "y")
        expect(y.shape[1] == x.shape[1], "y width", expected=x.shape[1], found=y.shape[1])
        if self.weight is not None:
            weight = self.weight.type
            expect(weight.rank == 1, "weight rank", expected=1, found=weight.rank)
            expect_float(weight.element_type, "weight element type")
            expect(weight.shape[0] == x.shape[1], "weight width", expected=x.shape[1], found=weight.shape[0])
        else:
            offset = self.weight_offset.value
            expect(offset == 0, "weight_offset", expected="0 without a weight", found=offset)
        size = self.variance_size.value
        expect(0 < size <= x.shape[1] or size == x.shape[1], "variance_size", expected=f"1 to {x.shape[1]}", found=size)
