# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What lies on a device as long as its program: weights, constants, and what the program computes when it is loaded."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence

import numpy as np

from fanfold.errors import ArtifactError

from .plan import Block, Span
from .pool import Pool
from .protocol import Context

#: Bytes by scope and name.
Parameters = Mapping[str, Mapping[str, memoryview]]

#: Bytes that go to the device at a time: what is in a mapped file goes through memory that the device may read.
CHUNK = 16 << 20


class Resident:
    """Each weight and constant is put on the device when it is first asked for.

    Args:
        context: The device.
        pool: Its memory.
        host: Memory of the host that it copies from.
        data: The program's constants.
        parameters: Its weights.
    """

    def __init__(
        self,
        context: Context,
        pool: Pool,
        host: Pool,
        data: Sequence[bytes | memoryview],
        parameters: Parameters,
    ) -> None:
        self._context, self._pool, self._host = context, pool, host
        self._data, self._parameters = data, parameters
        self._there: dict[object, Span] = {}
        #: What initializers stored.
        self.globals: dict[str, int | Span] = {}

    def data(self, number: int) -> Span:
        """Return a constant."""
        return self._get(number, self._data[number])

    def parameter(self, scope: str, key: str) -> Span:
        """Return a weight.

        Raises:
            ArtifactError: If there is none of this name.
        """
        weights = self._parameters.get(scope, {})
        if key not in weights:
            raise ArtifactError(
                f"the program needs the weight {key!r}, which is not there",
                stage="load",
                expected=f"a weight {key!r} in the scope {scope!r}",
                found=f"{len(weights)} others",
                remedy="load the file that the model was compiled to",
            )
        return self._get((scope, key), weights[key])

    def _get(self, key: object, content: bytes | memoryview) -> Span:
        if key not in self._there:
            size = len(content)
            block = Block(size, address=self._pool.take(size))
            self._upload(np.frombuffer(content, np.uint8), block.address or 0)
            self._there[key] = Span(block, 0, size)
        return self._there[key]

    def _upload(self, content: np.ndarray[tuple[int], np.dtype[np.uint8]], target: int) -> None:
        staging = self._host.take(min(content.size, CHUNK))
        try:
            for begin in range(0, content.size, CHUNK):
                chunk = content[begin : begin + CHUNK]
                ctypes.memmove(staging, chunk.ctypes.data, chunk.size)
                recording = self._context.record()
                try:
                    recording.copy(target + begin, staging, chunk.size)
                    recording.close()
                    recording.submit()
                    recording.wait()
                finally:
                    recording.release()
        finally:
            self._host.give(staging)
