# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads MessagePack, as far as compilers use it for metadata: maps, lists, strings, whole numbers and truth values."""

from __future__ import annotations

import struct
from typing import Any

_NUMBERS = {0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
_STRINGS = {0xD9: "B", 0xDA: "H", 0xDB: "I"}
_LISTS = {0xDC: "H", 0xDD: "I"}
_MAPS = {0xDE: "H", 0xDF: "I"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


def unpack(data: bytes) -> Any:
    """Return the one value that `data` begins with.

    Raises:
        ValueError: If it has a type that is not read here.
        IndexError: If it ends too early.
        struct.error: If it ends within a number.
    """
    return _Reader(data).value()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def value(self) -> Any:
        head = self._data[self._at]
        self._at += 1
        if head < 0x80:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head < 0x90:
            return self._map(head & 0x0F)
        if head < 0xA0:
            return self._list(head & 0x0F)
        if head < 0xC0:
            return self._string(head & 0x1F)
        if head in _CONSTANTS:
            return _CONSTANTS[head]
        if head in _NUMBERS:
            return self._number(_NUMBERS[head])
        for formats, read in ((_STRINGS, self._string), (_LISTS, self._list), (_MAPS, self._map)):
            if head in formats:
                return read(self._number(formats[head]))
        raise ValueError(f"a MessagePack value that begins with {head:#x}")

    def _number(self, kind: str) -> int:
        (number,) = struct.unpack_from(f">{kind}", self._data, self._at)
        self._at += struct.calcsize(kind)
        return int(number)

    def _string(self, length: int) -> str:
        text = self._data[self._at : self._at + length]
        if len(text) < length:
            raise IndexError("a string that is cut off")
        self._at += length
        return text.decode()

    def _list(self, length: int) -> list[Any]:
        return [self.value() for _ in range(length)]

    def _map(self, length: int) -> dict[Any, Any]:
        return {self.value(): self.value() for _ in range(length)}
