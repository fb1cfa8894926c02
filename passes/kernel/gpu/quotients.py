# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quotients and roots of f32, rounded correctly whatever the device makes of a division or a square root.

Vulkan lets a device be off by several steps, and lose denormal numbers. So its own result, for numbers between 1 and 4,
is a guess within `GUESS` steps. What is left over is known exactly, in the low 32 bits of integer products; it gives
the largest number that is not too large, and then the nearest one.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from fanfold.passes.kernel.emitter import Emitter

#: Steps by which a device's quotient or root may be off, for numbers that are far from the ends of f32's range.
GUESS = 4

_MAGNITUDE, _INFINITY, _NAN = 0x7FFFFFFF, 0x7F800000, 0x7FC00000
_MANTISSA, _IMPLICIT = 0x007FFFFF, 0x00800000
_SMALLEST_NORMAL = 0x00800000

_P = arith.CmpIPredicate


def quotient(e: Emitter, a: ir.Value, b: ir.Value) -> ir.Value:
    """Return ``a / b``."""

    def number(value: int) -> ir.Value:
        return e.bits_constant(value, a)

    left, right = e.masked(e.to_bits(a), _MAGNITUDE), e.masked(e.to_bits(b), _MAGNITUDE)
    (dividend, exponent), (divisor, subtracted) = _normalised(e, left), _normalised(e, right)
    is_less = arith.cmpi(_P.slt, dividend, divisor)
    dividend = arith.select(is_less, arith.shli(dividend, number(1)), dividend)
    exponent = arith.subi(arith.subi(exponent, subtracted), arith.extui(e.like(a, e.i32), is_less))
    # The quotient of the mantissas is in [1, 2): 24 bits.
    guess = arith.divf(_as_float(e, dividend), _as_float(e, divisor))
    q = arith.subi(arith.fptosi(e.like(a, e.i32), arith.mulf(guess, e.float_constant(2.0**23, a))), number(GUESS))
    rest = arith.subi(arith.shli(dividend, number(23)), arith.muli(q, divisor))
    step = 2 * GUESS
    while step:
        part = arith.muli(divisor, number(step))
        fits = arith.cmpi(_P.sge, rest, part)
        rest = arith.select(fits, arith.subi(rest, part), rest)
        q = arith.select(fits, arith.addi(q, number(step)), q)
        step //= 2
    # One more bit, and whether anything is left.
    twice = arith.shli(rest, number(1))
    half = arith.cmpi(_P.sge, twice, divisor)
    q = arith.ori(arith.shli(q, number(1)), arith.extui(e.like(a, e.i32), half))
    is_exact = arith.cmpi(_P.eq, arith.select(half, arith.subi(twice, divisor), twice), number(0))
    result = _rounded(e, q, is_exact, arith.addi(exponent, number(127)))
    return _with_specials(e, result, left, right, arith.xori(e.to_bits(a), e.to_bits(b)))


def root(e: Emitter, x: ir.Value) -> ir.Value:
    """Return the square root of `x`; NaN for what is negative, and -0 for -0."""

    def number(value: int) -> ir.Value:
        return e.bits_constant(value, x)

    bits = e.to_bits(x)
    magnitude = e.masked(bits, _MAGNITUDE)
    mantissa, exponent = _normalised(e, magnitude)
    # An even exponent, and a mantissa in [1, 4).
    odd = arith.andi(exponent, number(1))
    mantissa = arith.shli(mantissa, odd)
    exponent = arith.shrsi(arith.subi(exponent, odd), number(1))
    guess = math.sqrt(arith.mulf(_as_float(e, mantissa), e.float_constant(2.0**-23, x)))
    r = arith.subi(arith.fptosi(e.like(x, e.i32), arith.mulf(guess, e.float_constant(2.0**23, x))), number(GUESS))
    rest = arith.subi(arith.shli(mantissa, number(23)), arith.muli(r, r))
    for _ in range(2 * GUESS + 1):
        part = arith.addi(arith.shli(r, number(1)), number(1))
        fits = arith.cmpi(_P.sge, rest, part)
        rest = arith.select(fits, arith.subi(rest, part), rest)
        r = arith.select(fits, arith.addi(r, number(1)), r)
    # No root lies half way between two numbers.
    r = arith.addi(r, arith.extui(e.like(x, e.i32), arith.cmpi(_P.sgt, rest, r)))
    result = arith.addi(arith.shli(arith.addi(exponent, number(126)), number(23)), r)
    is_itself = arith.ori(arith.cmpi(_P.eq, magnitude, number(0)), arith.cmpi(_P.eq, bits, number(_INFINITY)))
    is_nan = arith.ori(arith.cmpi(_P.slt, bits, number(0)), arith.cmpi(_P.sgt, magnitude, number(_INFINITY)))
    result = arith.select(is_nan, number(_NAN), result)
    return e.to_float(arith.select(is_itself, bits, result))


def _normalised(e: Emitter, magnitude: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return mantissa (24 bits) and exponent of the bits of a magnitude; of 0, infinity and NaN they mean nothing."""
    is_small = arith.cmpi(_P.slt, magnitude, e.bits_constant(_SMALLEST_NORMAL, magnitude))
    # The bits of a denormal number count steps of 2^-149; as a float they are a normal number.
    counted = e.to_bits(_as_float(e, magnitude))
    bits = arith.select(is_small, counted, magnitude)
    bias = arith.select(is_small, e.bits_constant(127 + 149, bits), e.bits_constant(127, bits))
    mantissa = arith.ori(e.masked(bits, _MANTISSA), e.bits_constant(_IMPLICIT, bits))
    return mantissa, arith.subi(e.shifted_right(bits, 23), bias)


def _rounded(e: Emitter, q: ir.Value, is_exact: ir.Value, biased: ir.Value) -> ir.Value:
    """Return the bits of the f32 that is nearest to ``q / 2^24 * 2^(biased - 127)``; `q` has 25 bits."""

    def number(value: int) -> ir.Value:
        return e.bits_constant(value, q)

    # Numbers below the normal ones have fewer bits.
    below = arith.minsi(arith.maxsi(arith.subi(number(1), biased), number(0)), number(25))
    half = arith.shli(number(1), below)
    kept = arith.shrui(q, arith.addi(below, number(1)))
    cut = arith.andi(q, arith.subi(arith.shli(half, number(1)), number(1)))
    is_even = arith.cmpi(_P.eq, arith.andi(kept, number(1)), number(0))
    stays = arith.ori(
        arith.cmpi(_P.slt, cut, half), arith.andi(arith.cmpi(_P.eq, cut, half), arith.andi(is_exact, is_even))
    )
    kept = arith.select(stays, kept, arith.addi(kept, number(1)))
    exponent = arith.maxsi(arith.subi(biased, number(1)), number(0))
    result = arith.addi(arith.shli(exponent, number(23)), kept)
    return arith.select(arith.cmpi(_P.sge, biased, number(255)), number(_INFINITY), result)


def _with_specials(e: Emitter, result: ir.Value, left: ir.Value, right: ir.Value, signs: ir.Value) -> ir.Value:
    """Return a quotient as f32: with its sign, and with what is made of zeros, infinities and NaN."""

    def number(value: int) -> ir.Value:
        return e.bits_constant(value, result)

    def is_(predicate: arith.CmpIPredicate, value: ir.Value, bits: int) -> ir.Value:
        return arith.cmpi(predicate, value, number(bits))

    zero = arith.ori(is_(_P.eq, left, 0), is_(_P.eq, right, _INFINITY))
    infinite = arith.ori(is_(_P.eq, left, _INFINITY), is_(_P.eq, right, 0))
    nan = arith.ori(is_(_P.sgt, left, _INFINITY), is_(_P.sgt, right, _INFINITY))
    result = arith.select(zero, number(0), result)
    result = arith.select(infinite, number(_INFINITY), result)
    # Both: 0 / 0, or infinity / infinity.
    result = arith.select(arith.ori(nan, arith.andi(zero, infinite)), number(_NAN), result)
    return e.to_float(arith.ori(result, e.masked(signs, 0x80000000)))


def _as_float(e: Emitter, value: ir.Value) -> ir.Value:
    return arith.sitofp(e.like(value, e.f32), value)
