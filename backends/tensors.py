# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Torch tensors to IREE buffer views and back, without copying where the memory allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fanfold.errors import CallError

# IREE maps memory from outside only at this alignment in bytes. Torch allocates at it; slices can start anywhere.
ALIGNMENT = 64

# The dtypes that DLPack has no word for that both sides understand: they cross as bytes and change type on each side.
_OPAQUE = {
    "float8_e4m3fn": "FLOAT_8_E4M3_FN",
    "float8_e4m3fnuz": "FLOAT_8_E4M3_FNUZ",
    "float8_e5m2": "FLOAT_8_E5M2",
    "float8_e5m2fnuz": "FLOAT_8_E5M2_FNUZ",
    "float8_e8m0fnu": "FLOAT_8_E8M0_FNU",
}

Importer = Callable[[torch.Tensor], Any]
Exporter = Callable[[Any], torch.Tensor]


def torch_dtype(name: str) -> torch.dtype:
    """Return the torch dtype of a signature's dtype name.

    Raises:
        CallError: If this torch has no such dtype.
    """
    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise CallError(
            f"this torch has no dtype {name!r}", stage="load", remedy="pip install --upgrade torch, or compile again"
        )
    return dtype


def make_importer(hal: Any, dtype: torch.dtype) -> Importer:
    """Return a function from a CPU tensor of ``dtype`` to a buffer view of its memory.

    The view keeps the memory alive. A tensor that is not contiguous, or not on a 64-byte boundary, is copied.

    Args:
        hal: The device.
        dtype: What the tensors will be.
    """
    import iree.runtime as rt

    opaque = _OPAQUE.get(_name(dtype))
    element_type = getattr(rt.HalElementType, opaque) if opaque else None
    to_capsule = torch.utils.dlpack.to_dlpack  # type: ignore[attr-defined]
    from_capsule = hal.from_dlpack_capsule
    buffer_view, empty_type = rt.HalBufferView, element_type or _element_type(dtype)

    def import_tensor(tensor: torch.Tensor) -> Any:
        if tensor.numel() == 0:
            # Torch has no memory for these, and IREE follows the null pointer.
            buffer = hal.allocator.allocate_buffer(rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, 0)
            return buffer_view(buffer, list(tensor.shape), empty_type)
        if tensor.is_neg():
            tensor = tensor.resolve_neg()
        if not tensor.is_contiguous():
            tensor = tensor.contiguous()
        if tensor.data_ptr() % ALIGNMENT:
            tensor = _aligned_copy(tensor)
        if element_type is None:
            return from_capsule(to_capsule(tensor))
        view = from_capsule(to_capsule(tensor.view(torch.uint8)))
        return buffer_view(view.get_buffer(), list(tensor.shape), element_type)

    return import_tensor


def make_exporter(hal: Any, dtype: torch.dtype) -> Exporter:
    """Return a function from a buffer view to a tensor of ``dtype`` that shares and owns its memory.

    Args:
        hal: The device.
        dtype: What the tensors will be; IREE's signless integers need to be told apart.
    """
    import iree.runtime as rt

    opaque = _name(dtype) in _OPAQUE
    create, from_capsule, buffer_view = hal.create_dlpack_capsule, torch.utils.dlpack.from_dlpack, rt.HalBufferView
    byte = rt.HalElementType.UINT_8

    def export_view(view: Any) -> torch.Tensor:
        shape = view.shape
        if 0 in shape:
            return torch.empty(shape, dtype=dtype)
        if opaque:
            view = buffer_view(view.get_buffer(), shape, byte)
        # 1, 0 is DLPack's name for the CPU.
        tensor = from_capsule(create(view, 1, 0))
        return tensor if tensor.dtype is dtype else tensor.view(dtype)

    return export_view


def _aligned_copy(tensor: torch.Tensor) -> torch.Tensor:
    # Torch's allocator gives 64-byte boundaries, but does not promise it.
    size = tensor.numel() * tensor.element_size()
    room = torch.empty(size + ALIGNMENT, dtype=torch.uint8)
    begin = -room.data_ptr() % ALIGNMENT
    return room[begin : begin + size].view(tensor.dtype).view(tensor.shape).copy_(tensor)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _element_type(dtype: torch.dtype) -> Any:
    import iree.runtime as rt

    names = {torch.bool: "BOOL_8", torch.bfloat16: "BFLOAT_16", torch.complex64: "COMPLEX_64"}
    bits = dtype.itemsize * 8
    kind = "FLOAT" if dtype.is_floating_point else "SINT" if dtype.is_signed else "UINT"
    return getattr(rt.HalElementType, names.get(dtype, f"{kind}_{bits}"))
