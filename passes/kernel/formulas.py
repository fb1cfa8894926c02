# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The arithmetic of the row ops on f32 values, vectors or scalars alike.

Kernels and the linalg fallback both emit it, so that both have the same numbers by construction. Values arrive in f32;
what comes back is not yet rounded to the result's type, inner rounding points are.
"""

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from .emitter import Emitter, f32_bits
from .rounding import round_to


def rstd(e: Emitter, op: ir.OpView, total: ir.Value) -> ir.Value:
    """Return ``1 / sqrt(total / variance_size + eps)`` for an `rms_norm`, given the sum of squares (a scalar)."""
    # Divisions and the square root are kept as eager PyTorch has them: mean, add, 1 / sqrt.
    mean = arith.divf(total, e.constant(float(op.variance_size.value), e.f32))
    shifted = arith.addf(mean, e.constant(op.eps.value, e.f32))
    return arith.divf(e.constant(1.0, e.f32), math.sqrt(shifted))


def rms_norm(e: Emitter, op: ir.OpView, x: ir.Value, rstds: ir.Value, weight: ir.Value | None) -> ir.Value:
    """Return the normalised values times the weight, given the reciprocal root mean square in the shape of `x`."""
    normalized = round_to(e, arith.mulf(x, rstds), op.normalized_type.value)
    return normalized if weight is None else arith.mulf(normalized, weight)


def silu_mul(e: Emitter, op: ir.OpView, gate: ir.Value, up: ir.Value) -> ir.Value:
    """Return the SiLU of the gate times the other half, both clamped first if the op has a limit."""
    limit = op.limit.value
    if limit != float("inf"):
        high, low = e.float_constant(limit, gate), e.float_constant(-limit, gate)
        gate = arith.minimumf(gate, high)
        up = arith.maximumf(arith.minimumf(up, high), low)
    one = e.float_constant(1.0, gate)
    denominator = arith.addf(one, math.exp(arith.negf(gate)))
    return arith.mulf(round_to(e, arith.divf(gate, denominator), op.activation_type.value), up)


def absmax_bits(e: Emitter, acc: ir.Value, value: ir.Value) -> ir.Value:
    """Return the larger of `acc` and the magnitude of `value`, as bits.

    Bits of magnitudes order like the numbers, and NaN is above infinity: an integer maximum propagates NaN.
    """
    return arith.maxsi(acc, e.masked(e.to_bits(value), 0x7FFFFFFF))


def scale_from_absmax(e: Emitter, op: ir.OpView, bits: ir.Value, ceiling: ir.Value | None) -> ir.Value:
    """Return ``max(max(min(absmax, ceiling), absmax_floor) / bound, scale_floor)`` (a scalar); NaN propagates.

    Args:
        e: The emitter.
        op: The `quantize` op.
        bits: The absmax, as bits.
        ceiling: f32 scalar, if the op has one.
    """
    if ceiling is not None:
        # A ceiling can be negative or a NaN of either sign: the order of the bits is that of the numbers again when NaN
        # has lost its sign and anything below zero is zero, which is what the floors make of it.
        capped = arith.minimumf(e.to_float(bits), ceiling)
        bits = e.to_bits(capped)
        is_nan = arith.cmpf(arith.CmpFPredicate.UNO, capped, capped)
        at_least_zero = arith.maxsi(bits, e.constant(0, e.i32))
        bits = arith.select(is_nan, e.masked(bits, 0x7FFFFFFF), at_least_zero)
    absmax = _floored(e, bits, op.absmax_floor.value)
    scale = arith.divf(e.to_float(absmax), e.constant(op.bound.value, e.f32))
    return e.to_float(_floored(e, e.to_bits(scale), op.scale_floor.value))


def _floored(e: Emitter, bits: ir.Value, floor: float) -> ir.Value:
    return arith.maxsi(bits, e.constant(f32_bits(floor), e.i32)) if floor else bits
