# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory of a context that is used again: buffers of calls come from here and go back here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from fanfold.errors import CallError

from .protocol import ALIGNMENT


class Pool:
    """Buffers in classes of sizes, so that one of a size a little different is found again.

    A class is at most an eighth larger than what was asked for. Free buffers are kept until the device has no memory
    left, or until :meth:`trim`.

    Args:
        allocate: Returns the address of so many bytes.
        free: Frees what it returned.
    """

    def __init__(self, allocate: Callable[[int], int], free: Callable[[int], None]) -> None:
        self._allocate, self._free = allocate, free
        self._sizes: dict[int, int] = {}
        self._idle: defaultdict[int, list[int]] = defaultdict(list)

    def take(self, size: int) -> int:
        """Return the address of a buffer of at least ``size`` bytes, with anything in it; 0 bytes have one too.

        Raises:
            CallError: If there is not so much memory.
        """
        size = size_class(size)
        if self._idle[size]:
            return self._idle[size].pop()
        try:
            address = self._allocate(size)
        except CallError:
            if not self.idle_bytes:
                raise
            self.trim()
            address = self._allocate(size)
        self._sizes[address] = size
        return address

    def give(self, address: int) -> None:
        """Take a buffer back; nothing may use it any more."""
        self._idle[self._sizes[address]].append(address)

    def trim(self) -> None:
        """Free what nobody uses."""
        for addresses in self._idle.values():
            while addresses:
                address = addresses.pop()
                del self._sizes[address]
                self._free(address)

    @property
    def idle_bytes(self) -> int:
        """Bytes that nobody uses."""
        return sum(size * len(addresses) for size, addresses in self._idle.items())

    @property
    def used_bytes(self) -> int:
        """Bytes that somebody uses."""
        return sum(self._sizes.values()) - self.idle_bytes


def size_class(size: int) -> int:
    """Return the size of the buffer that so many bytes get: eight classes between two powers of two."""
    if size <= ALIGNMENT * 8:
        return max(-(-size // ALIGNMENT), 1) * ALIGNMENT
    step = 1 << ((size - 1).bit_length() - 4)
    return -(-size // step) * step
