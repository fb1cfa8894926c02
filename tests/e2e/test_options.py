# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Clamps, ceilings and limits whose values are not round numbers: no sum is involved, so every bit is eager's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold


def same(found: Tensor, expected: Tensor) -> bool:
    """Return whether two tensors are equal, NaN counting as equal to NaN."""
    a, b = found.float(), expected.float()
    return bool(((a == b) | (a.isnan() & b.isnan())).all())


class Limited(nn.Module):
    """SwiGLU with clamps; the limits are rounded to the dtype before they are compared."""

    LIMITS = (0.3, 1.01, 1.7, 7.0, 9.9)

    def forward(self, x: Tensor) -> list[Tensor]:
        return [torch.ops.fanfold.silu_and_mul(x, limit) for limit in self.LIMITS]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_limits(dtype: torch.dtype) -> None:
    model, x = Limited(), (4 * torch.randn(8, 192)).to(dtype)
    for found, expected in zip(fanfold.compile_and_run(model, (x,)), model(x), strict=True):
        assert (found != expected).float().mean() <= 2e-3
        torch.testing.assert_close(found, expected, rtol=2 * torch.finfo(dtype).eps, atol=1e-30)


class Capped(nn.Module):
    """Token quantisation with a ceiling that is only known when the model runs."""

    def forward(self, x: Tensor, ceiling: Tensor) -> tuple[Tensor, ...]:
        return (
            *torch.ops.fanfold.token_quant(x, scale_ub=ceiling),
            *torch.ops.fanfold.token_quant(x, scale_ub=ceiling, scale_floor=0.0),
        )


def test_ceilings() -> None:
    model, x = Capped(), torch.randn(6, 256).bfloat16()
    x[1] = 0.0
    x[2, 3] = float("inf")
    x[3, 4] = float("nan")
    exe = fanfold.compile(model, (x, torch.ones(1)))
    negative_nan = torch.tensor([-1], dtype=torch.int32).view(torch.float32)
    for ceiling in (torch.tensor([v]) for v in (1.7, 0.0, -1.0, float("inf"), float("nan"), 1e-40)):
        assert all(map(same, exe(x, ceiling), model(x, ceiling))), ceiling
    assert all(map(same, exe(x, negative_nan), model(x, negative_nan)))


class ManyConsumers(nn.Module):
    """More consumers of one norm than one kernel has results for."""

    FLOORS = tuple(2.0**-i for i in range(19))

    def forward(self, x: Tensor) -> list[Tensor]:
        y = torch.ops.fanfold.rms_norm(x, None, 1e-6)
        return [part for floor in self.FLOORS for part in torch.ops.fanfold.group_quant(y, 64, absmax_floor=floor)]


def test_consumers_beyond_one_kernel_share_the_next() -> None:
    model, x = ManyConsumers(), torch.randn(5, 128).bfloat16()
    exe = fanfold.compile(model, (x,))
    assert exe.report.dispatches == 3
    late = [decision for decision in exe.report.decisions if decision.reason]
    assert late
    assert all("at most 16" in decision.reason for decision in late)
    for found, expected in zip(exe(x), model(x), strict=True):
        assert (found.float() != expected.float()).float().mean() <= 5e-3


class Shapes(nn.Module):
    """A static scale is one number, whatever its rank; a huge eps makes zeros."""

    def forward(self, x: Tensor, scale: Tensor) -> tuple[Tensor, ...]:
        return torch.ops.fanfold.static_quant(x, scale), torch.ops.fanfold.rms_norm(x, None, 1e39)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)], ids=str)
def test_scale_shapes(shape: tuple[int, ...]) -> None:
    model, args = Shapes(), (torch.randn(3, 64).bfloat16(), torch.full(shape, 0.02))
    assert all(map(same, fanfold.compile_and_run(model, args), model(*args)))
