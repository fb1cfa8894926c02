# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversions by the device's own instructions: two f32 at a time."""

from collections.abc import Mapping

from torch_mlir import ir
from torch_mlir.dialects import arith, llvm, vector

from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.intrinsics import call_intrinsic

from .device import Instruction, PackingIntrinsic


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


def emit_words(e: Emitter, intrinsic: PackingIntrinsic, value: ir.Value) -> list[ir.Value]:
    """Return the codes of an f32 vector, four in an i32, the first one in its low byte; missing ones are 0."""
    count = value.type.shape[0]
    zero = e.constant(0.0, e.f32)
    numbers = [vector.extract(value, [], [i]) for i in range(count)]
    words = []
    for begin in range(0, count, 4):
        word = e.constant(0, e.i32)
        for half in (0, 2):
            pair = numbers[begin + half : begin + half + 2]
            if pair:
                upper = e.constant(half // 2, ir.IntegerType.get_signless(1))
                word = call_intrinsic(intrinsic.name, e.i32, [*pair, *[zero] * (2 - len(pair)), word, upper])
        words.append(word)
    return words


def convert_to_fp8(
    instructions: Mapping[str, Instruction | PackingIntrinsic], e: Emitter, value: ir.Value, kind: str
) -> ir.Value | None:
    """Return the codes (i8) of an f32 vector, or None if there is no instruction for `kind`."""
    if kind not in instructions:
        return None
    count, how = value.type.shape[0], instructions[kind]
    parts = emit_words(e, how, value) if isinstance(how, PackingIntrinsic) else emit_pairs(e, how, value)
    words = vector.from_elements(e.vector(len(parts), parts[0].type), parts)
    size = len(parts) * parts[0].type.width // 8
    codes = vector.bitcast(e.vector(size, e.i8), words)
    if count == size:
        return codes
    return vector.from_elements(e.vector(count, e.i8), [vector.extract(codes, [], [i]) for i in range(count)])
