# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation of one piece by a known scale: a fast form for ordinary scales and an exact one for all."""

from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from fanfold.dialect.quantize import lowest

from .emitter import Emitter, f32_bits
from .float8 import convert, represents, with_sign
from .rounding import round_to

#: Scales in [2^-60, inf) are ordinary. Below, a quotient that matters could come from a value so small that the
#: residual of the division is no longer exact; infinity and NaN need the exact form.
SMALLEST_ORDINARY = f32_bits(2.0**-60)
INFINITY_BITS = 0x7F800000


def is_ordinary(e: Emitter, scale: ir.Value) -> ir.Value:
    """Return (i1) whether the fast form is exact for this non-negative scale.

    An ordinary scale also says that no value of its group is NaN or infinite.
    """
    offset = arith.subi(e.to_bits(scale), e.constant(SMALLEST_ORDINARY, e.i32))
    return arith.cmpi(arith.CmpIPredicate.ult, offset, e.constant(INFINITY_BITS - SMALLEST_ORDINARY, e.i32))


def inverse_of(e: Emitter, scale: ir.Value) -> ir.Value:
    """Return the correctly rounded reciprocal of a scale."""
    return arith.divf(e.constant(1.0, e.f32), scale)


@dataclass(frozen=True)
class Codes:
    """Quantised values before they are packed.

    Attributes:
        code: i32; the low byte is the code without its sign (that of int8 is complete).
        sign_of: f32; its sign is the code's.
        kind: A name in `float8.FORMATS`, or ``i8``.
        is_packed: Whether `code` is complete, and i8.
    """

    code: ir.Value
    sign_of: ir.Value
    kind: str
    is_packed: bool = False

    def packed(self, e: Emitter) -> ir.Value:
        """Return the codes as i8."""
        if self.is_packed:
            return self.code
        top = e.shifted_right(e.to_bits(self.sign_of), 24)
        return arith.trunci(e.like(self.code, e.i8), with_sign(e, self.code, top, self.kind))


def emit_codes(e: Emitter, op: ir.OpView, value: ir.Value, scale: ir.Value, inverse: ir.Value, *, fast: bool) -> Codes:
    """Return the codes of `value`.

    Args:
        e: The emitter.
        op: The `quantize` op.
        value: f32 vector (or one f32).
        scale: f32 scalar.
        inverse: ``1 / scale``.
        fast: The scale is ordinary and computed from this very group.
    """
    kind, bound = str(op.q.type.element_type), op.bound.value
    scaled = round_to(e, _scaled(e, op, value, scale, inverse, fast=fast), op.quotient_type.value)
    # |value| <= absmax, so the quotient exceeds the bound by an ulp at most, and rounding takes it back to the bound
    # whenever the bound is a value of the format. A rounded scale can be too small by more, and lead to -bound - 1.
    if not (fast and represents(kind, bound) and isinstance(op.scale_type.value, ir.F32Type)):
        scaled = _clamped(e, scaled, lowest(op), bound)
    # The residual step of the fast form can turn -0 into +0; a given scale can be negative.
    sign_of = value if fast else scaled
    if e.to_fp8 is not None and isinstance(value.type, ir.VectorType):
        codes = e.to_fp8(e, _with_sign_of(e, scaled, sign_of) if fast else scaled, kind)
        if codes is not None:
            return Codes(codes, sign_of, kind, is_packed=True)
    return Codes(convert(e, scaled, kind, may_be_nan=not fast), sign_of, kind)


def _with_sign_of(e: Emitter, value: ir.Value, sign_of: ir.Value) -> ir.Value:
    sign = e.masked(e.to_bits(sign_of), 0x80000000)
    return e.to_float(arith.ori(e.masked(e.to_bits(value), 0x7FFFFFFF), sign))


def _scaled(e: Emitter, op: ir.OpView, value: ir.Value, scale: ir.Value, inverse: ir.Value, *, fast: bool) -> ir.Value:
    form = op.form.value
    if form == "multiplier":
        return arith.mulf(value, e.spread(scale, value))
    if form == "reciprocal":
        return arith.mulf(value, e.spread(inverse, value))
    if not fast:
        return arith.divf(value, e.spread(scale, value))
    if op.scale_format.value != "f32":
        # The inverse of a power of two is exact, and so is the product.
        return arith.mulf(value, e.spread(inverse, value))
    if isinstance(op.x.type.element_type, ir.F32Type):
        return arith.divf(value, e.spread(scale, value))
    return _exact_quotient(value, e.spread(scale, value), e.spread(inverse, value))


def _exact_quotient(value: ir.Value, scale: ir.Value, inverse: ir.Value) -> ir.Value:
    """Return ``value / scale`` correctly rounded, from the correctly rounded inverse and one residual step.

    This is Markstein's theorem (IBM J. Res. Dev. 34(1), 1990); that it holds for every bf16 and f16 value and scale is
    also tested exhaustively over mantissas. It takes three instructions instead of a division.
    """
    estimate = arith.mulf(value, inverse)
    residual = math.fma(arith.negf(estimate), scale, value)
    return math.fma(residual, inverse, estimate)


def _clamped(e: Emitter, value: ir.Value, low: float, bound: float) -> ir.Value:
    # minimumf and maximumf propagate NaN, as torch.clamp does.
    high = arith.minimumf(value, e.float_constant(bound, value))
    return arith.maximumf(high, e.float_constant(low, value))
