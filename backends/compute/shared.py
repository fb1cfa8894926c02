# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Buffers that several plans of one program keep together: one plan runs at a time, and leaves nothing to the next."""

from __future__ import annotations

from collections import Counter

from .pool import Pool, size_class


class SharedBuffers:
    """What leases take. A buffer goes back to the pool with the last lease that has it.

    Args:
        pool: Where buffers come from.
    """

    def __init__(self, pool: Pool) -> None:
        #: Where buffers come from.
        self.pool = pool
        self._sizes: dict[int, int] = {}
        self._leases: Counter[int] = Counter()

    def take(self, size: int, taken: set[int]) -> int:
        """Return the smallest buffer of enough bytes that is not in ``taken``; a new one if there is none."""
        fitting = [address for address, there in self._sizes.items() if there >= size and address not in taken]
        address = min(fitting, key=self._sizes.__getitem__) if fitting else self.pool.take(size)
        self._sizes.setdefault(address, size_class(size))
        self._leases[address] += 1
        return address

    def give(self, address: int) -> None:
        """Take back what one lease had."""
        self._leases[address] -= 1
        if not self._leases[address]:
            del self._leases[address], self._sizes[address]
            self.pool.give(address)


class Lease:
    """The buffers of one plan, no two of them the same.

    Args:
        buffers: Where they come from.
    """

    def __init__(self, buffers: SharedBuffers) -> None:
        self._buffers = buffers
        self._taken: set[int] = set()

    def take(self, size: int) -> int:
        """Return the address of a buffer of at least ``size`` bytes.

        Raises:
            CallError: If there is not so much memory.
        """
        address = self._buffers.take(size, self._taken)
        self._taken.add(address)
        return address

    def release(self) -> None:
        """Give all of them back."""
        while self._taken:
            self._buffers.give(self._taken.pop())
