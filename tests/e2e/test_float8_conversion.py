# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plain conversions between fp8 and wider types, over all of their values."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold

FP8 = [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2]


class Convert(nn.Module):
    def __init__(self, *dtypes: torch.dtype) -> None:
        super().__init__()
        self.dtypes = dtypes

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(x.to(dtype) for dtype in self.dtypes)


def same_bits(found: Tensor, expected: Tensor) -> bool:
    integer = {1: torch.uint8, 2: torch.int16, 4: torch.int32}[expected.element_size()]
    nan = expected.isnan()
    return torch.equal(found.isnan(), nan) and torch.equal(found.view(integer)[~nan], expected.view(integer)[~nan])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_from_every_16_bit_value(dtype: torch.dtype) -> None:
    x = torch.arange(-(2**15), 2**15, dtype=torch.int16).view(dtype).view(256, 256)
    exe = fanfold.compile(Convert(*FP8), (x,))
    for found, expected in zip(exe(x), Convert(*FP8)(x), strict=True):
        assert same_bits(found, expected), expected.dtype


def test_from_f32() -> None:
    torch.manual_seed(0)
    # All mantissas near the borders: the neighbours of every value half way between two codes.
    halves = torch.arange(0, 2**15, dtype=torch.int32) << 16
    near = torch.cat([halves + d for d in (-1, 0, 1)]).clamp(min=0).view(torch.float32)
    x = torch.cat([near, -near, torch.randn(4096) * 100]).contiguous()
    exe = fanfold.compile(Convert(*FP8), (x,))
    for found, expected in zip(exe(x), Convert(*FP8)(x), strict=True):
        assert same_bits(found, expected), expected.dtype


@pytest.mark.parametrize("dtype", FP8, ids=str)
def test_every_code(dtype: torch.dtype) -> None:
    q = torch.arange(256, dtype=torch.int16).to(torch.uint8).view(dtype)
    wide = (torch.float32, torch.bfloat16, torch.float16)
    exe = fanfold.compile(Convert(*wide), (q,))
    for found, expected in zip(exe(q), Convert(*wide)(q), strict=True):
        assert same_bits(found, expected), expected.dtype


def test_dequantised_nan() -> None:
    class Dequantise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            q, scales = torch.ops.fanfold.group_quant(x, 64)
            return q.float() * scales

    x = torch.randn(3, 64).bfloat16()
    x[1, 3] = float("nan")
    found, expected = fanfold.compile(Dequantise(), (x,))(x), Dequantise()(x)
    assert torch.equal(found.isnan(), expected.isnan())
    assert torch.equal(found[0], expected[0])
