# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rounding of f32 to the code of a narrower float format, to nearest with ties to even."""

from torch_mlir import ir
from torch_mlir.dialects import arith

from .emitter import Emitter, f32_bits


def magnitude_code(e: Emitter, value: ir.Value, *, mantissa: int, bias: int, width: int) -> ir.Value:
    """Return the code of the magnitude of `value`: the low `width` bits of an i32, with rubbish above them.

    Adding ``2^(E + 23 - mantissa)``, where ``2^E`` is the value's own power of two (at least the smallest normal's),
    makes the f32 adder round to the format's step ``2^(E - mantissa)``: the low bits of the sum count the steps.
    Normals count from ``2^mantissa`` and subnormals from 0, so ``exponent field + count`` is the code of both, up to a
    constant. The constant rides in the low bits of the addend; it is even, so ties still go to even.

    Args:
        e: The emitter.
        value: f32 vector (or one f32), finite and within the format's range.
        mantissa: Mantissa bits of the format without the implicit one.
        bias: Its exponent bias.
        width: Bits of a code.
    """
    shift = 23 - mantissa
    bits = e.to_bits(value)
    exponent = arith.maxsi(e.masked(bits, 0x7F800000), e.bits_constant(f32_bits(2.0 ** (1 - bias)), bits))
    correction = -((shift + 128 - bias) << mantissa) & (2**width - 1)
    addend = arith.addi(exponent, e.bits_constant((shift << 23) | correction, bits))
    signed_addend = e.to_float(arith.ori(addend, e.masked(bits, 0x80000000)))
    count = e.to_bits(arith.addf(value, signed_addend))
    return arith.addi(count, e.shifted_right(addend, shift))
