# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sines, cosines and tangents: of positions of long contexts, next to quarter turns, of any exponent."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

import fanfold
from xpu.ways import OPENCL, require

#: Last bits by which a function may be off; of the tangent, which is a quotient, more.
LAST_BITS = {"sin": 3, "cos": 3, "tan": 5}


class Angles(nn.Module):
    """All three."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.sin(x), torch.cos(x), torch.tan(x)


def angles() -> Tensor:
    """Return positions, neighbours of quarter turns, and numbers of any exponent that is not below normal ones'."""
    generator = torch.Generator().manual_seed(5)
    quarters = (torch.arange(-4000, 4000).double() * (math.pi / 4)).float()
    above = torch.nextafter(quarters, torch.tensor(math.inf))
    mantissas, exponents = torch.rand(20000, generator=generator) + 1, torch.arange(20000) % 253 - 126
    anywhere = torch.ldexp(mantissas, exponents) * torch.where(torch.arange(20000) % 2 == 0, 1, -1)
    special = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, torch.finfo(torch.float32).max])
    return torch.cat([torch.arange(0, 131072, 7), quarters, above, anywhere, special])


def run(model: nn.Module, x: Tensor, target: str) -> tuple[Tensor, ...]:
    if target == "xpu":
        require(OPENCL)
    results: tuple[Tensor, ...] = fanfold.compile_and_run(
        model, (x,), target=target, device="opencl" if target == "xpu" else None
    )
    return results


@pytest.mark.parametrize("target", ["cpu", "xpu"])
def test_angles_of_any_size(target: str) -> None:
    x = angles()
    for result, (name, allowed) in zip(run(Angles(), x, target), LAST_BITS.items(), strict=True):
        exact = getattr(torch, name)(x.double())
        assert torch.equal(result.isnan(), exact.isnan())
        known = ~exact.isnan()
        last_bit = torch.exp2(torch.frexp(exact[known].abs())[1] - 24)
        off = (result[known].double() - exact[known]).abs() / last_bit.clamp(min=2.0**-149)
        assert off.max() <= allowed, f"{name}({x[known][off.argmax()].item()})"


@pytest.mark.parametrize("target", ["cpu", "xpu"])
def test_a_zero_keeps_its_sign(target: str) -> None:
    sine, _, tangent = run(Angles(), torch.tensor([0.0, -0.0]), target)
    assert torch.signbit(sine).tolist() == torch.signbit(tangent).tolist() == [False, True]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_angles_are_rounded_once(dtype: torch.dtype) -> None:
    x = angles().to(dtype)[:60000]
    for result, expected in zip(run(Angles(), x, "cpu"), Angles()(x), strict=True):
        # Eager's f32 may be on the other side of a middle.
        torch.testing.assert_close(result, expected, rtol=torch.finfo(dtype).eps, atol=1e-7, equal_nan=True)
        assert (torch.isclose(result, expected, rtol=0, atol=0, equal_nan=True)).float().mean() > 0.999


def test_sizes_may_be_dynamic() -> None:
    rows = torch.export.Dim("rows")
    executable = fanfold.compile(Angles(), (torch.randn(4, 6),), dynamic_shapes={"x": {0: rows}})
    for count in (1, 7, 0):
        x = torch.randn(count, 6) * 1000
        torch.testing.assert_close(executable(x), Angles()(x))
