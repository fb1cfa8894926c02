# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Comparisons and extrema of f32 by integers, where a device may take it that there is no NaN and one zero."""

from torch_mlir import ir
from torch_mlir.dialects import arith

from fanfold.passes.kernel.emitter import Emitter

_P = arith.CmpIPredicate
_MAGNITUDE, _INFINITY, _NAN = 0x7FFFFFFF, 0x7F800000, 0x7FC00000

#: Comparisons that are false for NaN, by their numbers in MLIR.
_ORDERED = {
    arith.CmpFPredicate.OEQ.value: _P.eq,
    arith.CmpFPredicate.OGT.value: _P.sgt,
    arith.CmpFPredicate.OGE.value: _P.sge,
    arith.CmpFPredicate.OLT.value: _P.slt,
    arith.CmpFPredicate.OLE.value: _P.sle,
}


def comparison(e: Emitter, op: ir.Operation) -> ir.Value:
    """Return what an `arith.cmpf` does: an ordered comparison, or whether one of both is NaN."""
    a, b = op.operands
    predicate = ir.IntegerAttr(op.attributes["predicate"]).value
    nan = _is_nan(e, a) if a == b else arith.ori(_is_nan(e, a), _is_nan(e, b))
    if predicate == arith.CmpFPredicate.UNO.value:
        return nan
    one = e.constant(1, nan.type)
    return arith.andi(arith.cmpi(_ORDERED[predicate], _signed(e, a), _signed(e, b)), arith.xori(nan, one))


def minimum(e: Emitter, a: ir.Value, b: ir.Value) -> ir.Value:
    """Return the smaller number, NaN if one is; -0 is smaller than 0."""
    return _extremum(e, a, b, _P.slt)


def maximum(e: Emitter, a: ir.Value, b: ir.Value) -> ir.Value:
    """Return the larger number, NaN if one is; 0 is larger than -0."""
    return _extremum(e, a, b, _P.sgt)


def _extremum(e: Emitter, a: ir.Value, b: ir.Value, predicate: arith.CmpIPredicate) -> ir.Value:
    left, right = e.to_bits(a), e.to_bits(b)
    taken = arith.select(arith.cmpi(predicate, _ordered(e, left), _ordered(e, right)), left, right)
    nan = arith.ori(_is_nan(e, a), _is_nan(e, b))
    return e.to_float(arith.select(nan, e.bits_constant(_NAN, taken), taken))


def _is_nan(e: Emitter, value: ir.Value) -> ir.Value:
    magnitude = e.masked(e.to_bits(value), _MAGNITUDE)
    return arith.cmpi(_P.sgt, magnitude, e.bits_constant(_INFINITY, magnitude))


def _ordered(e: Emitter, bits: ir.Value) -> ir.Value:
    """Return integers that have the order of the numbers, -0 before 0."""
    negative = arith.shrsi(bits, e.bits_constant(31, bits))
    return arith.xori(bits, arith.andi(negative, e.bits_constant(_MAGNITUDE, bits)))


def _signed(e: Emitter, value: ir.Value) -> ir.Value:
    """Return integers that have the order of the numbers; both zeros are 0."""
    bits = e.to_bits(value)
    magnitude, zero = e.masked(bits, _MAGNITUDE), e.bits_constant(0, bits)
    return arith.select(arith.cmpi(_P.slt, bits, zero), arith.subi(zero, magnitude), magnitude)
