# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""f16 and f32: by the processor's own conversions, or exactly by arithmetic where it has none.

Without hardware, LLVM would call a routine of IREE's that is not exact.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith

from .emitter import Emitter, f32_bits
from .minifloat import magnitude_code

MANTISSA, BIAS = 10, 15

#: From here on, rounding to nearest gives infinity.
OVERFLOW = 65520.0


def f16_to_f32(e: Emitter, stored: ir.Value) -> ir.Value:
    """Convert f16, given as i16, to f32; exact."""
    if e.hardware_f16:
        return arith.extf(e.like(stored, e.f32), arith.bitcast(e.like(stored, ir.F16Type.get()), stored))
    bits = arith.extui(e.like(stored, e.i32), stored)
    magnitude = e.masked(bits, 0x7FFF)
    # Rebias: 127 - 15 for numbers, as much again for infinity and NaN; subnormals are whole multiples of 2^-24.
    rebias = e.bits_constant((127 - BIAS) << 23, bits)
    normal = arith.addi(arith.shli(magnitude, e.bits_constant(23 - MANTISSA, bits)), rebias)
    special = arith.cmpi(arith.CmpIPredicate.sge, magnitude, e.bits_constant(0x7C00, bits))
    normal = arith.select(special, arith.addi(normal, rebias), normal)
    whole = arith.sitofp(e.like(bits, e.f32), magnitude)
    subnormal = e.to_bits(arith.mulf(whole, e.float_constant(2.0**-24, whole)))
    is_normal = arith.cmpi(arith.CmpIPredicate.sge, magnitude, e.bits_constant(1 << MANTISSA, bits))
    sign = arith.shli(e.masked(bits, 0x8000), e.bits_constant(16, bits))
    return e.to_float(arith.ori(arith.select(is_normal, normal, subnormal), sign))


def f32_to_f16(e: Emitter, value: ir.Value) -> ir.Value:
    """Round f32 to f16, as i16, to nearest with ties to even."""
    if e.hardware_f16:
        return arith.bitcast(e.like(value, e.i16), arith.truncf(e.like(value, ir.F16Type.get()), value))
    bits = e.to_bits(value)
    magnitude = e.masked(bits, 0x7FFFFFFF)
    code = magnitude_code(e, value, mantissa=MANTISSA, bias=BIAS, width=16)
    overflows = arith.cmpi(arith.CmpIPredicate.sge, magnitude, e.bits_constant(f32_bits(OVERFLOW), bits))
    code = arith.select(overflows, e.bits_constant(0x7C00, bits), code)
    is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
    code = arith.select(is_nan, e.bits_constant(0x7E00, bits), code)
    code = arith.ori(code, e.masked(e.shifted_right(bits, 16), 0x8000))
    return arith.trunci(e.like(value, e.i16), code)
