# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What all quantisations share: element types, bounds, group maxima, scales and the rounding to the element type."""

import torch
from torch.nn import functional

from .checks import reject

#: Largest finite magnitude of each element type that values are quantised to. int8 is used symmetrically: -128 is
#: never produced.
LARGEST_FINITE = {
    torch.float8_e4m3fn: 448.0,
    torch.float8_e4m3fnuz: 240.0,
    torch.float8_e5m2: 57344.0,
    torch.int8: 127.0,
}


def resolve_bound(op: str, dtype: torch.dtype, bound: float | None) -> float:
    """Return the bound of the quantised values: the given one, or the largest finite value of `dtype`.

    Raises:
        ArgumentError: If fanfold does not quantise to `dtype`, or the bound is not within its range.
    """
    if dtype not in LARGEST_FINITE:
        raise reject(op, "dtype", expected=" or ".join(map(str, LARGEST_FINITE)), found=dtype)
    largest = LARGEST_FINITE[dtype]
    if bound is None:
        return largest
    if not 0 < bound <= largest:
        raise reject(op, "bound", expected=f"0 < bound <= {largest} for {dtype}", found=bound)
    return bound


def check_floor(op: str, name: str, value: float) -> None:
    """Check that a floor is a number and not negative.

    Raises:
        ArgumentError: If it is not.
    """
    if not value >= 0:
        raise reject(op, name, expected="a number >= 0", found=value)


def split_groups(x: torch.Tensor, group: int) -> torch.Tensor:
    """Return `x` in f32 as ``[..., ceil(N / group), group]``, a shorter last group filled up with zeros.

    Zeros change neither a maximum of magnitudes nor, cut off by :func:`join_groups`, any quantised value.
    """
    groups = -(-x.shape[-1] // group)
    padded = functional.pad(x.contiguous().float(), (0, groups * group - x.shape[-1]))
    return padded.reshape(*x.shape[:-1], groups, group)


def join_groups(q: torch.Tensor, width: int) -> torch.Tensor:
    """Undo :func:`split_groups`: ``[..., groups, group]`` to ``[..., width]``."""
    return q.reshape(*q.shape[:-2], q.shape[-2] * q.shape[-1])[..., :width].contiguous()


def dynamic_scales(absmax: torch.Tensor, bound: float, absmax_floor: float, scale_floor: float) -> torch.Tensor:
    """Return ``max(max(absmax, absmax_floor) / bound, scale_floor)`` in f32; NaN stays NaN, a floor of 0 is none."""
    # A tensor divisor: dividing by a Python number multiplies by its rounded reciprocal on some devices.
    divisor = torch.full_like(absmax, bound)
    return (absmax.clamp(min=absmax_floor) / divisor).clamp(min=scale_floor)


def quantize(
    x: torch.Tensor, scales: torch.Tensor, dtype: torch.dtype, bound: float, *, reciprocal: bool
) -> torch.Tensor:
    """Return ``clamp(x / scales, -bound, bound)``, or with `reciprocal` ``x * (1 / scales)``, rounded to `dtype`.

    `x` and `scales` are f32. The rounding is to nearest with ties to even. NaN stays NaN; int8, which has none, gets 0.
    """
    scaled = x * torch.reciprocal(scales) if reciprocal else x / scales
    clamped = scaled.clamp(-bound, bound)  # keeps NaN
    if dtype == torch.int8:
        # The cast to an integer truncates, and of NaN it is undefined.
        clamped = torch.nan_to_num(clamped.round(), nan=0.0)
    return clamped.to(dtype)  # the rounding point
