# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a function of a program image comes to for inputs of certain shapes: commands, with all sizes known.

Memory is named by its blocks, since the addresses come later; see `prepared.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class Block:
    """A piece of memory.

    Attributes:
        size: Its bytes.
        address: Where it is, if that is known when the plan is made: weights, constants, and what globals hold.
        input: The number of the input that it holds, if it is one.
    """

    size: int
    address: int | None = None
    input: int | None = None


@dataclass(frozen=True)
class Span:
    """A part of a block: what a program calls a buffer.

    Attributes:
        block: The block.
        offset: Where it begins there, in bytes.
        size: Its bytes.
    """

    block: Block
    offset: int
    size: int


@dataclass(frozen=True)
class View:
    """A buffer with a shape: an input or a result.

    Attributes:
        span: Its bytes, row-major.
        dims: Its shape.
        dtype: Its dtype, by torch's name.
    """

    span: Span
    dims: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Launch:
    """A launch of a kernel.

    Attributes:
        kernel: Which, by its number in the image.
        groups: How many workgroups in x, y and z.
        spans: What its pointers point to.
        constants: Its other arguments.
        step: The number of the step, for errors.
    """

    kernel: int
    groups: tuple[int, int, int]
    spans: tuple[Span, ...]
    constants: tuple[int, ...]
    step: int


@dataclass(frozen=True)
class Copy:
    """A copy between two buffers of one size."""

    target: Span
    source: Span
    step: int


@dataclass(frozen=True)
class Fill:
    """A fill of a buffer with a pattern of 1, 2 or 4 bytes."""

    target: Span
    pattern: bytes
    step: int


@dataclass(frozen=True)
class Barrier:
    """What comes after waits for what is before."""


Command = Launch | Copy | Fill | Barrier


@dataclass
class Plan:
    """What a function does.

    Attributes:
        inputs: The block of each input that is looked into.
        blocks: The memory that it needs while it runs, and for its results.
        commands: What it does, in order.
        results: What it returns.
    """

    inputs: list[Block] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    results: list[View] = field(default_factory=list)
