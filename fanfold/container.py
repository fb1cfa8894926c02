# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The zip side of a ``.vmfb``: entries added behind IREE's own, and found again in the mapped file.

Entries are stored, never compressed, so that each is one stretch of the file.
"""

from __future__ import annotations

import errno
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from .weights import padding

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC = b"PK\x03\x04"
#: What the names of our entries begin with.
PREFIX = "fanfold/"

# Local zip header, the zip64 field that zipfile adds to it, and the head of our padding field.
_HEADER_BYTES, _ZIP64_BYTES, _FIELD_HEAD_BYTES = 30, 20, 4
_PADDING_FIELD = 0xFA4F


class DamagedError(Exception):
    """The zip structure of a file is broken; the message says how."""


def begin(stream: IO[bytes], module: bytes | memoryview) -> tuple[zipfile.ZipFile, int]:
    """Write IREE's part of a file, and return the archive to add entries to and the length of that part in bytes.

    Args:
        stream: A new file.
        module: IREE's file, with or without entries of ours behind its own.

    Raises:
        DamagedError: If the module is no zip.
    """
    infos = list(Container(memoryview(module)).entries.values())
    theirs = [info for info in infos if not info.filename.startswith(PREFIX)]
    ours = [info.header_offset for info in infos if info.filename.startswith(PREFIX)]
    length = min(ours, default=_table_offset(module))
    stream.write(module[:length])
    archive = zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED)
    # Zip's table of contents is at its end: the entries are already in the file, their lines go to the new table.
    archive.filelist.extend(theirs)
    return archive, length


def add(archive: zipfile.ZipFile, name: str, content: Iterable[bytes | memoryview]) -> None:
    """Append an entry whose content begins on a 64-byte boundary of the file.

    Args:
        archive: Open for appending, with its current end as the place of the entry.
        name: The entry's name, ASCII.
        content: Its pieces.
    """
    # ZipInfo's default date (zip's first) keeps equal models equal files.
    info = zipfile.ZipInfo(name)
    gap = padding(archive.start_dir + _HEADER_BYTES + len(name) + _ZIP64_BYTES + _FIELD_HEAD_BYTES)
    info.extra = struct.pack("<HH", _PADDING_FIELD, gap) + bytes(gap)
    with archive.open(info, "w", force_zip64=True) as stream:
        for piece in content:
            stream.write(piece)


class Container:
    """The entries of a mapped ``.vmfb``.

    Attributes:
        buffer: The whole file.
        entries: What its table of contents says, by name.

    Args:
        buffer: The whole file.

    Raises:
        DamagedError: If its table of contents is broken or missing.
    """

    def __init__(self, buffer: memoryview) -> None:
        self.buffer = buffer
        try:
            with zipfile.ZipFile(_MappedFile(buffer)) as archive:
                self.entries = {info.filename: info for info in archive.infolist()}
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error) as error:
            raise DamagedError(f"its table of contents is not readable: {error}") from error

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def span(self, name: str) -> tuple[int, int]:
        """Return where an entry's content begins and ends in the file.

        Raises:
            DamagedError: If the entry is missing or its header broken.
        """
        if name not in self.entries:
            raise DamagedError(f"{name} is missing")
        info = self.entries[name]
        header = self.buffer[info.header_offset : info.header_offset + _HEADER_BYTES]
        if len(header) < _HEADER_BYTES or header[:4] != MAGIC or info.compress_type != zipfile.ZIP_STORED:
            raise DamagedError(f"{name} has no header")
        name_bytes, extra_bytes = struct.unpack_from("<HH", header, 26)
        begin = info.header_offset + _HEADER_BYTES + name_bytes + extra_bytes
        if begin + info.file_size > len(self.buffer):
            raise DamagedError(f"{name} is cut off")
        return begin, begin + info.file_size

    def check(self, name: str) -> None:
        """Compare an entry's content with its checksum.

        Raises:
            DamagedError: If they differ.
        """
        begin, end = self.span(name)
        if zlib.crc32(self.buffer[begin:end]) != self.entries[name].CRC:
            raise DamagedError(f"{name} does not match its checksum")

    def content(self, name: str) -> bytes:
        """Return an entry's content, checked.

        Raises:
            DamagedError: If it is missing or does not match its checksum.
        """
        self.check(name)
        begin, end = self.span(name)
        return bytes(self.buffer[begin:end])


def _table_offset(module: bytes | memoryview) -> int:
    with zipfile.ZipFile(_MappedFile(memoryview(module))) as archive:
        return archive.start_dir


class _MappedFile(io.RawIOBase):
    """Lets zipfile read a mapped file; closing this closes no mapping, which tensors still use."""

    def __init__(self, buffer: memoryview) -> None:
        super().__init__()
        self._buffer = buffer
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self._buffer)}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "seek before the start of the file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        target = memoryview(buffer)
        content = self._buffer[self._at : self._at + len(target)]
        target[: len(content)] = content
        self._at += len(content)
        return len(content)
