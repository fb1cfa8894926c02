# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A program image: kernels, and straight-line lists of what is to be done with them, in IREE's order.

A :class:`Function` is in SSA form. Its values are numbered: integers, buffers and views (a buffer with a shape and a
dtype). The order of its steps is the order of their effects, so that fences are gone: every `barrier` is one that IREE
asked for between commands or operations. No step reads memory on the host: integers come from shapes alone. The end of
a function waits for all that it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: The version of the format; images of another one are refused.
VERSION = 2

#: A kernel numbers the elements of a buffer in an i32 with a sign.
MOST_ELEMENTS = 2**31

#: What errors say of a buffer with more, and of what is expected.
TOO_LARGE = "a kernel gets a buffer that is too large for it"
LARGEST = f"at most {MOST_ELEMENTS} elements, which SPIR-V's 32 bits can number"


@dataclass(frozen=True)
class Kernel:
    """An entry point of a SPIR-V module.

    Its arguments are a pointer for each binding, then an i32 for each push constant.

    Attributes:
        module: The module that it is in, by number.
        name: The entry point.
        workgroup: Threads of a workgroup in x, y and z.
        subgroup: Lanes of a subgroup that the code was made for.
        bindings: The bytes of an element for each pointer that it takes, 0 if it does not read there. It numbers
            elements in an i32, see :meth:`beyond`.
        constants: How many i32 it takes.
    """

    module: int
    name: str
    workgroup: tuple[int, int, int]
    subgroup: int
    bindings: tuple[int, ...]
    constants: int

    def beyond(self, sizes: Sequence[int | None]) -> str | None:
        """Say which buffer has elements that the kernel has no numbers for.

        Args:
            sizes: The bytes of each buffer, None where that is not known.

        Returns:
            None if there is none.
        """
        for number, (size, element) in enumerate(zip(sizes, self.bindings, strict=True)):
            if size is not None and size > element * MOST_ELEMENTS > 0:
                return f"buffer {number} has {size} bytes, which are {-(-size // element)} elements"
        return None


@dataclass(frozen=True)
class Step:
    """One thing that a function does.

    Attributes:
        name: What, a key of `STEPS`.
        operands: The values that it takes.
        results: The numbers that its results get.
        attributes: What else it is told, of JSON's types.
    """

    name: str
    operands: tuple[int, ...] = ()
    results: tuple[int, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)


#: Every step: its operands, then its results, then its attributes.
#:
#: Integers are of `bits` 1, 8, 16, 32 or 64 (an index has 64), kept as the signed value of those bits, so that the true
#: of 1 bit is -1; results wrap. `integers.py` computes them. A float that a program hands to a kernel is its bits.
STEPS = {
    # Integers.
    "integer": "() -> integer {value, bits}",
    "arith": "(a, b) -> integer {op, bits}: op is a name of MLIR's arith dialect without it, such as addi, ceildivui",
    "convert": "(a) -> integer {op, bits, source}: extsi, extui or trunci, from `source` bits",
    "compare": "(a, b) -> integer of 1 bit {predicate, bits}: eq, ne, slt, sle, sgt, sge, ult, ule, ugt, uge",
    "select": "(condition, a, b) -> a or b; integers or buffers",
    "align": "(a, to) -> a rounded up to a multiple of `to`",
    # Views: the function's inputs and results.
    "dim": "(view) -> integer {axis}",
    "rank": "(view) -> integer",
    "check": "(view, dims...) -> () {dtype, name}: the caller's tensor has this shape and dtype, row-major, or the "
    "call fails; dtypes are in MLIR's spelling, such as f32, bf16, i1, si64 and f8E4M3FN",
    "contents": "(view) -> buffer",
    "view": "(buffer, offset, bytes, dims...) -> view {dtype}",
    # Buffers. A buffer is on the device; offsets and sizes are in bytes.
    "allocate": "(bytes) -> buffer: its memory lasts until it is released, or, without that, until neither a global "
    "nor a result is in it",
    "release": "(buffer) -> (): its memory may be used again by what comes after all before",
    "subspan": "(buffer, offset, bytes) -> buffer",
    "size": "(buffer) -> integer",
    "parameter": "(offset, bytes) -> buffer {scope, key}: a weight, from its byte `offset` on; never written to",
    "data": "() -> buffer {data}: a constant of the image, by number; never written to",
    "load": "() -> integer or buffer {name}: of a global",
    "store": "(value) -> () {name}: to a global; only initializers have it",
    # Commands: each may run beside others, up to a barrier.
    "dispatch": "(x, y, z, constants..., (buffer, offset, bytes)...) -> () {kernel, constants}: `constants` says how "
    "many; nothing is to be done if x, y or z is 0",
    "fill": "(buffer, offset, bytes, pattern) -> () {width}: of 1, 2 or 4 bytes",
    "copy": "(source, offset, target, offset, bytes) -> ()",
    "update": "(target, offset) -> () {data, begin, bytes}: from a constant of the image",
    "barrier": "() -> ()",
}

#: The steps that give a value, of which each gives one.
GIVING = frozenset(name for name, says in STEPS.items() if "-> ()" not in says)


@dataclass(frozen=True)
class Function:
    """Steps in the order of their effects.

    Attributes:
        inputs: How many views it takes: its values from 0 on.
        steps: What it does.
        results: The views that it returns.
    """

    inputs: int
    steps: tuple[Step, ...]
    results: tuple[int, ...]


@dataclass(frozen=True)
class Image:
    """A program with its kernels.

    Attributes:
        target: The canonical target that the kernels are for.
        modules: SPIR-V modules, each once.
        kernels: What can be dispatched.
        data: Constants, each once. Of a decoded image they lie in its buffer, on 64-byte boundaries, and so do modules.
        initializers: What is done once, at load, in this order.
        main: What is done at each call.
    """

    target: str
    modules: tuple[bytes | memoryview, ...]
    kernels: tuple[Kernel, ...]
    data: tuple[bytes | memoryview, ...]
    initializers: tuple[Function, ...]
    main: Function
