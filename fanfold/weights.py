# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights in a safetensors block whose tensors sit on 64-byte boundaries, so that IREE uses them where they are.

A block is plain safetensors: 8 bytes of header length, a JSON header, data. The format allows no holes, so the bytes
that align a tensor are tensors themselves (named ``__pad.N``), and the header is padded with the spaces it allows.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from .errors import ArtifactError

ALIGNMENT = 64
_PAD = "__pad."

_SAFETENSORS_NAMES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.int32: "I32",
    torch.int64: "I64",
    torch.uint16: "U16",
    torch.uint32: "U32",
    torch.uint64: "U64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2",
    torch.float8_e4m3fnuz: "F8_E4M3FNUZ",
    torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
    torch.float8_e8m0fnu: "F8_E8M0",
}
_DTYPES = {name: dtype for dtype, name in _SAFETENSORS_NAMES.items()}


def byte_view(tensor: torch.Tensor) -> torch.Tensor:
    """Return the bytes of a CPU tensor as a flat uint8 tensor: the same memory where it is contiguous, else a copy."""
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return flat.view(torch.uint8)


def padding(offset: int) -> int:
    """Return how many bytes lie between ``offset`` and the next 64-byte boundary."""
    return -offset % ALIGNMENT


def chunks(tensors: Mapping[str, torch.Tensor]) -> Iterator[memoryview | bytes]:
    """Yield the pieces of a block, which must begin on a 64-byte boundary of the file; tensor data is not copied.

    Raises:
        ArtifactError: If a tensor's dtype has no name in safetensors.
    """
    header: dict[str, Any] = {}
    data: list[torch.Tensor | bytes] = []
    at = 0

    def append(name: str, dtype: str, shape: list[int], content: torch.Tensor | bytes, size: int) -> None:
        nonlocal at
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        data.append(content)
        at += size

    for name, tensor in tensors.items():
        if tensor.dtype not in _SAFETENSORS_NAMES:
            raise ArtifactError(
                f"weight {name!r} cannot be saved",
                stage="save",
                expected=f"one of {', '.join(str(dtype).removeprefix('torch.') for dtype in _SAFETENSORS_NAMES)}",
                found=str(tensor.dtype).removeprefix("torch."),
            )
        if gap := padding(at):
            append(f"{_PAD}{len(data)}", "U8", [gap], bytes(gap), gap)
        append(name, _SAFETENSORS_NAMES[tensor.dtype], list(tensor.shape), tensor, tensor.nbytes)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * padding(8 + len(text))
    yield struct.pack("<Q", len(text)) + text
    for content in data:
        yield content if isinstance(content, bytes) else byte_view(content).numpy().data


def read(buffer: memoryview, begin: int, end: int) -> dict[str, torch.Tensor]:
    """Return the tensors of the block at ``buffer[begin:end]``; they share the buffer's memory and keep it alive.

    Raises:
        ValueError, KeyError, TypeError, struct.error: If it is not a block.
    """
    (length,) = struct.unpack_from("<Q", buffer, begin)
    if begin + 8 + length > end:
        raise ValueError("the header of the weights does not fit")
    header = json.loads(bytes(buffer[begin + 8 : begin + 8 + length]))
    base = begin + 8 + length
    tensors = {}
    for name, entry in header.items():
        if name.startswith(_PAD) or name == "__metadata__":
            continue
        dtype, (first, last) = _DTYPES[entry["dtype"]], entry["data_offsets"]
        if not 0 <= first <= last <= end - base:
            raise ValueError(f"weight {name!r} lies outside its block")
        flat = (
            torch.frombuffer(buffer, dtype=torch.uint8, offset=base + first, count=last - first).view(dtype)
            if last > first
            else torch.empty(0, dtype=dtype)
        )
        tensors[name] = flat.reshape(entry["shape"])
    return tensors
