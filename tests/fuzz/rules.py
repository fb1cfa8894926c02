# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bounds of the steps that are not monotone: norms, SiLU and quantisations by a scale of their own.

The formulas are those of `fanfold.ops`. They are checked as much as they check: eager's result has to be within the
bounds too, and without a sum before it, the bounds are one number.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .bounds import Bounds, choose, hull, magnitude, monotone, nan, order

#: How far two orders of the sum of up to two thousand squares put the reciprocal root, relatively.
SUM = 1e-6

#: How far two polynomials put SiLU, relatively.
EXP = 1e-6

LARGEST = {torch.float8_e4m3fn: 448.0, torch.float8_e4m3fnuz: 240.0, torch.float8_e5m2: 57344.0, torch.int8: 127.0}


def widened(x: Bounds) -> Bounds:
    """Return bounds in f32."""
    return monotone(Tensor.float, [x])[0]


def norm(
    x: Bounds,
    factor: Tensor | None,
    eps: float,
    *,
    inner: torch.dtype,
    out: torch.dtype,
    size: int | None = None,
) -> Bounds:
    """Return the bounds of a norm.

    Args:
        x: The f32 rows.
        factor: What the normalised rows are multiplied by, in f32.
        eps: Added to the mean square.
        inner: What the normalised value is rounded to.
        out: What the product is rounded to.
        size: How many elements of a row the mean is over; all by default.
    """

    def rstd(sizes: Tensor, slack: float) -> Tensor:
        # The squares are f32, and so can overflow; their sum in f64 is that of every order.
        mean = sizes[..., :size].square().double().mean(dim=-1, keepdim=True).float().double()
        return (torch.rsqrt(mean + eps) * (1 + slack)).float()

    sizes = magnitude(x)
    roots = rstd(sizes.high, -SUM), rstd(sizes.low, SUM)
    normalised = [(end * root).to(inner).float() for end in x.ends for root in roots]
    return hull([(n if factor is None else n * factor).to(out) for n in normalised])


def silu(x: Bounds) -> Bounds:
    """Return the bounds of SiLU, rounded to the dtype of `x`."""
    dtype = x.low.dtype

    def exact(end: Tensor) -> Tensor:
        wide = end.double()
        return wide / (1 + torch.exp(-wide))

    corners = []
    for end in x.ends:
        for slack in (-EXP, EXP):
            y = exact(end)
            # A denormal's neighbours are further away than the slack.
            moved = torch.where(y == 0, y, y * (1 + slack) + slack / EXP * 3e-45)
            corners.append(moved.float().to(dtype))
        # `exp` overflows in f32 long before SiLU does; where exactly is the polynomial's affair.
        corners.append(
            torch.where(end.float() < -86, -0.0, corners[-1]).to(dtype).masked_fill(nan(corners[-1]), torch.nan)
        )
    if len(x.ends) > 1:
        # Down to here, and up again.
        bottom = torch.full_like(x.low, -0.2784646)
        corners.append(choose((x.low < -1.278) & (x.high > -1.279), bottom, corners[0]))
    return hull(corners)


def quantised(
    x: Bounds,
    group: int,
    dtype: torch.dtype,
    *,
    bound: float | None = None,
    absmax_floor: float = 0.0,
    scale_floor: float = 0.0,
    reciprocal: bool = False,
    ceiling: Tensor | None = None,
    scale_format: str = "f32",
) -> tuple[Bounds, Bounds]:
    """Return the bounds of the values ``[..., N]`` and the scales ``[..., ceil(N / group)]`` of a quantisation."""
    limit = LARGEST[dtype] if bound is None else bound
    width = x.low.shape[-1]
    (rows,) = monotone(lambda v: _groups(v.float(), group), [x])
    sizes = magnitude(rows)

    def scale(absolute: Tensor) -> Tensor:
        absmax = absolute.amax(dim=-1, keepdim=True)
        if ceiling is not None:
            absmax = absmax.clamp(max=ceiling.reshape(()))
        quotient = (absmax.clamp(min=absmax_floor) / torch.full_like(absmax, limit)).clamp(min=scale_floor)
        return quotient if scale_format == "f32" else power_of_two(quotient)

    scales = hull([scale(end) for end in sizes.ends])

    values = divided(rows, scales, limit, reciprocal=reciprocal)
    (q,) = monotone(lambda v: v.flatten(-2)[..., :width], [codes(values, dtype, limit)])
    (flat,) = monotone(lambda v: v.squeeze(-1), [scales])
    return q, packed(flat) if scale_format == "ue8m0_packed" else flat


def power_of_two(scales: Tensor) -> Tensor:
    """Return the power of two at or above each scale, from 2^-127 to 2^127, or infinity; NaN stays NaN."""
    mantissa, exponent = torch.frexp(scales.double().clamp(min=2.0**-127))
    power = torch.ldexp(torch.ones_like(mantissa), exponent - (mantissa == 0.5).int()).float()
    return torch.where(scales.isfinite(), power, scales)


def packed(scales: Bounds) -> Bounds:
    """Return the bounds of int32 that hold the biased exponents of four powers of two."""

    def words(end: Tensor) -> Tensor:
        exponents = torch.where(end.isfinite(), torch.frexp(end.double())[1] + 126, 255)
        return _groups(exponents, 4).to(torch.uint8).view(torch.int32).squeeze(-1)

    low, high = words(scales.low), words(torch.where(nan(scales.high), torch.inf, scales.high))
    # Words are in the order of their exponents but for the sign bit, the top of the last one.
    crossed = (low < 0) != (high < 0)
    extremes = torch.iinfo(torch.int32)
    return hull([torch.where(crossed, extremes.min, low), torch.where(crossed, extremes.max, high)])


def _groups(x: Tensor, group: int) -> Tensor:
    """Return ``[..., groups, group]``, the last group filled up with zeros."""
    count = -(-x.shape[-1] // group)
    return functional.pad(x, (0, count * group - x.shape[-1])).reshape(*x.shape[:-1], count, group)


def divided(x: Bounds, scales: Bounds, limit: float, *, reciprocal: bool) -> Bounds:
    """Return the bounds of values divided by their scales, before they are rounded."""

    def value(row: Tensor, by: Tensor) -> Tensor:
        return (row * torch.reciprocal(by) if reciprocal else row / by).clamp(-limit, limit)

    return monotone(value, [x, scales])[0]


def codes(values: Bounds, dtype: torch.dtype, limit: float) -> Bounds:
    """Round the bounds of values in f32 to an 8-bit type; in int8, NaN is 0."""
    if dtype != torch.int8:
        return monotone(lambda v: v.to(dtype), [values])[0]
    anything = nan(values.high) & ~nan(values.low)

    def rounded(end: Tensor, extreme: float) -> Tensor:
        return torch.where(anything, extreme, end.round().nan_to_num(nan=0.0)).to(torch.int8)

    low, high = rounded(values.low, -limit), rounded(values.high, limit)
    return Bounds(low, low) if torch.equal(order(low), order(high)) else Bounds(low, high)
