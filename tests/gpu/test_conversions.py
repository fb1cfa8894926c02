# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Conversions by a GPU's own instructions, run on one, against eager PyTorch: what docs/numerics.md argues."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.backends.target import parse_target
from fanfold.float8 import DTYPES
from gpu.devices import present_targets

pytestmark = pytest.mark.gpu

BF16, F32 = torch.bfloat16, torch.float32


class Convert(nn.Module):
    """The sum of two tensors, rounded to bf16 unless they are f32, and it in each fp8 type: clamped, then rounded."""

    def __init__(self, dtypes: Sequence[torch.dtype]) -> None:
        super().__init__()
        self.dtypes = dtypes

    def forward(self, x: Tensor, y: Tensor) -> list[Tensor]:
        total = x + y
        one = torch.ones(1)
        return [total, *(fanfold.ops.static_quant(total, one, dtype) for dtype in self.dtypes)]


class Quantize(nn.Module):
    """Each row divided by a scale of its own, by the fast form, in each fp8 type."""

    def __init__(self, dtypes: Sequence[torch.dtype]) -> None:
        super().__init__()
        self.dtypes = dtypes

    def forward(self, x: Tensor) -> list[Tensor]:
        return [part for dtype in self.dtypes for part in fanfold.ops.token_quant(x, dtype)]


@pytest.fixture(params=present_targets() or ["none"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def types_of(target: str) -> list[torch.dtype]:
    """Return the fp8 types that the target takes: its own, or all where it has none."""
    return [getattr(torch, DTYPES[name]) for name in parse_target(target).arch.hardware_fp8 or DTYPES]


def assert_equal_but_for_nan(found: Sequence[Tensor], expected: Sequence[Tensor]) -> None:
    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32}
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        nan, integer = b.float().isnan(), integers[b.element_size()]
        assert a.dtype == b.dtype, number
        assert torch.equal(a.float().isnan(), nan), f"{number}: {b.dtype}"
        assert torch.equal(a.view(integer)[~nan], b.view(integer)[~nan]), f"{number}: {b.dtype}"


def test_every_bf16(target: str) -> None:
    """All bit patterns, as they are and with something added: sums that are rounded to bf16 in every way."""
    model = Convert(types_of(target))
    x = torch.arange(65536, dtype=torch.int32).to(torch.uint16).view(BF16).view(256, 256)
    exe = fanfold.compile(model, (x, x), target=target, strict=True)
    # -0 leaves every number what it is.
    assert_equal_but_for_nan(exe(x, torch.full_like(x, -0.0)), model(x, torch.full_like(x, -0.0)))
    for seed in range(16):
        torch.manual_seed(seed)
        y = x.flatten()[torch.randperm(65536)].view(256, 256)
        near = x * (1 + torch.randn(256, 256)).bfloat16() * 2.0**-7
        for other in (y, near):
            assert_equal_but_for_nan(exe(x, other), model(x, other))


def test_bit_patterns_of_f32(target: str) -> None:
    """Every 257th bit pattern, and the neighbours of all that lie half way between two bf16."""
    model = Convert(types_of(target))
    example = torch.zeros(64, 1024)
    rows = {0: torch.export.Dim("rows", min=2)}
    exe = fanfold.compile(model, (example, example), target=target, dynamic_shapes=(rows, rows), strict=True)
    halves = ((torch.arange(65536) << 16)[:, None] + torch.tensor([0x7FFF, 0x8000, 0x8001])).flatten()
    for begin in range(0, 2**32, 2**28):
        patterns = torch.arange(begin, begin + 2**28, 257)
        bits = torch.cat([patterns, halves])
        bits = bits[: bits.numel() // 1024 * 1024]
        x = torch.where(bits >= 2**31, bits - 2**32, bits).to(torch.int32).view(F32).view(-1, 1024)
        zero = torch.full_like(x, -0.0)
        assert_equal_but_for_nan(exe(x, zero), model(x, zero))


@pytest.mark.parametrize("dtype", [BF16, torch.float16, F32], ids=str)
def test_rows_with_scales_of_their_own(target: str, dtype: torch.dtype) -> None:
    model = Quantize(types_of(target))
    torch.manual_seed(0)
    x = (torch.randn(4096, 1024) * 2.0 ** torch.randint(-12, 12, (4096, 1))).to(dtype)
    x[0], x[1, 5], x[2, 7] = 0.0, float("nan"), float("inf")
    exe = fanfold.compile(model, (x,), target=target, strict=True)
    assert_equal_but_for_nan(exe(x), model(x))
