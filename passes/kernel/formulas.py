# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The arithmetic of the row ops on f32 values, vectors or scalars alike.

Kernels and the linalg fallback both emit it, so that both have the same numbers by construction. Values arrive in f32;
what comes back is not yet rounded to the result's type, inner rounding points are.
"""

from collections.abc import Callable

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
    if weight is None:
        return normalized
    offset = op.weight_offset.value
    return arith.mulf(normalized, arith.addf(weight, e.float_constant(offset, weight)) if offset else weight)


def silu_mul(e: Emitter, op: ir.OpView, gate: ir.Value, up: ir.Value) -> ir.Value:
    """Return the SiLU of the gate times the other half, both clamped first if the op has a limit."""
    limit = op.limit.value
    if limit != float("inf"):
        high, low = e.float_constant(limit, gate), e.float_constant(-limit, gate)
        gate = arith.minimumf(gate, high)
        up = arith.maximumf(arith.minimumf(up, high), low)
    return arith.mulf(round_to(e, _silu(e, gate), op.activation_type.value), up)


def _silu(e: Emitter, x: ir.Value) -> ir.Value:
    return arith.divf(x, _one_plus_exp_of_minus(e, x))


def _sigmoid(e: Emitter, x: ir.Value) -> ir.Value:
    return arith.divf(e.float_constant(1.0, x), _one_plus_exp_of_minus(e, x))


def _one_plus_exp_of_minus(e: Emitter, x: ir.Value) -> ir.Value:
    return arith.addf(e.float_constant(1.0, x), math.exp(arith.negf(x)))


def _relu(e: Emitter, x: ir.Value) -> ir.Value:
    # A maximum with 0 could make +0 of -0, which eager keeps.
    negative = arith.cmpf(arith.CmpFPredicate.OLT, x, e.float_constant(0.0, x))
    return arith.select(negative, e.float_constant(0.0, x), x)


_UNARY: dict[str, Callable[[Emitter, ir.Value], ir.Value]] = {
    "abs": lambda e, x: e.to_float(e.masked(e.to_bits(x), 0x7FFFFFFF)),
    "neg": lambda _, x: arith.negf(x),
    "relu": _relu,
    "sigmoid": _sigmoid,
    "silu": _silu,
}

_BINARY: dict[str, Callable[[ir.Value, ir.Value], ir.Value]] = {
    "add": arith.addf,
    "sub": arith.subf,
    "mul": arith.mulf,
    "div": arith.divf,
    "minimum": arith.minimumf,
    "maximum": arith.maximumf,
}


def elementwise(e: Emitter, op: ir.OpView, x: ir.Value, other: ir.Value | None) -> ir.Value:
    """Return the function of an `elementwise` op; without `other`, a binary one takes the op's constant."""
    function = op.function.value
    if function in _UNARY:
        return _UNARY[function](e, x)
    return _BINARY[function](x, e.float_constant(op.constant.value, x) if other is None else other)


def is_single_number(op: ir.OpView) -> bool:
    """Return whether the other operand of an `elementwise` op is one number for all columns of wider rows."""
    return bool(op.other is not None and op.other.type.rank == 1 and op.other.type.shape[0] != op.x.type.shape[1])


def absmax_bits(e: Emitter, acc: ir.Value, value: ir.Value) -> ir.Value:
    """Return the larger of `acc` and the magnitude of `value`, as bits.

    Bits of magnitudes order like the numbers, and NaN is above infinity: an integer maximum propagates NaN.
    """
    return arith.maxsi(acc, e.masked(e.to_bits(value), 0x7FFFFFFF))


def scale_from_absmax(e: Emitter, op: ir.OpView, bits: ir.Value, ceiling: ir.Value | None) -> ir.Value:
    """Return the scale of a `quantize` op, by the formula at `QuantizeOp`; NaN propagates.

    Args:
        e: The emitter.
        op: The `quantize` op.
        bits: The absmax, as bits: one, or a vector of them.
        ceiling: f32 scalar, if the op has one.
    """
    if ceiling is not None:
        # A ceiling can be negative or a NaN of either sign: the order of the bits is that of the numbers again when NaN
        # has lost its sign and anything below zero is zero, which is what the floors make of it.
        capped = arith.minimumf(e.to_float(bits), e.spread(ceiling, bits))
        bits = e.to_bits(capped)
        is_nan = arith.cmpf(arith.CmpFPredicate.UNO, capped, capped)
        at_least_zero = arith.maxsi(bits, e.bits_constant(0, bits))
        bits = arith.select(is_nan, e.masked(bits, 0x7FFFFFFF), at_least_zero)
    absmax = e.to_float(_floored(e, bits, op.absmax_floor.value))
    bound = e.float_constant(op.bound.value, absmax)
    scale = arith.divf(bound, absmax) if op.form.value == "multiplier" else arith.divf(absmax, bound)
    scale = round_to(e, scale, op.scale_type.value)
    scale = e.to_float(_floored(e, e.to_bits(scale), op.scale_floor.value))
    return scale if op.scale_format.value == "f32" else _power_of_two(e, scale)


def _power_of_two(e: Emitter, scale: ir.Value) -> ir.Value:
    """Round a non-negative f32 up to a power of two of UE8M0, 2^-127 at least; above 2^127 is infinity, NaN stays."""
    bits = e.to_bits(scale)
    # Adding all mantissa bits carries into the exponent unless they are all 0.
    raised = e.masked(arith.addi(bits, e.bits_constant(0x007FFFFF, bits)), 0x7F800000)
    smallest = e.bits_constant(f32_bits(2.0**-127), bits)
    power = arith.select(arith.cmpi(arith.CmpIPredicate.sle, bits, smallest), smallest, raised)
    # Infinity and NaN are their own.
    special = arith.cmpi(arith.CmpIPredicate.sge, bits, e.bits_constant(0x7F800000, bits))
    return e.to_float(arith.select(special, bits, power))


def _floored(e: Emitter, bits: ir.Value, floor: float) -> ir.Value:
    return arith.maxsi(bits, e.bits_constant(f32_bits(floor), bits)) if floor else bits
