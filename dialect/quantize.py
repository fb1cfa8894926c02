# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.quantize``."""

from typing import Optional

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_float, expect_same_rows, expect_segments, row_type, verifier

#: Largest finite magnitude of each element type that rows are quantised to.
LARGEST_FINITE = {"f8E4M3FN": 448.0, "f8E4M3FNUZ": 240.0, "f8E5M2": 57344.0, "i8": 127.0}

#: Who shares one scale: the whole tensor, each row, or each group of `group_size` values of a row.
GRANULARITIES = ("tensor", "token", "group")


class QuantizeOp(Fanfold.Operation, name="quantize", traits=[ext.Pure]):
    """Quantisation of each row to fp8 or int8, with dynamic scales (a result) or a static scale (an operand).

    Dynamic scales, over each group (a shorter last group if the width is no multiple) or the whole row, in f32; NaN
    propagates through every step::

        scale = max(max(min(absmax(x), ceiling), absmax_floor) / bound, scale_floor)

    Quantised values, in f32, rounded to nearest with ties to even (NaN stays NaN in fp8)::

        q = round(clamp(f32(x) / scale, -bound, bound), element type of q)          # reciprocal = false
        q = round(clamp(f32(x) * (1 / scale), -bound, bound), element type of q)    # reciprocal = true

    A floor of 0 is no floor, and without the operand there is no ceiling. ``group_size`` is the width for the
    granularities ``token`` and ``tensor``.

    ::

        %q, %s = "fanfold.quantize"(%y) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64,
                 absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64, reciprocal = false,
                 operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
                 : (tensor<?x1536xbf16>) -> (tensor<?x1536xf8E4M3FN>, tensor<?x12xf32>)
    """

    x: ext.Operand[ir.RankedTensorType]
    scale: Optional[ext.Operand[ir.RankedTensorType]] = None  # noqa: UP045 - ext reads the typing form
    ceiling: Optional[ext.Operand[ir.RankedTensorType]] = None  # noqa: UP045
    q: ext.Result[ir.RankedTensorType] = ext.result(kw_only=True)
    scales: Optional[ext.Result[ir.RankedTensorType]] = None  # noqa: UP045
    granularity: ir.StringAttr = ext.attribute(kw_only=True)
    group_size: ir.IntegerAttr = ext.attribute(kw_only=True)
    bound: ir.FloatAttr = ext.attribute(kw_only=True)
    absmax_floor: ir.FloatAttr = ext.attribute(kw_only=True)
    scale_floor: ir.FloatAttr = ext.attribute(kw_only=True)
    # A false BoolAttr is falsy, and ext takes it for a missing attribute: so false is also the default.
    reciprocal: ir.IntegerAttr = ext.attribute(default_factory=lambda: ir.BoolAttr.get(False))

    @verifier
    def verify_invariants(self) -> None:
        """Check widths, groups, dtypes, and that a scale is either given or computed."""
        expect_segments(self.operation, "operandSegmentSizes", "resultSegmentSizes")
        x, q = row_type(self.x, "x"), row_type(self.q, "q")
        width, group = x.shape[1], self.group_size.value
        expect_float(x.element_type, "x element type")
        expect_same_rows(x, q, "q")
        expect(q.shape[1] == width, "q width", expected=width, found=q.shape[1])
        kind = str(q.element_type)
        expect(kind in LARGEST_FINITE, "q element type", expected=" or ".join(LARGEST_FINITE), found=kind)
        bound = self.bound.value
        expect(0 < bound <= LARGEST_FINITE[kind], "bound", expected=f"0 < bound <= {LARGEST_FINITE[kind]}", found=bound)
        for name in ("absmax_floor", "scale_floor"):
            value = getattr(self, name).value
            expect(value >= 0, name, expected="a number >= 0", found=value)
        granularity = self.granularity.value
        expect(granularity in GRANULARITIES, "granularity", expected=" or ".join(GRANULARITIES), found=granularity)
        if granularity == "group":
            expect(group > 0, "group_size", expected="at least 1", found=group)
        else:
            expect(group == width, "group_size", expected=f"the width {width} for {granularity}", found=group)
        self._verify_scales(x, granularity, group)

    def _verify_scales(self, x: ir.RankedTensorType, granularity: str, group: int) -> None:
        if granularity == "tensor":
            expect(self.scale is not None, "scale operand", expected="one for granularity tensor", found="none")
            expect(self.scales is None, "scales result", expected="none with a scale operand", found="one")
            expect(self.ceiling is None, "ceiling operand", expected="none with a scale operand", found="one")
            _expect_scalar(self.scale, "scale")
            return
        if self.ceiling is not None:
            _expect_scalar(self.ceiling, "ceiling")
        expect(self.scale is None, "scale operand", expected=f"none for granularity {granularity}", found="one")
        expect(self.scales is not None, "scales result", expected="one", found="none")
        scales = row_type(self.scales, "scales")
        expect(isinstance(scales.element_type, ir.F32Type), "scales type", expected="f32", found=scales.element_type)
        expect_same_rows(x, scales, "scales")
        groups = 1 if granularity == "token" else -(-x.shape[1] // group)
        expect(scales.shape[1] == groups, "scales width", expected=f"{groups} (one a group)", found=scales.shape[1])


def _expect_scalar(value: ir.Value, what: str) -> None:
    element = value.type.element_type
    expect(isinstance(element, ir.F32Type), f"{what} type", expected="f32", found=element)
    expect(list(value.type.shape) == [1], f"{what} shape", expected="[1]", found=list(value.type.shape))
