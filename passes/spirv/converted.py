# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a conversion gives: a SPIR-V binary and its kernels."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EntryPoint:
    """A kernel of a SPIR-V binary.

    Its arguments are a pointer for each binding, in the order of their numbers, then an i32 for each push constant.

    Attributes:
        name: Its name in the binary.
        workgroup: Threads of a workgroup in x, y and z.
        subgroup: Lanes of a subgroup.
        bindings: The bytes of an element for each pointer that it takes, also for bindings that it does not read,
            which have 0. The elements are numbered in an i32.
        constants: How many i32 it takes.
    """

    name: str
    workgroup: tuple[int, int, int]
    subgroup: int
    bindings: tuple[int, ...]
    constants: int


@dataclass(frozen=True)
class Converted:
    """A SPIR-V module of OpenCL's kind.

    Attributes:
        binary: The words of the module, little endian.
        kernels: Its kernels, in the order of the module.
    """

    binary: bytes
    kernels: tuple[EntryPoint, ...]
