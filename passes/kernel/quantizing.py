# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation of one piece by a known scale: a fast form for ordinary scales and an exact one for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch_mlir import ir
from torch_mlir.dialects import arith, math

from fanfold.dialect.quantize import lowest

from .emitter import Emitter, f32_bits
from .float8 import convert, represents, with_sign
from .pairs import convert_pair
from .rounding import round_to

#: Scales in [2^-60, 2^79) are ordinary, but for those whose mantissa is all ones: only for them, of all f32 scales, two
#: instructions do not give the code of the quotient. Outside, what they compute with may be denormal; infinity and NaN
#: say that there are such values.
SMALLEST_ORDINARY = f32_bits(2.0**-60)
LARGEST_ORDINARY = f32_bits(2.0**79)
MANTISSA_BITS = 0x007FFFFF


def is_ordinary(e: Emitter, scale: ir.Value) -> ir.Value:
    """Return (i1, in the shape of `scale`) whether the fast form is exact for this non-negative scale.

    An ordinary scale also says that no value of its group is NaN or infinite.
    """
    bits = e.to_bits(scale)
    offset = arith.subi(bits, e.bits_constant(SMALLEST_ORDINARY, bits))
    span = e.bits_constant(LARGEST_ORDINARY - SMALLEST_ORDINARY, bits)
    in_range = arith.cmpi(arith.CmpIPredicate.ult, offset, span)
    all_ones = e.bits_constant(MANTISSA_BITS, bits)
    usual = arith.cmpi(arith.CmpIPredicate.ne, e.masked(bits, MANTISSA_BITS), all_ones)
    return arith.andi(in_range, usual)


@dataclass(frozen=True)
class Scale:
    """A scale and what quantising by it takes, in f32.

    Attributes:
        value: The scale.
        inverse: Its reciprocal, if it is used: correctly rounded, or rounded down if there is a `rest`.
        rest: What is left of the reciprocal, if quotients are made of both; not negative.
    """

    value: ir.Value
    inverse: ir.Value | None = None
    rest: ir.Value | None = None

    @staticmethod
    def of(e: Emitter, op: ir.OpView, value: ir.Value) -> "Scale":
        """Return the scale of a `quantize` op with what belongs to it; `value` is a number or a vector of them."""
        count = Scale.count(op)
        if count == 1 or (count == 3 and not e.fuses_fma):
            return Scale(value)
        one = e.float_constant(1.0, value)
        inverse = arith.divf(one, value)
        if count == 2:
            return Scale(value, inverse)

        def residual(of: ir.Value) -> ir.Value:
            return math.fma(arith.negf(of), value, one)

        too_large = e.shifted_right(e.to_bits(residual(inverse)), 31)
        below = e.to_float(arith.subi(e.to_bits(inverse), too_large))
        return Scale(value, below, arith.mulf(residual(below), below))

    @staticmethod
    def count(op: ir.OpView) -> int:
        """Return how many of the numbers there are for a `quantize` op."""
        form, is_f32 = op.form.value, op.scale_format.value == "f32"
        if form == "multiplier":
            return 1
        if form == "reciprocal" or not is_f32:
            return 2
        # A quotient that is rounded to f16 first needs more of its bits than two products give; so do those of f32.
        is_coarse = isinstance(op.quotient_type.value, ir.F32Type | ir.BF16Type)
        return 3 if is_coarse and not isinstance(op.x.type.element_type, ir.F32Type) else 1

    @property
    def numbers(self) -> list[ir.Value]:
        """The numbers there are."""
        return [number for number in (self.value, self.inverse, self.rest) if number is not None]


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


def emit_codes(e: Emitter, op: ir.OpView, value: ir.Value, scale: Scale, *, fast: bool) -> Codes:
    """Return the codes of `value`.

    Args:
        e: The emitter.
        op: The `quantize` op.
        value: f32 vector (or one f32).
        scale: f32 scalars.
        fast: The scale is ordinary and computed from this very group.
    """
    kind = str(op.q.type.element_type)
    scaled = _bounded(e, op, value, scale, fast=fast)
    if e.to_fp8 is not None and isinstance(value.type, ir.VectorType):
        codes = e.to_fp8(e, scaled, kind)
        if codes is not None:
            return Codes(codes, scaled, kind, is_packed=True)
    return Codes(convert(e, scaled, kind, may_be_nan=not fast), scaled, kind)


def emit_bytes(e: Emitter, op: ir.OpView, parts: Sequence[ir.Value], scale: Scale, *, fast: bool) -> ir.Value:
    """Return the codes, as i8 in column order, of a piece: one vector, or its even columns and its odd ones."""
    if len(parts) == 1:
        return emit_codes(e, op, parts[0], scale, fast=fast).packed(e)
    even, odd = (_bounded(e, op, part, scale, fast=fast) for part in parts)
    return convert_pair(e, even, odd, str(op.q.type.element_type), may_be_nan=not fast)


def _bounded(e: Emitter, op: ir.OpView, value: ir.Value, scale: Scale, *, fast: bool) -> ir.Value:
    """Return the scaled values as f32, within the range of the 8-bit type."""
    kind, bound = str(op.q.type.element_type), op.bound.value
    scaled = round_to(e, _scaled(e, op, value, scale, fast=fast), op.quotient_type.value)
    # |value| <= absmax, so the quotient exceeds the bound by an ulp at most, and rounding takes it back to the bound
    # whenever the bound is a value of the format. A rounded scale can be too small by more, and lead to -bound - 1.
    if fast and represents(kind, bound) and isinstance(op.scale_type.value, ir.F32Type):
        return scaled
    return _clamped(e, scaled, lowest(op), bound)


def _scaled(e: Emitter, op: ir.OpView, value: ir.Value, scale: Scale, *, fast: bool) -> ir.Value:
    form = op.form.value
    if form == "multiplier":
        return arith.mulf(value, e.spread(scale.value, value))
    if form == "reciprocal":
        return arith.mulf(value, e.spread(scale.inverse, value))
    if fast and scale.rest is not None:
        return _quotient(value, e.spread(scale.inverse, value), e.spread(scale.rest, value))
    if fast and op.scale_format.value != "f32":
        # The inverse of a power of two is exact, and so is the product.
        return arith.mulf(value, e.spread(scale.inverse, value))
    return arith.divf(value, e.spread(scale.value, value))


def _quotient(value: ir.Value, inverse: ir.Value, rest: ir.Value) -> ir.Value:
    """Return ``value / scale`` for a bf16 or f16 value, from the two parts of ``1 / scale``.

    The quotient is right but for few cases where it is a step of f32 off, and none of those rounds to another code:
    a program that tries every value with every ordinary scale shows it (`tests/passes/test_quotients.py`). Both parts
    are positive, so that -0 stays -0.
    """
    return math.fma(value, inverse, arith.mulf(value, rest))


def _clamped(e: Emitter, value: ir.Value, low: float, bound: float) -> ir.Value:
    # minimumf and maximumf propagate NaN, as torch.clamp does.
    high = arith.minimumf(value, e.float_constant(bound, value))
    return arith.maximumf(high, e.float_constant(low, value))
