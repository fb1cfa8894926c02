# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation without a norm has no sum, so every byte must be eager's: tried on all there is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold

TYPES = (torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz, torch.int8)


class EveryType(nn.Module):
    """Group quantisation of the input itself to every type."""

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> list[Tensor]:
        return [part for dtype in TYPES for part in torch.ops.fanfold.group_quant(x, self.group, dtype)]


def mantissas(dtype: torch.dtype) -> Tensor:
    """Return every value of `dtype` in [1, 2), in f32."""
    count = {torch.bfloat16: 128, torch.float16: 1024}[dtype]
    return 1 + torch.arange(count, dtype=torch.float32) / count


@pytest.mark.parametrize(("dtype", "gaps"), [(torch.bfloat16, 21), (torch.float16, 6)], ids=str)
def test_every_quotient(dtype: torch.dtype, gaps: int) -> None:
    """Every mantissa divided by the scale of every mantissa, at every distance of exponents that does not round to 0.

    The kernel has no division there: it corrects a product with the reciprocal.
    """
    values = mantissas(dtype)
    count = len(values)
    largest = values.repeat_interleave(gaps) * 8
    gap = torch.arange(gaps).repeat(count)
    # A row is one group: its maximum, then every mantissa, `gap` binades below it.
    rows = torch.cat([largest[:, None], values * 8 / 2.0 ** (gap[:, None] + 1)], dim=1).to(dtype)
    rows[:, 1::2] *= -1
    model = EveryType(count + 1)
    found, expected = fanfold.compile_and_run(model, (rows,)), model(rows)
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a.view(torch.uint8), b.view(torch.uint8))


class StaticEveryType(nn.Module):
    """Quantisation by a static scale of one, which clamps and converts."""

    def forward(self, x: Tensor) -> list[Tensor]:
        one = torch.ones(1)
        return [torch.ops.fanfold.static_quant(x, one, dtype) for dtype in TYPES]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_every_conversion(dtype: torch.dtype) -> None:
    """All 65536 bit patterns, NaN and infinities among them, to every type; of f32, a million."""
    if dtype == torch.float32:
        x = torch.randint(-(2**31), 2**31, (4096, 256)).to(torch.int32).view(dtype)
    else:
        x = torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(dtype).view(256, 256)
    model = StaticEveryType()
    for a, b in zip(fanfold.compile_and_run(model, (x,)), model(x), strict=True):
        if b.dtype == torch.int8:
            assert torch.equal(a, b)
            continue
        nan = b.float().isnan()
        assert torch.equal(a.float().isnan(), nan)
        assert torch.equal(a.view(torch.uint8)[~nan], b.view(torch.uint8)[~nan])
