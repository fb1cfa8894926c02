# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What all quantisations share: element types, bounds, group maxima, scales and the rounding to the element type."""

from collections.abc import Sequence

import torch
from torch.nn import functional

from .checks import reject

#: Largest finite magnitude of each element type that values are quantised to. int8 is used symmetrically: -128 is
#: never produced.
LARGEST_FINITE = {
    torch.float8_e4m3fn: 448.0,
    torch.float8_e4m3fnuz: 240.0,
    torch.float8_e5m2: 57344.0,
    torch.float8_e5m2fnuz: 57344.0,
    torch.int8: 127.0,
}

#: How a scale is written: as it is, or rounded up to a power of two, as an f32 or as its exponent's byte (UE8M0).
SCALE_FORMATS = ("f32", "ue8m0", "ue8m0_packed")

#: The formats of ops whose scales are too few to pack.
UNPACKED_FORMATS = ("f32", "ue8m0")

#: Where the scales of R rows lie in memory: row after row, column after column, or that with R filled up to 4n.
SCALE_LAYOUTS = ("row", "column", "column_padded")

#: UE8M0 exponents in the int32 that a packed scale is.
PACKED = 4

_F32 = torch.finfo(torch.float32)
_INFINITE_EXPONENT = 255
_BITS_OF_2_TO_MINUS_127 = 0x00400000


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
    # Computations are in f32: a bound that is less in it than a normal number is inaccurate, or 0.
    if not _F32.tiny <= bound <= largest:
        raise reject(op, "bound", expected=f"2^-126 to {largest} for {dtype}", found=bound)
    return bound


def check_floor(op: str, name: str, value: float) -> None:
    """Check that a floor is a finite f32 and not negative.

    Raises:
        ArgumentError: If it is not.
    """
    if not 0 <= value <= _F32.max:
        raise reject(op, name, expected="a finite f32 >= 0", found=value)


def default_scale_floor(bound: float) -> float:
    """Return the least scale of vLLM's quantisations of whole rows and tensors."""
    return 1.0 / (bound * 512.0)


def check_choice(op: str, name: str, value: str, choices: Sequence[str]) -> None:
    """Check that a string is one of `choices`.

    Raises:
        ArgumentError: If it is not.
    """
    if value not in choices:
        raise reject(op, name, expected=" or ".join(map(repr, choices)), found=repr(value))


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


def dynamic_scales(
    absmax: torch.Tensor, bound: float, absmax_floor: float, scale_floor: float, scale_format: str
) -> torch.Tensor:
    """Return the f32 scales that values are quantised with: those of every format, before :func:`store_scales`.

    ``max(max(absmax, absmax_floor) / bound, scale_floor)``; NaN stays NaN, a floor of 0 is none. All formats but
    ``f32`` round it up to a power of two.
    """
    # A tensor divisor: dividing by a Python number multiplies by its rounded reciprocal on some devices.
    divisor = torch.full_like(absmax, bound)
    scales = (absmax.clamp(min=absmax_floor) / divisor).clamp(min=scale_floor)
    return scales if scale_format == "f32" else round_up_to_power_of_two(scales)


def biased_exponents(scales: torch.Tensor) -> torch.Tensor:
    """Return the UE8M0 code of the power of two at or above each scale (f32, not negative), as int64.

    Code e is 2^(e - 127); 255 stands for inf and NaN. With b the bits of a scale::

        e = 0 if b <= 0x00400000 else min(255, (b + 0x7FFFFF) >> 23)

    The sum carries into the exponent unless the mantissa is zero. It is done on the bits because
    ``exp2(ceil(log2(s)))`` is not exact: log2 of a scale just above a power of two rounds down to its exponent, and how
    far above it this still happens differs from device to device.
    """
    # Without the sign bit, which only a NaN may have.
    bits = scales.view(torch.int32).long() & 0x7FFFFFFF
    exponents = ((bits + 0x7FFFFF) >> 23).clamp(max=_INFINITE_EXPONENT)
    return torch.where(bits <= _BITS_OF_2_TO_MINUS_127, 0, exponents)


def round_up_to_power_of_two(scales: torch.Tensor) -> torch.Tensor:
    """Return the power of two at or above each f32 scale, at least 2^-127; NaN stays NaN, overflow is inf.

    The least one is no zero, so that a group of zeros is 0 / 2^-127 = 0 also without floors.
    """
    exponents = biased_exponents(scales)
    bits = torch.where(exponents == 0, _BITS_OF_2_TO_MINUS_127, exponents << 23)
    return torch.where(scales.isnan(), scales, bits.to(torch.int32).view(torch.float32))


def store_scales(scales: torch.Tensor, scale_format: str, layout: str) -> torch.Tensor:
    """Return the scales ``[..., G]`` of :func:`dynamic_scales` as an op returns them: packed and laid out."""
    result = new_scales(scales, scales.shape, scale_format, layout)
    if scale_format != "ue8m0_packed":
        return result.copy_(scales)
    codes = functional.pad(biased_exponents(scales), (0, result.shape[-1] * PACKED - scales.shape[-1]))
    # Sums reach 2^32; the cast takes them modulo that.
    shifts = torch.arange(0, 8 * PACKED, 8, device=codes.device)
    words = (codes.reshape(*result.shape, PACKED) << shifts).sum(dim=-1)
    return result.copy_(words.to(torch.int32))


def new_scales(like: torch.Tensor, shape: Sequence[int], scale_format: str, layout: str) -> torch.Tensor:
    """Return zeros on the device of `like` for scales of `shape` ``[..., G]``; sizes may be symbolic."""
    *leading, groups = shape
    packed = scale_format == "ue8m0_packed"
    columns = -(-groups // PACKED) if packed else groups
    dtype = torch.int32 if packed else torch.float32
    if layout == "row":
        return like.new_zeros((*leading, columns), dtype=dtype)
    strides = scale_strides((*leading, columns), layout)
    return like.new_zeros((columns, strides[-1]), dtype=dtype).as_strided((*leading, columns), strides)


def scale_strides(shape: Sequence[int], layout: str) -> tuple[int, ...]:
    """Return the strides of scales of `shape` ``[..., S]`` in a layout; sizes may be symbolic."""
    *leading, columns = shape
    sizes = [*leading, columns] if layout == "row" else leading
    strides = [1]
    for size in reversed(sizes):
        strides.insert(0, strides[0] * size)
    rows, *strides = strides
    if layout == "row":
        return tuple(strides)
    return (*strides, -(-rows // 4) * 4 if layout == "column_padded" else rows)


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
