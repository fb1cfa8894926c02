# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Memory on the stack, which the walks of a row use one after another."""

from torch_mlir import ir
from torch_mlir.dialects import memref

from .emitter import Emitter
from .walks import SCRATCH_ALIGNMENT, Walk, padded


class Scratch:
    """Memory for one walk at a time: what the last one kept is not needed any more.

    Args:
        e: The emitter.
        walks: All that take memory.
    """

    def __init__(self, e: Emitter, walks: list[Walk]) -> None:
        self._e = e
        self._size = max((walk.scratch_bytes for walk in walks), default=0)
        self._taken = 0
        self._memory = None
        if self._size:
            self._memory = e.on_stack(self._size, SCRATCH_ALIGNMENT)

    def begin(self) -> None:
        """Let the next walk take memory from the start."""
        self._taken = 0

    def take(self, count: int, element: ir.Type) -> ir.Value:
        """Return memory for `count` numbers; an op at the current insertion point makes it."""
        begin = self._taken
        self._taken += padded(count * element.width // 8)
        if self._taken > self._size:
            raise RuntimeError(f"a walk takes {self._taken} bytes and has {self._size}")
        return memref.view(ir.MemRefType.get([count], element), self._memory, self._e.index(begin), [])
