# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the values of IREE's schedule are while it is read: known at compile time, or computed by a step."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .builder import Builder


@dataclass(frozen=True)
class Known:
    """An integer that is known at compile time.

    Attributes:
        value: Its signed value.
        bits: Its width.
    """

    value: int
    bits: int


@dataclass(frozen=True)
class Computed:
    """What a step of the function that is being built gives.

    Attributes:
        builder: The function.
        number: Its number there.
        kind: ``integer``, ``buffer`` or ``view``.
        bits: The width of an integer.
    """

    builder: Builder
    number: int
    kind: str
    bits: int = 0


@dataclass(frozen=True)
class InGlobal:
    """What an initializer stored to a global: any function can load it.

    Attributes:
        name: The global.
        kind: ``integer`` or ``buffer``.
        bits: The width of an integer.
    """

    name: str
    kind: str
    bits: int = 0


@dataclass(frozen=True)
class Constant:
    """Bytes of a constant on the host.

    Attributes:
        content: The bytes.
    """

    content: bytes


@dataclass(frozen=True)
class Dtype:
    """An element type.

    Attributes:
        name: In MLIR's spelling.
    """

    name: str


@dataclass(frozen=True)
class Handle:
    """A thing of IREE's runtime that is gone in a program: a device, its allocator, an executable, no value at all.

    Attributes:
        what: Which.
    """

    what: str


@dataclass(frozen=True)
class EntryPoint:
    """A kernel by its name.

    Attributes:
        executable: The symbol of its executable.
        name: Its name there.
    """

    executable: str
    name: str


_fences = itertools.count()


@dataclass(frozen=True)
class Fence:
    """Points in time; a wait on it waits for all of them.

    Attributes:
        points: By number. Without any it is in the past.
    """

    points: frozenset[int] = frozenset()

    @classmethod
    def new(cls) -> Fence:
        """Return a fence of one point that nothing has reached yet."""
        return cls(frozenset({next(_fences)}))


@dataclass
class Commands:
    """A command buffer: what was recorded, to be repeated wherever it is executed.

    Attributes:
        recorded: Each command's op, and what its operands were.
    """

    recorded: list[tuple[Any, dict[Any, Value]]] = field(default_factory=list)


Value = Known | Computed | InGlobal | Constant | Dtype | Handle | EntryPoint | Fence | Commands

PAST = Fence()
NULL = Handle("null")
DEVICE = Handle("device")
TRUE = Known(-1, 1)
