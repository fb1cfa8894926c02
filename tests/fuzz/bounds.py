# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bounds: what a value may be in a compiled model, given what it is in eager PyTorch.

Another order of a norm's sum, or another polynomial for SiLU's `exp`, moves an f32 value by about 1e-6. What follows
is arithmetic whose roundings eager and a compiled model share. So each value is followed as two tensors, a lower and an
upper bound of each element: they differ where a sum came in and after that wherever a rounding did not hide it. Through
a function that is monotone in each operand, bounds are the least and greatest of its values at the operands' bounds,
and eager itself computes these: no formula is written twice.

After a rounding to bf16, 999 of 1000 bounds are one number again, so that a comparison with them is nearly as sharp as
one for equal bits, and has no false alarm however long the chain is.

Bounds are in the order of the bits, in which -0 is below +0: the sign of a zero counts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

#: The integers that hold the bits of a value, by its bytes.
_BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32}

#: Below this magnitude IREE's CPU workers take f32 and bf16 for zero.
_SMALLEST_NORMAL = 2.0**-126


@dataclass(frozen=True)
class Bounds:
    """The least and greatest that each element of a value may be.

    Two NaN say that it is NaN; a number below and NaN above that it may be anything.

    Attributes:
        low: The lower bounds.
        high: The upper bounds; the same tensor when all are equal.
    """

    low: Tensor
    high: Tensor

    @property
    def ends(self) -> tuple[Tensor, ...]:
        """Both bounds, or the one value that they are; and zero, which times infinity is neither's product."""
        if self.low is self.high:
            return (self.low,)
        straddles = (self.low.float() < 0) & (self.high.float() > 0)
        zero = (choose(~straddles, self.low, 0.0),) if straddles.any() else ()
        return (self.low, self.high, *zero)

    def outside(self, found: Tensor) -> Tensor:
        """Return where `found` is not within the bounds."""
        is_nan, low_nan, high_nan = nan(found), nan(self.low), nan(self.high)
        within = ~is_nan & (order(found) >= order(self.low)) & (order(found) <= order(self.high))
        return ~torch.where(high_nan, is_nan | ~low_nan, within)


def nan(values: Tensor) -> Tensor:
    """Return where the values are NaN, of every dtype."""
    return values.float().isnan() if values.is_floating_point() else torch.zeros_like(values, dtype=torch.bool)


def order(values: Tensor) -> Tensor:
    """Map values to integers in the same order; -0 is one below +0."""
    if not values.is_floating_point():
        return values.long()
    own = _BITS[values.element_size()]
    bits = values.contiguous().view(own).long()
    magnitude = bits & torch.iinfo(own).max
    return torch.where(bits < 0, -magnitude - 1, magnitude)


def choose(condition: Tensor, values: Tensor, others: Tensor | float) -> Tensor:
    """Return `values` where the condition holds, else the others; `torch.where` does not take every 8-bit type."""
    other = others if isinstance(others, Tensor) else torch.tensor(others).to(values.dtype).expand_as(values)
    own = _BITS[values.element_size()]
    return torch.where(condition, values.contiguous().view(own), other.contiguous().view(own)).view(values.dtype)


def hull(corners: Sequence[Tensor]) -> Bounds:
    """Return the bounds of tensors, element by element; NaN in some of them only gives what may be anything."""
    low = high = corners[0]
    if len(corners) == 1:
        return Bounds(low, high)
    for corner in corners[1:]:
        low = choose(order(low) <= order(corner), low, corner)
        high = choose(order(high) >= order(corner), high, corner)
    nans = torch.stack([nan(corner) for corner in corners])
    mixed = nans.any(dim=0) & ~nans.all(dim=0)
    if mixed.any():
        low, high = choose(~mixed, low, 1.0), choose(~mixed, high, float("nan"))
    return Bounds(low, low) if torch.equal(order(low), order(high)) else Bounds(low, high)


def monotone(run: Callable[..., Any], operands: Sequence[Bounds], **options: Any) -> tuple[Bounds, ...]:
    """Return the bounds of each result of a function that is monotone in every operand, up or down."""
    corners = []
    for ends in itertools.product(*(operand.ends for operand in operands)):
        result = run(*ends, **options)
        corners.append(result if isinstance(result, tuple) else (result,))
    return tuple(hull(column) for column in zip(*corners, strict=True))


def flushed(bounds: Bounds) -> Bounds:
    """Return bounds that let denormals be zeros of the same sign."""
    if bounds.low.dtype not in (torch.bfloat16, torch.float32):
        return bounds
    up = (bounds.low > 0) & (bounds.low < _SMALLEST_NORMAL)
    down = (bounds.high < 0) & (bounds.high > -_SMALLEST_NORMAL)
    if not (up | down).any():
        return bounds
    return Bounds(choose(~up, bounds.low, 0.0), choose(~down, bounds.high, -0.0))


def either_zero(bounds: Bounds) -> Bounds:
    """Return bounds that let a zero have either sign."""
    return Bounds(choose(bounds.low != 0, bounds.low, -0.0), choose(bounds.high != 0, bounds.high, 0.0))


def magnitude(bounds: Bounds) -> Bounds:
    """Return the bounds of the absolute value."""
    if bounds.low is bounds.high:
        absolute = bounds.low.abs()
        return Bounds(absolute, absolute)
    low, high = bounds.low.abs(), bounds.high.abs()
    # Of what may be anything, the least is the number of its two bounds.
    least = torch.where((bounds.low < 0) & (bounds.high > 0), 0.0, torch.fmin(low, high))
    return Bounds(least, torch.maximum(low, high))
