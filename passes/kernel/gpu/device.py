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
class PackingIntrinsic:
    """An LLVM intrinsic that makes two codes of two f32 in one half of an i32, and keeps the other half.

    ``name(f32 of the low byte, f32 of the high byte, i32 to write to, i1: into its upper half) -> i32``

    Attributes:
        name: Its name.
    """

    name: str


#: What stands for the number itself, and for a lane's, among the arguments of a `LaneCall`.
VALUE, LANE = "value", "lane"


@dataclass(frozen=True)
class LaneCall:
    """An LLVM intrinsic that gives each lane 32 bits of another one.

    Attributes:
        name: Its name.
        arguments: `VALUE` is the lane's own 32 bits, `LANE` the other lane's number; numbers are i32, truths i1.
    """

    name: str
    arguments: tuple[str | int | bool, ...]


@dataclass(frozen=True)
class LaneMoves:
    """How lanes exchange numbers without a detour through memory, where `gpu.shuffle` would take one.

    Attributes:
        exchanges: For each distance 1, 2, 4, ...: what gives a lane the number of one on the other side of a border
            between that many lanes, when all lanes on a side have the same.
        read: What gives all lanes of a subgroup the number of one of them.
    """

    exchanges: tuple[LaneCall, ...]
    read: LaneCall


@dataclass(frozen=True)
class GpuDevice:
    """The device that kernels are generated for.

    Attributes:
        subgroup: Lanes that run together and exchange values without memory.
        max_threads: Most threads of a workgroup.
        shared_bytes: Memory that the threads of a workgroup can share without asking the driver for more, in bytes.
        load_bytes: Widest access of one thread, in bytes.
        to_bf16: The instruction that rounds to bf16, to nearest with ties to even; without it, integers do.
        to_fp8: The instructions that round to an 8-bit type, by its name, for values within its range and NaN; without
            one, integers do.
        moves: How lanes exchange numbers; without it, by `gpu.shuffle`.
        meets_in_memory: Whether lanes exchange numbers through shared memory: nobody knows which of them run together,
            and `subgroup` is how many do as if.
        replaced: Ops that IREE lowers to other numbers than theirs, and the LLVM intrinsics that keep them, by name.
        by_integers: Ops whose numbers the device's compiler may change, by name: integers compute them.
        fuses_products: Whether products are fused with the sums that they go into, by IREE or the device's compiler.
        fuses_fma: Whether `math.fma` rounds once.
        converts_f16: Whether IREE's conversions of f32 to f16 round to nearest with ties to even, and keep subnormals;
            without, integers do.
        vector_limit: Most numbers of a vector in SPIR-V, where memory is arrays of one type, too.
        name: The vendor's name of the architecture.
    """

    subgroup: int = 32
    max_threads: int = 1024
    shared_bytes: int = 49152
    load_bytes: int = 16
    to_bf16: Instruction | None = None
    to_fp8: tuple[tuple[str, Instruction | PackingIntrinsic], ...] = ()
    moves: LaneMoves | None = None
    meets_in_memory: bool = False
    replaced: tuple[tuple[str, str], ...] = ()
    by_integers: tuple[str, ...] = ()
    fuses_products: bool = False
    fuses_fma: bool = True
    converts_f16: bool = True
    vector_limit: int | None = None
    name: str = ""
