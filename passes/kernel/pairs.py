# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversion of f32 to 8-bit codes for even and odd columns at once, most of it in lanes of 16 bits.

The even column of a pair is the low half of a 32-bit word and the odd one the high half. What decides about a code fits
16 bits: the upper half of an f32 has its sign and its exponent, and once the f32 adder has rounded it, the low half of
the sum has the mantissa. So one instruction does for two columns what takes two in lanes of 32 bits.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith, vector

from .emitter import Emitter
from .float8 import FORMATS

#: Added to an f32 below 2^22 in magnitude, it leaves the integer that is nearest in the low bits of the sum.
ROUNDING_SHIFT = 1.5 * 2.0**23

_SIGN, _EXPONENT, _MAGNITUDE = 0x8000, 0x7F80, 0x7FFF


def convert_pair(e: Emitter, even: ir.Value, odd: ir.Value, kind: str, *, may_be_nan: bool) -> ir.Value:
    """Round f32 vectors to codes in column order, to nearest with ties to even.

    Args:
        e: The emitter.
        even: The even columns, within the finite range of `kind` (up to half a step beyond is harmless).
        odd: The odd columns.
        kind: A name in `float8.FORMATS`, or ``i8``.
        may_be_nan: False when the caller knows that there is no NaN. A NaN must be quiet.

    Returns:
        A vector of i8, twice as wide.
    """
    codes = (_int8 if kind == "i8" else _float8)(e, even, odd, kind, may_be_nan)
    return arith.trunci(e.like(codes, e.i8), codes)


def _int8(e: Emitter, even: ir.Value, odd: ir.Value, _kind: str, may_be_nan: bool) -> ir.Value:
    def rounded(value: ir.Value) -> ir.Value:
        if may_be_nan:
            # PyTorch's conversion of NaN to int8 gives 0 on CPU.
            is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
            value = arith.select(is_nan, e.float_constant(0.0, value), value)
        return e.to_bits(arith.addf(value, e.float_constant(ROUNDING_SHIFT, value)))

    return _low_halves(e, rounded(even), rounded(odd))


def _float8(e: Emitter, even: ir.Value, odd: ir.Value, kind: str, may_be_nan: bool) -> ir.Value:
    """Round as `magnitude_code` does, by the f32 adder; exponents and codes are computed in lanes of 16 bits."""
    fmt = FORMATS[kind]
    shift = 23 - fmt.mantissa
    high = high_halves(e, even, odd)

    def lanes(value: int) -> ir.Value:
        return e.constant(value, high.type)

    # The exponent above that of the smallest normal number, or 0 for subnormal ones: max and subtract are one
    # instruction, a saturating subtraction.
    smallest = lanes((128 - fmt.bias) << 7)
    above = arith.subi(arith.maxui(arith.andi(high, lanes(_EXPONENT)), smallest), smallest)
    sign = arith.andi(high, lanes(_SIGN))
    # The addend has the value's sign, and its last bit is a step of the format at the value's exponent.
    addends = arith.ori(arith.addi(above, lanes((128 - fmt.bias + shift) << 7)), sign)
    sums = [
        e.to_bits(arith.addf(value, e.to_float(addend)))
        for value, addend in zip((even, odd), _split(e, addends), strict=True)
    ]
    # Normal numbers count from the implicit one, 2^mantissa, which is the step of the exponent in the code.
    code = arith.addi(_low_halves(e, *sums), arith.shrui(above, lanes(7 - fmt.mantissa)))
    sign = arith.shrui(sign, lanes(8))
    if not fmt.signed_zero:
        sign = arith.select(arith.cmpi(arith.CmpIPredicate.eq, code, lanes(0)), lanes(0), sign)
    code = arith.ori(code, sign)
    if may_be_nan:
        is_nan = arith.cmpi(arith.CmpIPredicate.sgt, arith.andi(high, lanes(_MAGNITUDE)), lanes(_EXPONENT))
        code = arith.select(is_nan, lanes(fmt.nan), code)
    return code


def high_halves(e: Emitter, even: ir.Value, odd: ir.Value) -> ir.Value:
    """Return the upper 16 bits of f32 vectors, in column order: bf16 numbers, if they were rounded to that."""
    return _as_halves(e, arith.ori(e.shifted_right(e.to_bits(even), 16), e.masked(e.to_bits(odd), 0xFFFF0000)))


def _low_halves(e: Emitter, even: ir.Value, odd: ir.Value) -> ir.Value:
    """Return the lower 16 bits of i32 vectors, in column order."""
    return _as_halves(e, arith.ori(e.masked(even, 0xFFFF), arith.shli(odd, e.bits_constant(16, odd))))


def _as_halves(e: Emitter, words: ir.Value) -> ir.Value:
    return vector.bitcast(e.vector(2 * words.type.shape[0], e.i16), words)


def _split(e: Emitter, halves: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return 16-bit lanes as the upper halves of two i32 vectors: the even columns and the odd ones."""
    words = vector.bitcast(e.vector(halves.type.shape[0] // 2, e.i32), halves)
    return arith.shli(words, e.bits_constant(16, words)), e.masked(words, 0xFFFF0000)
