# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `docs/numerics.md` guarantees, as assertions."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

#: Largest fraction of quantised values that another order of the sum may move, by one step at most.
FLIPPED = 1e-3

#: Relative error of a scale whose group's maximum kept its rounding.
SCALE = 1e-6

#: Largest relative distance of neighbouring values, by dtype: what one flipped rounding moves.
STEP = {torch.bfloat16: 2.0**-7, torch.float16: 2.0**-10, torch.float32: 1e-6}


def _codes(values: Tensor) -> Tensor:
    """Map 8-bit values to integers such that neighbours differ by one; both zeros are 0, and NaN is far away."""
    if values.dtype == torch.int8:
        return values.int()
    bits = values.view(torch.uint8).int()
    magnitude = bits & 0x7F
    ordered = torch.where(bits >= 0x80, -magnitude, magnitude)
    return torch.where(values.float().isnan(), 1000, ordered)


def assert_quantised(found: Tensor, expected: Tensor) -> None:
    """Assert that quantised values are equal but for flipped roundings: NaN where NaN is, else one step at most."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if not expected.numel():
        return
    distance = (_codes(found) - _codes(expected)).abs()
    assert distance.max() <= 1, f"{int((distance > 1).sum())} values are more than one step off"
    flipped = (distance > 0).float().mean()
    assert flipped <= max(FLIPPED, 1.5 / expected.numel()), f"{flipped:.4%} of the values are one step off"
    if expected.dtype != torch.int8:
        zero = (expected.float() == 0) & (found.float() == 0)
        assert torch.equal(found.view(torch.uint8)[zero], expected.view(torch.uint8)[zero]), "a zero has another sign"


def assert_scales(found: Tensor, expected: Tensor, dtype: torch.dtype) -> None:
    """Assert that scales are equal to 1e-6, or one step of `dtype` off where a maximum's rounding flipped."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert torch.equal(found.isnan(), expected.isnan())
    assert torch.equal(found.isinf(), expected.isinf())
    assert torch.equal(found == 0, expected == 0)
    finite = expected.isfinite() & (expected != 0)
    if not finite.any():
        return
    error = ((found - expected).abs() / expected)[finite]
    assert error.max() <= STEP[dtype] * 1.01
    flipped = (error > SCALE).float().mean()
    assert flipped <= max(FLIPPED, 1.5 / expected.numel()), f"{flipped:.4%} of the scales differ"


def assert_rounded(found: Tensor, expected: Tensor) -> None:
    """Assert that almost all results are equal, and none is more than one flipped rounding off.

    A flip of the normalised value moves its product with the weight by as much, relatively: up to two units in the last
    place, when the one's mantissa is small and the other's large.
    """
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert torch.equal(found.isnan(), expected.isnan())
    finite = expected.isfinite()
    assert torch.equal(found[~finite & ~expected.isnan()], expected[~finite & ~expected.isnan()])
    a, b = found[finite].double(), expected[finite].double()
    # The spacing at the expected value; below the smallest normal number it stays what it is there.
    tiny = torch.finfo(expected.dtype).tiny
    spacing = STEP[expected.dtype] * b.abs().clamp(min=tiny)
    assert ((a - b).abs() <= 2 * spacing).all(), f"worst {((a - b).abs() / spacing).max()} steps"
    if expected.dtype != torch.float32 and a.numel():
        flipped = (a != b).double().mean()
        assert flipped <= max(FLIPPED, 1.5 / a.numel()), f"{flipped:.4%} of the values differ"


def assert_results(found: Iterable[Tensor], expected: Iterable[Tensor], dtype: torch.dtype) -> None:
    """Assert that a model's results agree by their kind, when f32 results are scales of values of `dtype`."""
    for index, (a, b) in enumerate(zip(found, expected, strict=True)):
        try:
            if b.element_size() == 1:
                assert_quantised(a, b)
            elif b.dtype == torch.float32:
                assert_scales(a, b, dtype)
            else:
                assert_rounded(a, b)
        except AssertionError as error:
            raise AssertionError(f"result {index}: {error}") from error
