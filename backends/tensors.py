# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Torch tensors to IREE buffer views and back, without copying where the memory allows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from fanfold.errors import CallError

# IREE maps memory from outside only at this alignment in bytes, and compiled code relies on it, on GPUs too. Torch
# allocates at it; slices can start anywhere.
ALIGNMENT = 64

# The dtypes that DLPack has no word for that both sides understand: they cross as bytes and change type on each side.
_OPAQUE = {
    "float8_e4m3fn": "FLOAT_8_E4M3_FN",
    "float8_e4m3fnuz": "FLOAT_8_E4M3_FNUZ",
    "float8_e5m2": "FLOAT_8_E5M2",
    "float8_e5m2fnuz": "FLOAT_8_E5M2_FNUZ",
    "float8_e8m0fnu": "FLOAT_8_E8M0_FNU",
}

#: From a tensor and its address to a buffer view.
Importer = Callable[[torch.Tensor, int], Any]
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
    """Return a function from a tensor of ``dtype`` on the device, and its address, to a buffer view of its memory.

    The view keeps the memory alive. A tensor that is not contiguous, or not on a 64-byte boundary, is copied.

    Args:
        hal: The device; IREE does not check that a tensor is on it.
        dtype: What the tensors will be.
    """
    import iree.runtime as rt

    element, alignment = element_type(dtype), ALIGNMENT
    to_capsule = torch.utils.dlpack.to_dlpack  # type: ignore[attr-defined]
    from_capsule = hal.from_dlpack_capsule
    buffer_view, byte = rt.HalBufferView, torch.uint8
    # A negated view is the imaginary part of a conjugated one.
    negatable = dtype in {torch.float16, torch.float32, torch.float64}

    def import_tensor(tensor: torch.Tensor, address: int) -> Any:
        if address % alignment or not tensor.is_contiguous() or (negatable and tensor.is_neg()):
            tensor = importable(tensor)
        elif not address:
            return empty(tensor)
        return from_capsule(to_capsule(tensor))

    def import_bytes(tensor: torch.Tensor, address: int) -> Any:
        if address % alignment or not tensor.is_contiguous():
            tensor = importable(tensor)
        elif not address:
            return empty(tensor)
        view = from_capsule(to_capsule(tensor.view(byte)))
        return buffer_view(view.get_buffer(), list(tensor.shape), element)

    def empty(tensor: torch.Tensor) -> Any:
        # Torch has no memory for a tensor without elements, and IREE follows the null pointer.
        buffer = hal.allocator.allocate_buffer(rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, 0)
        return buffer_view(buffer, list(tensor.shape), element)

    return import_bytes if is_opaque(dtype) else import_tensor


def make_exporter(
    hal: Any, dtype: torch.dtype, device: torch.device, dlpack: int, *, as_bytes: bool = False
) -> Exporter:
    """Return a function from a buffer view to a tensor of ``dtype`` that shares and owns its memory.

    Args:
        hal: The device.
        dtype: What the tensors will be; IREE's signless integers need to be told apart.
        device: The same device in torch's words.
        dlpack: DLPack's code for its memory.
        as_bytes: Whether the views have bytes for elements, whatever the dtype. What DLPack has no word for costs one
            more buffer view otherwise.
    """
    import iree.runtime as rt

    create, buffer_view = hal.create_dlpack_capsule, rt.HalBufferView
    # The public from_dlpack also takes what is no capsule, and takes a quarter of a microsecond to tell.
    from_capsule: Callable[[object], torch.Tensor] = torch._C._from_dlpack
    byte, index = rt.HalElementType.UINT_8, device.index or 0

    def export_float(view: Any) -> torch.Tensor:
        if not view.byte_length:
            return torch.empty(view.shape, dtype=dtype, device=device)
        return from_capsule(create(view, dlpack, index))

    def export_view(view: Any) -> torch.Tensor:
        if not view.byte_length:
            return torch.empty(view.shape, dtype=dtype, device=device)
        tensor = from_capsule(create(view, dlpack, index))
        return tensor if tensor.dtype is dtype else tensor.view(dtype)

    def export_bytes(view: Any) -> torch.Tensor:
        shape = view.shape
        if 0 in shape:
            return torch.empty(shape, dtype=dtype, device=device)
        return from_capsule(create(buffer_view(view.get_buffer(), shape, byte), dlpack, index)).view(dtype)

    if is_opaque(dtype):
        return export_view if as_bytes else export_bytes
    return export_float if dtype.is_floating_point else export_view


def is_opaque(dtype: torch.dtype) -> bool:
    """Return whether DLPack has no word for ``dtype`` that both sides understand."""
    return _name(dtype) in _OPAQUE


def element_type(dtype: torch.dtype) -> Any:
    """Return IREE's ``HalElementType`` for ``dtype``."""
    import iree.runtime as rt

    names = {torch.bool: "BOOL_8", torch.bfloat16: "BFLOAT_16", torch.complex64: "COMPLEX_64"}
    bits = dtype.itemsize * 8
    kind = "FLOAT" if dtype.is_floating_point else "SINT" if dtype.is_signed else "UINT"
    return getattr(rt.HalElementType, _OPAQUE.get(_name(dtype)) or names.get(dtype, f"{kind}_{bits}"))


def importable(tensor: torch.Tensor) -> torch.Tensor:
    """Return a contiguous tensor on a boundary with the same values: itself, or a copy.

    Torch's allocator gives a boundary, but does not promise it.
    """
    tensor = tensor.resolve_neg().contiguous()
    if tensor.data_ptr() % ALIGNMENT == 0:
        return tensor
    size = tensor.numel() * tensor.element_size()
    room = torch.empty(size + ALIGNMENT, dtype=torch.uint8, device=tensor.device)
    begin = -room.data_ptr() % ALIGNMENT
    return room[begin : begin + size].view(tensor.dtype).view(tensor.shape).copy_(tensor)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
