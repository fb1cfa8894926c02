# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors in the processor's memory to a device that does not read it, and results back: each is copied once a way.

IREE copies them, so that this needs no torch that knows the device.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .tensors import Exporter, Importer, element_type


def make_uploader(hal: Any, dtype: torch.dtype) -> Importer:
    """Return a function from a CPU tensor of ``dtype`` to a buffer view of its copy on a device.

    Args:
        hal: The device.
        dtype: What the tensors will be.
    """
    import iree.runtime as rt

    element = element_type(dtype)

    def upload(tensor: torch.Tensor, _address: int) -> Any:
        shape = list(tensor.shape)
        if 0 in shape:
            buffer = hal.allocator.allocate_buffer(rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, 0)
        else:
            flat = tensor.detach().resolve_neg().contiguous().reshape(-1).view(torch.uint8)
            buffer = hal.allocator.allocate_buffer_copy(
                rt.MemoryType.DEVICE_LOCAL, rt.BufferUsage.DEFAULT, hal, flat.numpy()
            )
        return rt.HalBufferView(buffer, shape, element)

    return upload


def make_downloader(hal: Any, dtype: torch.dtype) -> Exporter:
    """Return a function from a buffer view to a CPU tensor of ``dtype`` with its values.

    Args:
        hal: The device.
        dtype: What the tensors will be.
    """
    import iree.runtime as rt

    host = rt.MemoryType.HOST_LOCAL | rt.MemoryType.DEVICE_VISIBLE
    usage = rt.BufferUsage.TRANSFER | rt.BufferUsage.MAPPING

    def download(view: Any) -> torch.Tensor:
        tensor = torch.empty(view.shape, dtype=dtype, device="cpu")
        if tensor.numel() == 0:
            return tensor
        source = view.get_buffer()
        # Not the tensor's own memory: pinning it takes whole pages, and fails where another thread has pinned one.
        staged = hal.allocator.allocate_buffer(host, usage, source.byte_length())
        semaphore = hal.create_semaphore(0)
        done = rt.HalFence.create_at(semaphore, 1)
        hal.queue_copy(source, staged, rt.HalFence.create_at(semaphore, 0), done)
        done.wait()
        content = staged.map().asarray([source.byte_length()], np.dtype(np.uint8))
        tensor.reshape(-1).view(torch.uint8).copy_(torch.from_numpy(content)[: tensor.nbytes])
        return tensor

    return download
