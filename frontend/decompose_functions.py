# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Own decompositions of functions of floats whose other lowerings are wrong at zeros, signs, infinities or NaN.

All are computed in f32 where eager does ("wide", see `decompositions.py`). Functions with the series of f32 leave f64
to the others.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .decomposing import NARROW, Decomposition, Number, tensor, wide

#: atan(z) = z + z^3 (..) for |z| up to tan(pi/8), lowest power first: S. Moshier's Cephes, atanf.c.
_ARC = (-3.33329491539e-1, 1.99777106478e-1, -1.38776856032e-1, 8.05374449538e-2)

#: Above, the square of a number is so large that what is added to it makes no difference in f32.
_LARGE = 1e6


def of_one(function: Callable[[Tensor], Tensor]) -> Decomposition:
    """Return the decomposition of a function of one tensor."""

    @functools.wraps(function)
    def decomposition(x: Tensor) -> Any:
        dtype = _as_float(x.dtype)
        return NotImplemented if dtype is None else function(wide(x.to(dtype))).to(dtype)

    return decomposition


def of_two(function: Callable[[Tensor, Tensor], Tensor]) -> Decomposition:
    """Return the decomposition of a function of two tensors, or of a tensor and a number, at least one of floats."""

    @functools.wraps(function)
    def decomposition(x: Tensor | Number, y: Tensor | Number) -> Any:
        dtype = torch.result_type(x, y)
        if not dtype.is_floating_point or dtype == torch.float64:
            return NotImplemented
        return function(wide(tensor(x, dtype)), wide(tensor(y, dtype))).to(dtype)

    return decomposition


def of_integers(op: Any) -> Decomposition:
    """Return the decomposition for integers of a function that makes floats of them."""

    def decomposition(*args: Any) -> Any:
        if torch.result_type(args[0], args[-1]).is_floating_point:
            return NotImplemented
        return op(*(x.to(torch.get_default_dtype()) if isinstance(x, Tensor) else x for x in args))

    return decomposition


def _as_float(dtype: torch.dtype) -> torch.dtype | None:
    """Return the type of a function's result, None for those that are left alone."""
    if not dtype.is_floating_point:
        return None if dtype.is_complex else torch.get_default_dtype()
    return None if dtype == torch.float64 else dtype


def power(x: Tensor, y: Tensor) -> Tensor:
    """``|x|**y``, with a sign for odd exponents, and no number for negative bases with fractions."""
    magnitude = x.abs()
    result = torch.exp2(y * magnitude.log2())
    result = torch.where((y == 0) | (magnitude == 1), 1.0, result)
    floor, half = y.floor(), y * 0.5
    is_whole = floor == y
    is_odd = is_whole & (half.floor() != half)
    result = torch.where((x < 0) & ~is_whole & (x != -math.inf), math.nan, result)
    result = torch.where(is_odd, result.copysign(x), result)
    return torch.where((y == 0) | (x == 1), 1.0, torch.where(x.isnan() | y.isnan(), math.nan, result))


def power_of_number(x: Number, y: Tensor) -> Any:
    """Of a base for which torch-mlir's logarithm is none, and of 1, which stays 1 whatever infinity and NaN are."""
    if x == 1 and y.dtype.is_floating_point:
        return torch.ones_like(y)
    return NotImplemented if x > 0 else of_two(power)(torch.full_like(y, x), y)


def remainder_of_division(x: Tensor, y: Tensor) -> Tensor:
    """`fmod`: what is left of magnitudes, with the sign of the dividend; torch-mlir rounds the quotient."""
    return torch.remainder(x.abs(), y.abs()).copysign(x)


def arctangent(x: Tensor) -> Tensor:
    """`atan`."""
    magnitude = x.abs()
    is_steep = magnitude > 1
    angle = _arc(torch.where(is_steep, magnitude.reciprocal(), magnitude))
    return torch.where(is_steep, math.pi / 2 - angle, angle).copysign(x)


def arctangent_of_two(y: Tensor, x: Tensor) -> Tensor:
    """`atan2`: IREE divides, and takes the angle of 0/0, of inf/inf and of signed zeros for NaN or the other one."""
    high, wide_ = y.abs(), x.abs()
    larger, smaller = torch.maximum(high, wide_), torch.minimum(high, wide_)
    ratio = torch.where(smaller == larger, 1.0, smaller / larger)
    angle = _arc(torch.where(larger == 0, 0.0, ratio))
    angle = torch.where(high > wide_, math.pi / 2 - angle, angle)
    angle = torch.where(has_sign(x), math.pi - angle, angle).copysign(y)
    return torch.where(x.isnan() | y.isnan(), math.nan, angle)


def _arc(ratio: Tensor) -> Tensor:
    """Return atan of what is between 0 and 1."""
    is_large = ratio > math.tan(math.pi / 8)
    z = torch.where(is_large, (ratio - 1) / (ratio + 1), ratio)
    square = z * z
    series = torch.full_like(z, _ARC[-1])
    for coefficient in reversed(_ARC[:-1]):
        series = series * square + coefficient
    angle = z + z * square * series
    return torch.where(is_large, angle + math.pi / 4, angle)


def sinh(x: Tensor) -> Tensor:
    """By `expm1`, which keeps what is near zero."""
    magnitude = x.abs()
    less = magnitude.expm1()
    near = 0.5 * (less + less / (less + 1))
    return torch.where(magnitude > 10, (magnitude - math.log(2)).exp(), near).copysign(x)


def asinh(x: Tensor) -> Tensor:
    """By `log1p`, which keeps what is near zero, and without a square that is infinite."""
    magnitude = x.abs()
    square = magnitude * magnitude
    near = (magnitude + square / (1 + (square + 1).sqrt())).log1p()
    return torch.where(magnitude > _LARGE, magnitude.log() + math.log(2), near).copysign(x)


def acosh(x: Tensor) -> Tensor:
    """As `asinh`."""
    above = x - 1
    near = (above + (2 * above + above * above).sqrt()).log1p()
    return torch.where(x > _LARGE, x.log() + math.log(2), torch.where(x < 1, math.nan, near))


def atanh(x: Tensor) -> Tensor:
    """As `asinh`."""
    magnitude = x.abs()
    return (0.5 * (2 * magnitude / (1 - magnitude)).log1p()).copysign(x)


def hypotenuse(x: Tensor, y: Tensor) -> Tensor:
    """`hypot`, without a square that is infinite."""
    a, b = x.abs(), y.abs()
    larger, smaller = torch.maximum(a, b), torch.minimum(a, b)
    ratio = smaller / larger
    result = torch.where(larger == 0, 0.0, larger * (1 + ratio * ratio).sqrt())
    return torch.where((a == math.inf) | (b == math.inf), math.inf, result)


def sum_of_exponentials(x: Tensor, y: Tensor) -> Tensor:
    """`logaddexp`; IREE loses NaN beside infinity."""
    larger = torch.maximum(x, y)
    result = larger + (-(x - y).abs()).exp().log1p()
    return torch.where(x == y, x + math.log(2), result)


def is_finite(x: Tensor) -> Any:
    """By its size."""
    return x.abs() < math.inf if x.dtype.is_floating_point else torch.ones_like(x, dtype=torch.bool)


def has_sign(x: Tensor) -> Any:
    """`signbit`: of zeros and NaN, too."""
    return torch.ones_like(x).copysign(x) < 0 if x.dtype.is_floating_point else x < 0


def average(op: Any) -> Decomposition:
    """Return the decomposition of a pooling: wide."""

    def decomposition(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return op(wide(x), *args, **kwargs).to(x.dtype) if x.dtype in NARROW else NotImplemented

    return decomposition


def position(op: Any, *, largest: bool) -> Decomposition:
    """Return the decomposition of `argmax` or `argmin`, for which NaN comes before all numbers."""

    def decomposition(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        return op(_ordered(x, largest), dim, keepdim) if x.dtype.is_floating_point else NotImplemented

    return decomposition


def value_and_position(value: Any, found: Any, *, largest: bool) -> Decomposition:
    """Return the decomposition of `max` or `min` over a dim."""

    def decomposition(x: Tensor, dim: int, keepdim: bool = False) -> Any:
        if not x.dtype.is_floating_point:
            return NotImplemented
        return value(x, [dim], keepdim), found(_ordered(x, largest), dim, keepdim)

    return decomposition


def _ordered(x: Tensor, largest: bool) -> Tensor:
    """Return integers that are ordered as the numbers, but NaN, which comes first."""
    x = wide(x)
    integer = torch.int64 if x.dtype == torch.float64 else torch.int32
    bits = x.view(integer)
    magnitude = bits & torch.iinfo(integer).max
    ordered = torch.where(bits < 0, -magnitude, magnitude)
    return torch.where(x.isnan(), torch.iinfo(integer).max if largest else torch.iinfo(integer).min, ordered)


def threshold(x: Tensor, bound: Number, value: Number) -> Any:
    """The bound is rounded to f32, or cut to an integer."""
    if not x.dtype.is_floating_point:
        bound, value = int(bound), int(value)
    return torch.where(wide(x) <= bound, value, x).to(x.dtype)
