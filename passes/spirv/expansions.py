# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions that OpenCL has not, or defines in another way, are spelled out.

Before::

    %r = spirv.GL.InverseSqrt %x : f32
    %m = spirv.FRem %a, %b : f32

After::

    %one = spirv.Constant 1.0 : f32
    %root = spirv.CL.sqrt %x : f32
    %r = spirv.FDiv %one, %root : f32
    %m = spirv.CL.fmod %a, %b : f32

Roots and quotients are correctly rounded when the module is built as `fanfold.passes.spirv` says, OpenCL's `rsqrt` is
not: so the bits are those of PyTorch on the CPU, which divides by the root. OpenCL's `fmod` is exact where the
instruction need not be.
"""

from __future__ import annotations

from collections.abc import Callable
from math import copysign, isnan

from torch_mlir import ir
from torch_mlir.rewrite import PatternRewriter

from fanfold.dialect.context import Rewrite
from fanfold.passes.walk import all_ops

from .building import constant, make
from .types import like, width


def _to_narrow(op: ir.Operation) -> ir.Value | None:
    """Convert to i8 and i16 by way of i32: what does not fit wraps, as PyTorch's does, and 200.0 is a byte of 200."""
    type_ = op.result.type
    if width(type_) >= 32:
        return None
    wide = like(type_, ir.IntegerType.get_signless(32))
    return make("SConvert", type_, make("ConvertFToS", wide, op.operands[0]))


def _inverse_sqrt(op: ir.Operation) -> ir.Value:
    type_ = op.result.type
    wide = like(type_, ir.F32Type.get()) if width(type_) == 16 else type_
    operand = op.operands[0] if wide == type_ else make("FConvert", wide, op.operands[0])
    result = make("FDiv", wide, constant(wide, 1.0), make("CL.sqrt", wide, operand))
    return result if wide == type_ else make("FConvert", type_, result)


def _divide(op: ir.Operation) -> ir.Value | None:
    """Divide f16 in f32: rounded twice it is correctly rounded, as OpenCL's own quotient need not be."""
    type_ = op.result.type
    if width(type_) != 16:
        return None
    wide = like(type_, ir.F32Type.get())
    quotient = make("FDiv", wide, *[make("FConvert", wide, operand) for operand in op.operands])
    return make("FConvert", type_, quotient)


def _remainder(op: ir.Operation) -> ir.Value:
    return make("CL.fmod", op.result.type, *op.operands)


def _modulo(op: ir.Operation) -> ir.Value:
    """The remainder that has the sign of the divisor."""
    type_, divisor = op.result.type, op.operands[1]
    zero, bits = constant(type_, 0.0), like(type_, ir.IntegerType.get_signless(1))
    remainder = make("CL.fmod", type_, *op.operands)
    signs_differ = make(
        "LogicalNotEqual", bits, make("FOrdLessThan", bits, remainder, zero), make("FOrdLessThan", bits, divisor, zero)
    )
    is_wrong = make("LogicalAnd", bits, signs_differ, make("FOrdNotEqual", bits, remainder, zero))
    return make("Select", type_, is_wrong, make("FAdd", type_, remainder, divisor), remainder)


def _mix(op: ir.Operation) -> ir.Value:
    """``x * (1 - a) + y * a``; OpenCL's is ``x + (y - x) * a``."""
    x, y, a = op.operands
    type_ = op.result.type
    rest = make("FSub", type_, constant(type_, 1.0), a)
    return make("FAdd", type_, make("FMul", type_, x, rest), make("FMul", type_, y, a))


def _clamp(smaller: str, larger: str) -> Callable[[ir.Operation], ir.Value]:
    def clamp(op: ir.Operation) -> ir.Value:
        x, low, high = op.operands
        return make(f"CL.{smaller}", op.result.type, make(f"CL.{larger}", op.result.type, x, low), high)

    return clamp


def _sign(greater: str, less: str) -> Callable[[ir.Operation], ir.Value]:
    def sign(op: ir.Operation) -> ir.Value:
        """1 and -1 by the sign; zeros and what is not a number as they are."""
        x, type_ = op.operands[0], op.result.type
        zero, bits = constant(type_, 0), like(type_, ir.IntegerType.get_signless(1))
        lower = make("Select", type_, make(less, bits, x, zero), constant(type_, -1), x)
        return make("Select", type_, make(greater, bits, x, zero), constant(type_, 1), lower)

    return sign


def _fraction(op: ir.Operation) -> ir.Value:
    """``x - floor(x)``; OpenCL's stays below one."""
    type_ = op.result.type
    return make("FSub", type_, op.operands[0], make("CL.floor", type_, op.operands[0]))


def _highest_bit(value: ir.Value) -> ir.Value:
    """The number of the highest bit that is set, -1 for none."""
    return make("ISub", value.type, constant(value.type, width(value.type) - 1), make("CL.clz", value.type, value))


def _find_unsigned(op: ir.Operation) -> ir.Value:
    return _highest_bit(op.operands[0])


def _find_signed(op: ir.Operation) -> ir.Value:
    """For a negative number, the highest bit that is not set."""
    x = op.operands[0]
    sign = make("ShiftRightArithmetic", x.type, x, constant(x.type, width(x.type) - 1))
    return _highest_bit(make("BitwiseXor", x.type, x, sign))


def _find_lowest(op: ir.Operation) -> ir.Value:
    x = op.operands[0]
    return _highest_bit(make("BitwiseAnd", x.type, x, make("SNegate", x.type, x)))


def _extremum(name: str) -> Callable[[ir.Operation], ir.Value]:
    def extremum(op: ir.Operation) -> ir.Value:
        """NaN where one operand is: the op leaves it open, and MLIR means it where it reduces a vector."""
        type_, bits = op.result.type, like(op.result.type, ir.IntegerType.get_signless(1))
        result = make(name, type_, *op.operands)
        for operand in op.operands:
            result = make("Select", type_, make("IsNan", bits, operand), operand, result)
        return result

    return extremum


def _begins_with_nan(op: ir.Operation) -> bool:
    """Return whether the function of a maximum or minimum has the NaN that MLIR begins one with that passes NaN by."""
    function = op.parent.operation
    while function.name != "spirv.func":
        function = function.parent.operation
    negative = op.name.endswith("Max")
    for constant_op in all_ops(function, "spirv.Constant"):
        value = constant_op.attributes["value"]
        if constant_op.result.type == op.result.type and isinstance(value, ir.FloatAttr):
            number = float(value.value)
            if isnan(number) and (copysign(1.0, number) < 0) == negative:
                return True
    return False


def _over_subgroup(op: ir.Operation) -> ir.Value | None:
    """Keep NaN in a maximum or minimum over a subgroup, as IREE means it; the instruction takes the other numbers.

    A sum of what is NaN, and of zeros for the rest, is NaN where there is one. IREE uses the instruction for maxima
    that pass NaN by, too, as those of a softmax: there a lane beyond the end of a row has NaN, and no number.
    """
    if _begins_with_nan(op):
        return None
    type_, x = op.result.type, op.operands[0]
    bits = like(type_, ir.IntegerType.get_signless(1))
    nans = make("Select", type_, make("IsNan", bits, x), x, constant(type_, 0.0))
    result, total = (
        ir.Operation.create(name, [type_], [operand, *list(op.operands)[1:]], dict(op.attributes)).result
        for name, operand in ((op.name, x), ("spirv.GroupNonUniformFAdd", nans))
    )
    return make("Select", type_, make("IsNan", bits, total), total, result)


def _pattern(expand: Callable[[ir.Operation], ir.Value | None]) -> Rewrite:
    def rewrite(op: ir.Operation, rewriter: PatternRewriter) -> bool:
        with rewriter.ip, op.location:
            result = expand(op)
        if result is None:
            return False
        rewriter.replace_op(op, [result])
        return True

    return rewrite


#: What each op becomes; names are without `spirv.`.
EXPANSIONS: dict[str, Rewrite] = {
    name: _pattern(expand)
    for name, expand in {
        "ConvertFToS": _to_narrow,
        "ConvertFToU": _to_narrow,
        "FDiv": _divide,
        "FMod": _modulo,
        "FRem": _remainder,
        "GL.FClamp": _clamp("fmin", "fmax"),
        "GL.FMax": _extremum("CL.fmax"),
        "GL.FMin": _extremum("CL.fmin"),
        "GL.FMix": _mix,
        "GL.FSign": _sign("FOrdGreaterThan", "FOrdLessThan"),
        "GL.FindILsb": _find_lowest,
        "GL.FindSMsb": _find_signed,
        "GL.FindUMsb": _find_unsigned,
        "GL.Fract": _fraction,
        "GL.InverseSqrt": _inverse_sqrt,
        "GL.NClamp": _clamp("fmin", "fmax"),
        "GL.SClamp": _clamp("s_min", "s_max"),
        "GL.SSign": _sign("SGreaterThan", "SLessThan"),
        "GL.UClamp": _clamp("u_min", "u_max"),
        "GroupNonUniformFMax": _over_subgroup,
        "GroupNonUniformFMin": _over_subgroup,
    }.items()
}
