# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What own decompositions have in common: how they are tried one after the other, and in which dtype they compute."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

#: Computes an op from others, or returns NotImplemented.
Decomposition = Callable[..., Any]
Number = bool | int | float

#: Floats that eager computes with in f32.
NARROW = (torch.bfloat16, torch.float16)


def first_of(*decompositions: Decomposition) -> Decomposition:
    """Return the decomposition that is the first of these to apply."""

    def decomposition(*args: Any, **kwargs: Any) -> Any:
        for one in decompositions:
            result = one(*args, **kwargs)
            if result is not NotImplemented:
                return result
        return NotImplemented

    return decomposition


def wide(x: Tensor) -> Tensor:
    """Return bf16 and f16 as f32, and anything else as it is."""
    return x.to(torch.float32) if x.dtype in NARROW else x


def tensor(value: Tensor | Number, dtype: torch.dtype) -> Tensor:
    """Return a tensor cast to `dtype`, or a number as a tensor of rank 0, which is rounded to it when it is used."""
    if isinstance(value, Tensor):
        return value.to(dtype)
    return torch.scalar_tensor(value, dtype=dtype)


def is_exact(value: float, dtype: torch.dtype) -> bool:
    """Return whether a float type has a number."""
    if math.isnan(value) or dtype == torch.float64:
        return True
    try:
        packed = struct.pack(">e" if dtype == torch.float16 else ">f", value)
    except OverflowError:
        return False
    if dtype == torch.bfloat16 and any(packed[2:]):
        return False
    (held,) = struct.unpack(">e" if dtype == torch.float16 else ">f", packed)
    return bool(held == value)
