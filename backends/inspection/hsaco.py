# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the metadata in the ELF file of a kernel for AMD's GPUs: what the driver loads it by."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fanfold.errors import CompileError

from .messagepack import unpack

_NOTES = 7  # type of a section
_METADATA = 32  # type of a note
_OWNER = b"AMDGPU\0"


@dataclass(frozen=True)
class Loaded:
    """What the metadata say of a kernel.

    Attributes:
        vector_registers: Registers of a lane, with those that hold accumulators.
        scalar_registers: Registers of a subgroup.
        spills: Registers that are kept in memory for want of registers.
        scratch_bytes: Memory of its own that a lane takes.
        shared_bytes: Memory that a workgroup shares.
        threads: Threads of a workgroup.
        subgroup: Lanes of a subgroup.
    """

    vector_registers: int
    scalar_registers: int
    spills: int
    scratch_bytes: int
    shared_bytes: int
    threads: int
    subgroup: int


def read_hsaco(file: bytes, arch: str) -> dict[str, Loaded]:
    """Return what the ELF file says of each kernel.

    Args:
        file: The file.
        arch: What it must be for, such as `gfx950`.

    Raises:
        CompileError: If it is no such file.
    """
    try:
        (metadata,) = (unpack(body) for owner, kind, body in _notes(file) if (owner, kind) == (_OWNER, _METADATA))
        target = str(metadata["amdhsa.target"]).partition(":")[0]
        if not target.endswith(f"-{arch}"):
            raise ValueError(f"code for {target}")
        return {str(kernel[".name"]): _loaded(kernel) for kernel in metadata["amdhsa.kernels"]}
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise CompileError(
            "the file is not what IREE makes for AMD's GPUs",
            stage="inspect",
            expected=f"an ELF file with metadata of kernels for {arch}",
            found=f"{type(error).__name__}: {error}",
        ) from error


def _loaded(kernel: dict[str, Any]) -> Loaded:
    return Loaded(
        vector_registers=kernel[".vgpr_count"],
        scalar_registers=kernel[".sgpr_count"],
        spills=kernel[".vgpr_spill_count"] + kernel[".sgpr_spill_count"],
        scratch_bytes=kernel[".private_segment_fixed_size"],
        shared_bytes=kernel[".group_segment_fixed_size"],
        threads=kernel[".max_flat_workgroup_size"],
        subgroup=kernel[".wavefront_size"],
    )


def _notes(file: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield owner, type and content of each note of a 64-bit little-endian ELF file."""
    if file[:6] != b"\x7fELF\x02\x01":
        raise ValueError("no 64-bit little-endian ELF file")
    (table,) = struct.unpack_from("<Q", file, 0x28)
    size, count = struct.unpack_from("<HH", file, 0x3A)
    for number in range(count):
        kind, _, _, offset, length = struct.unpack_from("<IQQQQ", file, table + number * size + 4)
        at = offset
        while kind == _NOTES and at < offset + length:
            name_length, content_length, note = struct.unpack_from("<III", file, at)
            name = at + 12
            content = name + _padded(name_length)
            yield file[name : name + name_length], note, file[content : content + content_length]
            at = content + _padded(content_length)


def _padded(length: int) -> int:
    return -(-length // 4) * 4
