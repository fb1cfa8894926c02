# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversion of f32 to 8-bit formats with integer arithmetic, to nearest with ties to even."""

from dataclasses import dataclass
from math import frexp

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from .emitter import Emitter, f32_bits
from .minifloat import magnitude_code


@dataclass(frozen=True)
class Float8:
    """An 8-bit float format.

    Attributes:
        mantissa: Mantissa bits without the implicit one.
        bias: Exponent bias.
        nan: Code of NaN (the sign bit apart).
        beyond: Least magnitude that rounds to more than the largest finite value.
        overflow: What PyTorch makes of that and of infinity, the sign bit apart: the largest finite value, NaN or
            infinity.
        has_infinity: Whether `overflow` is infinity.
        signed_zero: Whether -0 exists; without it, NaN is the code of -0.
    """

    mantissa: int
    bias: int
    nan: int
    signed_zero: bool
    beyond: float
    overflow: int
    has_infinity: bool = False

    def represents(self, value: float) -> bool:
        """Return whether a positive `value` within the finite range is exactly a value of the format."""
        mantissa, exponent = frexp(value)
        step = 2.0 ** (max(exponent - 1, 1 - self.bias) - self.mantissa)
        return mantissa > 0 and (value / step).is_integer()


#: The next f32 after 464, half way from 448 to what would be 480, which rounds to the even 448.
AFTER_464 = 464.0 + 2.0**-15

FORMATS = {
    "f8E4M3FN": Float8(mantissa=3, bias=7, nan=0x7F, signed_zero=True, beyond=AFTER_464, overflow=0x7E),
    "f8E4M3FNUZ": Float8(mantissa=3, bias=8, nan=0x80, signed_zero=False, beyond=248.0, overflow=0x80),
    "f8E5M2": Float8(mantissa=2, bias=15, nan=0x7F, signed_zero=True, beyond=61440.0, overflow=0x7C, has_infinity=True),
    "f8E5M2FNUZ": Float8(mantissa=2, bias=16, nan=0x80, signed_zero=False, beyond=61440.0, overflow=0x80),
}


def represents(kind: str, bound: float) -> bool:
    """Return whether `bound` is a value of the 8-bit type `kind` (``i8`` or an fp8 name)."""
    return bound.is_integer() if kind == "i8" else FORMATS[kind].represents(bound)


def convert(e: Emitter, value: ir.Value, kind: str, *, may_be_nan: bool) -> ir.Value:
    """Round an f32 within the finite range of `kind` to its code without a sign; that of ``i8`` is complete.

    Args:
        e: The emitter.
        value: f32 vector, already clamped to the finite range (rounding up to half a step beyond is harmless).
        kind: A name in `FORMATS`, or ``i8``.
        may_be_nan: False when the caller knows that there is no NaN; saves a select.

    Returns:
        An i32 whose low byte is the code, with rubbish above it.
    """
    if kind == "i8":
        return _to_int8(e, value, may_be_nan=may_be_nan)
    fmt = FORMATS[kind]
    # Bit 7 is clear: no finite code is above 0x7F.
    code = magnitude_code(e, value, mantissa=fmt.mantissa, bias=fmt.bias, width=8)
    if not may_be_nan:
        return code
    is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
    return arith.select(is_nan, e.bits_constant(fmt.nan, code), code)


def encode(e: Emitter, value: ir.Value, kind: str) -> ir.Value:
    """Return the code, as i8, of any f32, as PyTorch's conversion has it."""
    fmt = FORMATS[kind]
    magnitude = e.masked(e.to_bits(value), 0x7FFFFFFF)
    # Only bits are looked at: a comparison of floats could take a denormal for zero.
    beyond = arith.cmpi(arith.CmpIPredicate.sge, magnitude, e.bits_constant(f32_bits(fmt.beyond), magnitude))
    is_nan = arith.cmpi(arith.CmpIPredicate.sgt, magnitude, e.bits_constant(0x7F800000, magnitude))
    within = e.to_float(arith.select(beyond, e.bits_constant(0, magnitude), magnitude))
    code = convert(e, within, kind, may_be_nan=False)
    code = arith.select(beyond, e.bits_constant(fmt.overflow, code), code)
    code = arith.select(is_nan, e.bits_constant(fmt.nan, code), code)
    signed = with_sign(e, code, e.shifted_right(e.to_bits(value), 24), kind)
    return arith.trunci(e.like(signed, e.i8), signed)


def decode(e: Emitter, code: ir.Value, kind: str) -> ir.Value:
    """Return the f32 that an i8 code stands for; exact."""
    fmt = FORMATS[kind]
    bits = arith.extui(e.like(code, e.i32), code)
    magnitude = e.masked(bits, 0x7F)
    shift = 23 - fmt.mantissa
    shifted = arith.shli(magnitude, e.bits_constant(shift, bits))
    normal = arith.addi(shifted, e.bits_constant((127 - fmt.bias) << 23, bits))
    # Below the smallest normal number, the code counts steps.
    step = e.float_constant(2.0 ** (1 - fmt.bias - fmt.mantissa), bits)
    steps = arith.mulf(arith.sitofp(e.like(bits, e.f32), magnitude), step)
    is_small = arith.cmpi(arith.CmpIPredicate.slt, magnitude, e.bits_constant(1 << fmt.mantissa, bits))
    value = arith.select(is_small, e.to_bits(steps), normal)
    if fmt.has_infinity:
        is_infinite = arith.cmpi(arith.CmpIPredicate.eq, magnitude, e.bits_constant(fmt.overflow, bits))
        value = arith.select(is_infinite, e.bits_constant(0x7F800000, bits), value)
    if fmt.signed_zero:
        first_nan = fmt.overflow + 1
        is_nan = arith.cmpi(arith.CmpIPredicate.sge, magnitude, e.bits_constant(first_nan, bits))
    else:
        is_nan = arith.cmpi(arith.CmpIPredicate.eq, bits, e.bits_constant(fmt.nan, bits))
    value = arith.select(is_nan, e.bits_constant(0x7FC00000, bits), value)
    sign = arith.shli(e.masked(bits, 0x80), e.bits_constant(24, bits))
    return e.to_float(arith.ori(value, sign))


def with_sign(e: Emitter, code: ir.Value, top: ir.Value, kind: str) -> ir.Value:
    """Put the sign into codes that `convert` made.

    Args:
        e: The emitter.
        code: Codes in the low bytes of i8 or i32.
        top: The same type; bit 7 is the sign.
        kind: As for `convert`.
    """
    if kind == "i8":
        return code
    element = top.type.element_type if isinstance(top.type, ir.VectorType) else top.type
    sign = arith.andi(top, e.constant(0x80, e.like(top, element)))
    if not FORMATS[kind].signed_zero:
        zero = e.constant(0, e.like(top, element))
        low_byte = arith.andi(code, e.constant(0xFF, e.like(top, element)))
        sign = arith.select(arith.cmpi(arith.CmpIPredicate.eq, low_byte, zero), zero, sign)
    return arith.ori(code, sign)


def _to_int8(e: Emitter, value: ir.Value, *, may_be_nan: bool) -> ir.Value:
    if may_be_nan:
        # PyTorch's conversion of NaN to int8 gives 0 on CPU; fptosi of NaN would be poison.
        is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
        value = arith.select(is_nan, e.float_constant(0.0, value), value)
    return arith.fptosi(e.like(value, e.i32), math.roundeven(value))
