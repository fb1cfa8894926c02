# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the instructions of a kernel do, as far as counting them tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Access:
    """Accesses to global memory of one width in the text of a kernel.

    Attributes:
        width: Bytes that a thread moves by one of them.
        count: How many of them there are.
        guarded: Whether some threads may pass them by.
    """

    width: int
    count: int
    guarded: bool = False

    @property
    def bytes(self) -> int:
        """Bytes that a thread moves at most."""
        return self.width * self.count

    def __str__(self) -> str:
        return f"{self.count}×{self.width}{'?' if self.guarded else ''}"


@dataclass(frozen=True)
class Code:
    """The counted instructions of a kernel.

    Attributes:
        name: Its symbol.
        loads: Loads from global memory, the widest first.
        stores: Stores to global memory, the widest first.
        barriers: Barriers of the workgroup.
        has_loops: Whether instructions run more than once: then all numbers are those of one pass through each loop.
    """

    name: str
    loads: tuple[Access, ...]
    stores: tuple[Access, ...]
    barriers: int
    has_loops: bool


def tally(accesses: Iterable[tuple[int, bool]]) -> tuple[Access, ...]:
    """Count accesses, given as width and whether they are guarded; the widest first."""
    counts = Counter(accesses)
    found = (Access(width, count, guarded) for (width, guarded), count in counts.items())
    return tuple(sorted(found, key=lambda access: (-access.width, access.guarded)))


def bytes_of(accesses: Iterable[Access]) -> int:
    """Return the bytes that a thread moves at most."""
    return sum(access.bytes for access in accesses)


def widest(accesses: Iterable[Access]) -> int:
    """Return the bytes of the widest access, 0 without any."""
    return max((access.width for access in accesses), default=0)
