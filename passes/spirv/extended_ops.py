# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Graphics' mathematical functions become those of OpenCL.

Before::

    %y = spirv.GL.RoundEven %x : f32
    %e = spirv.GL.Exp %h : f16

After::

    %y = spirv.CL.rint %x : f32
    %w = spirv.FConvert %h : f16 to f32
    %v = spirv.CL.exp %w : f32
    %e = spirv.FConvert %v : f32 to f16

PyTorch computes functions of f16 in f32; OpenCL's own have errors of up to several units of f16.
"""

from torch_mlir import ir
from torch_mlir.rewrite import PatternRewriter

from fanfold.dialect.context import Rewrite, apply_patterns_once

from .building import make
from .expansions import EXPANSIONS, OF_NUMBERS, passes_nans_over
from .types import like, width

#: Functions that are exact, or not of floats: the same in every width.
EXACT = {
    "Ceil": "ceil",
    "FAbs": "fabs",
    "Floor": "floor",
    "Fma": "fma",
    "Ldexp": "ldexp",
    # Where one operand is not a number these give the other one, as OpenCL's do.
    "NMax": "fmax",
    "NMin": "fmin",
    "Round": "round",
    "RoundEven": "rint",
    "SAbs": "s_abs",
    "SMax": "s_max",
    "SMin": "s_min",
    "Trunc": "trunc",
    "UMax": "u_max",
    "UMin": "u_min",
}
#: Functions that are rounded.
ROUNDED = {
    "Acos": "acos",
    "Acosh": "acosh",
    "Asin": "asin",
    "Asinh": "asinh",
    "Atan": "atan",
    "Atan2": "atan2",
    "Atanh": "atanh",
    "Cos": "cos",
    "Cosh": "cosh",
    "Exp": "exp",
    "Exp2": "exp2",
    "Log": "log",
    "Log2": "log2",
    "Pow": "pow",
    "Sin": "sin",
    "Sinh": "sinh",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
}


def convert_extended_ops(module: ir.Operation) -> None:
    """Replace the functions that OpenCL has, and spell out those that it has not or defines in another way."""
    patterns: dict[str, Rewrite] = {f"spirv.GL.{name}": _rename for name in EXACT}
    patterns |= {f"spirv.GL.{name}": _rename_rounded for name in ROUNDED}
    patterns |= {f"spirv.{name}": expansion for name, expansion in EXPANSIONS.items()}
    patterns |= OF_NUMBERS if passes_nans_over(module) else {}
    apply_patterns_once(module, patterns)


def _rename(op: ir.Operation, rewriter: PatternRewriter) -> bool:
    with rewriter.ip, op.location:
        result = make(f"CL.{EXACT[op.name.removeprefix('spirv.GL.')]}", op.result.type, *op.operands)
    rewriter.replace_op(op, [result])
    return True


def _rename_rounded(op: ir.Operation, rewriter: PatternRewriter) -> bool:
    name = f"CL.{ROUNDED[op.name.removeprefix('spirv.GL.')]}"
    type_ = op.result.type
    with rewriter.ip, op.location:
        if width(type_) == 16:
            wide = like(type_, ir.F32Type.get())
            result = make(name, wide, *[make("FConvert", wide, operand) for operand in op.operands])
            result = make("FConvert", type_, result)
        else:
            result = make(name, type_, *op.operands)
    rewriter.replace_op(op, [result])
    return True
