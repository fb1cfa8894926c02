# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversion of f32 to 8-bit formats with integer arithmetic, to nearest with ties to even."""

from dataclasses import dataclass
from math import frexp

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from .emitter import Emitter
from .minifloat import magnitude_code


@dataclass(frozen=True)
class Float8:
    """An 8-bit float format.

    Attributes:
        mantissa: Mantissa bits without the implicit one.
        bias: Exponent bias.
        nan: Code of NaN (the sign bit apart).
        signed_zero: Whether -0 exists; without it, NaN is the code of -0.
    """

    mantissa: int
    bias: int
    nan: int
    signed_zero: bool

    def represents(self, value: float) -> bool:
        """Return whether a positive `value` within the finite range is exactly a value of the format."""
        mantissa, exponent = frexp(value)
        step = 2.0 ** (max(exponent - 1, 1 - self.bias) - self.mantissa)
        return mantissa > 0 and (value / step).is_integer()


FORMATS = {
    "f8E4M3FN": Float8(mantissa=3, bias=7, nan=0x7F, signed_zero=True),
    "f8E4M3FNUZ": Float8(mantissa=3, bias=8, nan=0x80, signed_zero=False),
    "f8E5M2": Float8(mantissa=2, bias=15, nan=0x7F, signed_zero=True),
}


def represents(kind: str, bound: float) -> bool:
    """Return whether `bound` is a value of the 8-bit type `kind` (``i8`` or an fp8 name)."""
    return bound.is_integer() if kind == "i8" else FORMATS[kind].represents(bound)


def convert(e: Emitter, value: ir.Value, sign_of: ir.Value, kind: str, *, may_be_nan: bool) -> ir.Value:
    """Round an f32 within the finite range of `kind` to its code: the low byte of an i32, with rubbish above it.

    Args:
        e: The emitter.
        value: f32 vector, already clamped to the finite range (rounding up to half a step beyond is harmless).
        sign_of: f32 vector whose sign bits the codes get: those of `value`, except that a -0 may have become +0 in it.
        kind: ``f8E4M3FN``, ``f8E4M3FNUZ``, ``f8E5M2`` or ``i8``.
        may_be_nan: False when the caller knows that there is no NaN; saves a select.
    """
    if kind == "i8":
        return _to_int8(e, value, may_be_nan=may_be_nan)
    return _to_float8(e, value, sign_of, FORMATS[kind], may_be_nan=may_be_nan)


def _to_float8(e: Emitter, value: ir.Value, sign_of: ir.Value, fmt: Float8, *, may_be_nan: bool) -> ir.Value:
    bits = e.to_bits(value)
    # Bit 7 is clear: every finite code is below 0x7F.
    code = magnitude_code(e, value, mantissa=fmt.mantissa, bias=fmt.bias, width=8)
    sign = e.masked(e.shifted_right(e.to_bits(sign_of), 24), 0x80)
    if not fmt.signed_zero:
        zero = arith.cmpi(arith.CmpIPredicate.eq, e.masked(code, 0xFF), e.bits_constant(0, bits))
        sign = arith.select(zero, e.bits_constant(0, bits), sign)
    code = arith.ori(code, sign)
    if may_be_nan:
        nan = e.bits_constant(fmt.nan, bits)
        if fmt.signed_zero:
            nan = arith.ori(nan, sign)
        code = arith.select(arith.cmpf(arith.CmpFPredicate.UNO, value, value), nan, code)
    return code


def _to_int8(e: Emitter, value: ir.Value, *, may_be_nan: bool) -> ir.Value:
    if may_be_nan:
        # PyTorch's conversion of NaN to int8 gives 0 on CPU; fptosi of NaN would be poison.
        is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
        value = arith.select(is_nan, e.float_constant(0.0, value), value)
    return arith.fptosi(e.like(value, e.i32), math.roundeven(value))
