# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.quantize``."""

from typing import Optional

from torch_mlir import ir
from torch_mlir.dialects import ext

from .base import Fanfold
from .checks import expect, expect_attribute, expect_float, expect_same_rows, row_type, verifier

#: Largest finite magnitude of each element type that rows are quantised to.
LARGEST_FINITE = {"f8E4M3FN": 448.0, "f8E4M3FNUZ": 240.0, "f8E5M2": 57344.0, "f8E5M2FNUZ": 57344.0, "i8": 127.0}

#: What the numbers of an op must be within in f32, in which it computes: a bound of 0 or a floor of infinity is none.
LEAST_BOUND = 2.0**-126
LARGEST_FLOOR = (2.0 - 2.0**-23) * 2.0**127

#: Who shares one scale: the whole tensor, each row, or each group of `group_size` values of a row.
GRANULARITIES = ("tensor", "token", "group")

#: How a value is scaled: divided by the scale, multiplied by its reciprocal, or multiplied by a scale that is itself
#: ``bound / absmax``.
FORMS = ("divide", "reciprocal", "multiplier")

#: What a scale is: any f32, an f32 power of two, or the exponents of four powers of two in an i32.
SCALE_FORMATS = ("f32", "ue8m0", "ue8m0_packed")

#: How the scales of a kernel lie in memory: rows x scales, or scales x rows (filled up with zeros to 4n rows).
SCALE_LAYOUTS = ("row", "column", "column_padded")

#: The optional attribute with the lower end of the range.
LOW = "low"


class QuantizeOp(Fanfold.Operation, name="quantize", traits=[ext.Pure]):
    """Quantisation of each row to fp8 or int8, with dynamic scales (a result) or a static scale (an operand).

    Dynamic scales, over each group (a shorter last group if the width is no multiple), the row or the whole tensor, in
    f32; NaN propagates through every step::

        a     = max(min(absmax(x), ceiling), absmax_floor)
        scale = max(round(a / bound, scale_type), scale_floor)      # form = "multiplier": round(bound / a, scale_type)
        scale = the next power of two, upwards                      # scale_format = "ue8m0" or "ue8m0_packed"

    Quantised values, in f32, rounded to nearest with ties to even (NaN stays NaN in fp8)::

        v = round(f32(x) / scale, quotient_type)                    # form = "divide"
        v = round(f32(x) * (1 / scale), quotient_type)              # form = "reciprocal"
        v = round(f32(x) * scale, quotient_type)                    # form = "multiplier"
        q = round(clamp(v, low, bound), element type of q)

    ``low`` is -bound, unless the op has an attribute of this name: ``low = -1.28e+02 : f64``, one below -bound, is the
    whole range of int8.

    A floor of 0 is no floor, and without the operand there is no ceiling. ``group_size`` is the width for the
    granularities ``token`` and ``tensor``.

    Powers of two are those of UE8M0, 2^-127 to 2^127; zero becomes 2^-127 and what is larger infinity. In the packed
    format, byte i of element j is the biased exponent of group 4j + i (255 for infinity and NaN), and 0 if there is no
    such group. ``scale_layout`` does not change the type: it says how a kernel lays the scales out in memory. One scale
    for the tensor has no layout but ``row``, and one that is given has neither floors nor a format.

    ::

        %q, %s = "fanfold.quantize"(%y) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64,
                 absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32,
                 quotient_type = f32, scale_format = "f32", scale_layout = "row",
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
    form: ir.StringAttr = ext.attribute(kw_only=True)
    scale_type: ir.TypeAttr = ext.attribute(kw_only=True)
    quotient_type: ir.TypeAttr = ext.attribute(kw_only=True)
    scale_format: ir.StringAttr = ext.attribute(kw_only=True)
    scale_layout: ir.StringAttr = ext.attribute(kw_only=True)

    @verifier
    def verify_invariants(self) -> None:
        """Check widths, groups, dtypes, and that a scale is either given or computed."""
        x, q = row_type(self.x, "x"), row_type(self.q, "q")
        width, group = x.shape[1], self.group_size.value
        expect_float(x.element_type, "x element type")
        expect_same_rows(x, q, "q")
        expect(q.shape[1] == width, "q width", expected=width, found=q.shape[1])
        kind = str(q.element_type)
        expect(kind in LARGEST_FINITE, "q element type", expected=" or ".join(LARGEST_FINITE), found=kind)
        bound = self.bound.value
        expect(
            LEAST_BOUND <= bound <= LARGEST_FINITE[kind],
            "bound",
            expected=f"2^-126 to {LARGEST_FINITE[kind]}",
            found=bound,
        )
        if LOW in self.attributes:
            expect_attribute(self, LOW, ir.FloatAttr)
        expect(
            LOW not in self.attributes or (kind == "i8" and lowest(self) in (-bound, -bound - 1)),
            LOW,
            expected="-bound or, for i8, -bound - 1",
            found=lowest(self),
        )
        for name in ("absmax_floor", "scale_floor"):
            value = getattr(self, name).value
            expect(0 <= value <= LARGEST_FLOOR, name, expected=f"0 to {LARGEST_FLOOR}", found=value)
        for name, allowed in (
            ("granularity", GRANULARITIES),
            ("form", FORMS),
            ("scale_format", SCALE_FORMATS),
            ("scale_layout", SCALE_LAYOUTS),
        ):
            found = getattr(self, name).value
            expect(found in allowed, name, expected=" or ".join(allowed), found=found)
        for name in ("scale_type", "quotient_type"):
            expect_float(getattr(self, name).value, name)
        granularity = self.granularity.value
        if granularity == "group":
            expect(group > 0, "group_size", expected="at least 1", found=group)
        else:
            expect(group == width, "group_size", expected=f"the width {width} for {granularity}", found=group)
        self._verify_scales(x, granularity, group)

    def _verify_scales(self, x: ir.RankedTensorType, granularity: str, group: int) -> None:
        scale_format, layout = self.scale_format.value, self.scale_layout.value
        if self.form.value == "multiplier":
            expect(scale_format == "f32", "scale_format", expected="f32 for the form multiplier", found=scale_format)
            floor = self.scale_floor.value
            expect(floor == 0, "scale_floor", expected="0 for the form multiplier", found=floor)
        if self.ceiling is not None:
            _expect_scalar(self.ceiling, "ceiling")
        if self.scale is not None:
            expect(
                granularity == "tensor", "scale operand", expected=f"none for granularity {granularity}", found="one"
            )
            expect(self.scales is None, "scales result", expected="none with a scale operand", found="one")
            expect(self.ceiling is None, "ceiling operand", expected="none with a scale operand", found="one")
            expect(scale_format == "f32", "scale_format", expected="f32 with a scale operand", found=scale_format)
            expect(layout == "row", "scale_layout", expected="row with a scale operand", found=layout)
            for name in ("absmax_floor", "scale_floor"):
                floor = getattr(self, name).value
                expect(floor == 0, name, expected="0 with a scale operand", found=floor)
            _expect_scalar(self.scale, "scale")
            return
        expect(self.scales is not None, "scales result", expected="one without a scale operand", found="none")
        if granularity == "tensor":
            expect(scale_format != "ue8m0_packed", "scale_format", expected="f32 or ue8m0", found=scale_format)
            expect(layout == "row", "scale_layout", expected="row for one scale", found=layout)
            _expect_scalar(self.scales, "scales")
            return
        scales = row_type(self.scales, "scales")
        packed = scale_format == "ue8m0_packed"
        kind = "i32" if packed else "f32"
        expect(str(scales.element_type) == kind, "scales type", expected=kind, found=scales.element_type)
        expect_same_rows(x, scales, "scales")
        count = 1 if granularity == "token" else -(-x.shape[1] // group)
        what = "one for four groups" if packed else "one a group"
        count = -(-count // 4) if packed else count
        expect(scales.shape[1] == count, "scales width", expected=f"{count} ({what})", found=scales.shape[1])


def lowest(op: ir.OpView) -> float:
    """Return the value that a `quantize` op clamps to from below: its attribute `low`, or -bound."""
    # IRDL has no optional attributes.
    return float(op.attributes[LOW].value) if LOW in op.attributes else -float(op.bound.value)


def is_dynamic_tensor_quantize(op: ir.Operation) -> bool:
    """Return whether `op` makes one scale for the whole tensor: the one op that is not row-wise."""
    if op.name != QuantizeOp.OPERATION_NAME:
        return False
    view = op.opview
    return bool(view.granularity.value == "tensor" and view.scale is None)


def _expect_scalar(value: ir.Value, what: str) -> None:
    element = value.type.element_type
    expect(isinstance(element, ir.F32Type), f"{what} type", expected="f32", found=element)
    expect(list(value.type.shape) == [1], f"{what} shape", expected="[1]", found=list(value.type.shape))
