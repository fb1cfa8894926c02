# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Storage types and rounding points.

Values are f32 inside a kernel. IREE removes a `truncf` to bf16 that is followed by an `extf`, so bf16 never appears as
a type: it is loaded, rounded and stored as integers. So is f16, whose bits no fold crosses either.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith

from .emitter import Emitter
from .float16 import f16_to_f32, f32_to_f16


def storage_type(element: ir.Type) -> ir.Type:
    """Return the memref element type that holds `element`: bf16 and f16 as i16, fp8 as i8."""
    if isinstance(element, ir.BF16Type | ir.F16Type):
        return ir.IntegerType.get_signless(16)
    if isinstance(element, ir.F32Type | ir.IntegerType):
        return element
    return ir.IntegerType.get_signless(8)


def widen(e: Emitter, loaded: ir.Value, element: ir.Type) -> ir.Value:
    """Convert a loaded value of storage type to f32; exact."""
    if isinstance(element, ir.BF16Type):
        bits = arith.extui(e.like(loaded, e.i32), loaded)
        return e.to_float(arith.shli(bits, e.bits_constant(16, bits)))
    if isinstance(element, ir.F16Type):
        return f16_to_f32(e, loaded)
    return loaded


def round_to(e: Emitter, value: ir.Value, element: ir.Type) -> ir.Value:
    """Round f32 to `element`, to nearest with ties to even, and return the result as f32."""
    if isinstance(element, ir.BF16Type):
        if e.round_to_bf16 is not None and isinstance(value.type, ir.VectorType):
            return e.round_to_bf16(e, value)
        return e.to_float(e.masked(_bf16_rounded_bits(e, value), 0xFFFF0000))
    if isinstance(element, ir.F16Type):
        return f16_to_f32(e, f32_to_f16(e, value))
    return value


def narrow(e: Emitter, rounded: ir.Value, element: ir.Type) -> ir.Value:
    """Convert an f32 that `round_to` made to its storage type; exact."""
    if isinstance(element, ir.BF16Type):
        return arith.trunci(e.like(rounded, e.i16), e.shifted_right(e.to_bits(rounded), 16))
    if isinstance(element, ir.F16Type):
        return f32_to_f16(e, rounded)
    return rounded


def _bf16_rounded_bits(e: Emitter, value: ir.Value) -> ir.Value:
    """Return the f32 bits of `value` with half an ulp of bf16 added: the upper 16 bits are the rounded bf16.

    A NaN with low mantissa bits would carry into its sign, so it is made quiet instead, unless it cannot have any.
    """
    bits = e.to_bits(value)
    odd = e.masked(e.shifted_right(bits, 16), 1)
    rounded = arith.addi(arith.addi(bits, e.bits_constant(0x7FFF, bits)), odd)
    if e.short_nans:
        return rounded
    is_nan = arith.cmpf(arith.CmpFPredicate.UNO, value, value)
    return arith.select(is_nan, arith.ori(bits, e.bits_constant(0x00400000, bits)), rounded)
