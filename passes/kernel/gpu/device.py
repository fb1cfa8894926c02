# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the generator has to know of a GPU."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Instruction:
    """An instruction that makes two narrow numbers of two f32, in the words of LLVM's inline assembly.

    Attributes:
        text: The assembly; `$0` is the result, `$1` the number for its high half and `$2` that for its low half.
        constraints: The constraints of result and operands.
        bits: Bits of the result.
    """

    text: str
    constraints: str
    bits: int


@dataclass(frozen=True)
class GpuDevice:
    """The device that kernels are generated for.

    Attributes:
        subgroup: Lanes that run together and exchange values without memory.
        max_threads: Most threads of a workgroup.
        shared_bytes: Memory that the threads of a workgroup can share without asking the driver for more, in bytes.
        load_bytes: Widest access of one thread, in bytes.
        to_bf16: The instruction that rounds to bf16, to nearest with ties to even; without it, integers do.
        to_fp8: The instructions that round to an 8-bit type, by its name, saturating; without one, integers do.
    """

    subgroup: int = 32
    max_threads: int = 1024
    shared_bytes: int = 49152
    load_bytes: int = 16
    to_bf16: Instruction | None = None
    to_fp8: tuple[tuple[str, Instruction], ...] = ()
