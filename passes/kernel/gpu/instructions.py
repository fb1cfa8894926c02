# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversions by the device's own instructions: two f32 at a time."""

from collections.abc import Mapping

from torch_mlir import ir
from torch_mlir.dialects import arith, llvm, vector

from fanfold.passes.kernel.emitter import Emitter

from .device import Instruction


def emit_pairs(e: Emitter, instruction: Instruction, value: ir.Value) -> list[ir.Value]:
    """Return what an instruction makes of each two neighbours of an f32 vector, the first one in the low half.

    A vector of one element is paired with zero.
    """
    count = value.type.shape[0]
    type_ = ir.IntegerType.get_signless(instruction.bits)
    numbers = [vector.extract(value, [], [i]) for i in range(count)]
    if count % 2:
        numbers.append(e.constant(0.0, e.f32))
    return [
        llvm.inline_asm(type_, [high, low], instruction.text, instruction.constraints)
        for low, high in zip(numbers[::2], numbers[1::2], strict=True)
    ]


def round_to_bf16(instruction: Instruction, e: Emitter, value: ir.Value) -> ir.Value:
    """Return an f32 vector rounded to bf16, as f32."""
    count = value.type.shape[0]
    pairs = emit_pairs(e, instruction, value)
    shift, mask = e.constant(16, e.i32), e.constant(0xFFFF0000, e.i32)
    bits = [half for pair in pairs for half in (arith.shli(pair, shift), arith.andi(pair, mask))]
    return e.to_float(vector.from_elements(e.vector(count, e.i32), bits[:count]))


def convert_to_fp8(instructions: Mapping[str, Instruction], e: Emitter, value: ir.Value, kind: str) -> ir.Value | None:
    """Return the codes (i8) of an f32 vector, or None if there is no instruction for `kind`."""
    if kind not in instructions:
        return None
    count = value.type.shape[0]
    pairs = emit_pairs(e, instructions[kind], value)
    words = vector.from_elements(e.vector(len(pairs), pairs[0].type), pairs)
    codes = vector.bitcast(e.vector(2 * len(pairs), e.i8), words)
    if count == 2 * len(pairs):
        return codes
    return vector.from_elements(e.vector(count, e.i8), [vector.extract(codes, [], [i]) for i in range(count)])
