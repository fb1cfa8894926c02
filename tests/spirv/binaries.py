# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What SPIR-V's own tools say of a binary."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator

#: Where the instructions of a module begin, in words, and the ones that are looked at here.
_HEADER = 5
_CAPABILITY = 17
_EXTENSION = 10
_EXECUTION_MODE = 16
FLOAT16 = 9


def instructions(binary: bytes) -> Iterator[tuple[int, ...]]:
    """Yield the words of each instruction; the first is its opcode."""
    words = struct.unpack(f"<{len(binary) // 4}I", binary)
    at = _HEADER
    while at < len(words):
        length, opcode = words[at] >> 16, words[at] & 0xFFFF
        yield (opcode, *words[at + 1 : at + length])
        at += length


def capabilities(binary: bytes) -> set[int]:
    """Return the numbers of the capabilities that a module declares."""
    return {words[1] for words in instructions(binary) if words[0] == _CAPABILITY}


def without_mode(binary: bytes, mode: int) -> bytes:
    """Return a module without the execution modes of this number."""
    kept = list(struct.unpack(f"<{_HEADER}I", binary[: 4 * _HEADER]))
    for opcode, *operands in instructions(binary):
        if opcode != _EXECUTION_MODE or operands[1] != mode:
            kept += [(len(operands) + 1) << 16 | opcode, *operands]
    return struct.pack(f"<{len(kept)}I", *kept)


def complaint(binary: bytes) -> str | None:
    """Return what spirv-val finds wrong with a module, None if it finds nothing.

    Raises:
        LookupError: If it is not installed.
    """
    tool = shutil.which("spirv-val")
    if tool is None:
        raise LookupError("spirv-val is not installed: it is in the package spirv-tools")
    version = binary[5]
    # Its rules for OpenCL know nothing beyond SPIR-V 1.2, and no extension that adds f16.
    is_plain = version <= 2 and FLOAT16 not in capabilities(binary)
    environment = "opencl2.2" if is_plain else f"spv1.{version}"
    done = subprocess.run(
        [tool, "--target-env", environment, "-"], input=binary, capture_output=True, check=False, timeout=60
    )
    return None if done.returncode == 0 else (done.stderr + done.stdout).decode()
