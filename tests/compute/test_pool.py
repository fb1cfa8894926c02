# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pool of buffers, on memory that is only counted."""

from __future__ import annotations

import itertools

import pytest

from fanfold.backends.compute.pool import Pool, size_class
from fanfold.backends.compute.shared import Lease, SharedBuffers
from fanfold.errors import CallError


class Memory:
    """So many bytes."""

    def __init__(self, total: int) -> None:
        self.left = total
        self._sizes: dict[int, int] = {}
        self._addresses = itertools.count(1)

    def allocate(self, size: int) -> int:
        if size > self.left:
            raise CallError("no memory is left", stage="call")
        self.left -= size
        address = next(self._addresses)
        self._sizes[address] = size
        return address

    def free(self, address: int) -> None:
        self.left += self._sizes.pop(address)


@pytest.mark.parametrize("size", [0, 1, 128, 129, 1000, 1024, 1025, 4097, 65536, 10**6, (1 << 30) + 1])
def test_classes_are_hardly_larger_than_what_is_asked_for(size: int) -> None:
    found = size_class(size)
    assert found >= max(size, 1)
    assert found % 128 == 0
    assert found <= max(size * 9 / 8, size + 128)
    assert size_class(found) == found


def test_what_was_given_back_is_taken_again() -> None:
    memory = Memory(1 << 20)
    pool = Pool(memory.allocate, memory.free)
    first = pool.take(1000)
    second = pool.take(1000)
    assert first != second
    pool.give(first)
    assert (pool.idle_bytes, pool.used_bytes) == (1024, 1024)
    assert pool.take(1024) == first
    assert pool.idle_bytes == 0
    assert memory.left == (1 << 20) - 2048


def test_idle_memory_makes_room() -> None:
    memory = Memory(4096)
    pool = Pool(memory.allocate, memory.free)
    pool.give(pool.take(3000))
    pool.take(4000)
    assert (pool.idle_bytes, pool.used_bytes, memory.left) == (0, 4096, 0)
    with pytest.raises(CallError, match="no memory is left"):
        pool.take(128)


def test_trim_frees_what_nobody_uses() -> None:
    memory = Memory(4096)
    pool = Pool(memory.allocate, memory.free)
    kept, idle = pool.take(128), pool.take(256)
    pool.give(idle)
    pool.trim()
    assert memory.left == 4096 - 128
    pool.give(kept)
    pool.trim()
    assert memory.left == 4096


def test_plans_share_buffers_and_the_last_gives_them_back() -> None:
    memory = Memory(1 << 20)
    buffers = SharedBuffers(Pool(memory.allocate, memory.free))
    one, other = Lease(buffers), Lease(buffers)
    large, small = one.take(4096), one.take(256)
    # The smallest that fits, and never twice the same.
    assert [other.take(200), other.take(100)] == [small, large]
    assert other.take(8) not in (large, small)
    one.release()
    assert buffers.pool.idle_bytes == 0
    other.release()
    assert buffers.pool.used_bytes == 0
