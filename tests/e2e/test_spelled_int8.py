# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation to int8 in plain torch ops: the whole range, and roundings and clamps in any order."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.quantisations import DTYPES, Module, Quantize, assert_same_bits, check


def _whole_range(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return ((x / scale).round().clamp(-128, 127).to(torch.int8),)


def _whole_range_without_a_floor(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True) / 127
    return (torch.clamp(torch.round(x / scale), -128, 127).to(torch.int8),)


def _whole_range_multiplied(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.float().abs().amax(-1, keepdim=True) / 127
    return ((x.float() * (1 / scale)).round().clamp(-128, 127).to(torch.int8),)


def _narrow_scale(x: Tensor) -> tuple[Tensor, ...]:
    scale = (x.float().abs().amax(-1, keepdim=True) / 127).to(x.dtype)
    return ((x / scale).clamp(-128, 127).round().to(torch.int8),)


def _four_bits(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 7
    return ((x / scale).round().clamp(-8, 7).to(torch.int8),)


def _narrow_behind_round(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.float().abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return ((x.float() / scale).round().to(x.dtype).clamp(-127, 127).to(torch.int8),)


def _narrow_before_round(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.float().abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return ((x.float() / scale).to(x.dtype).round().clamp(-127, 127).to(torch.int8),)


def _narrow_on_both_sides(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return ((x / scale).float().round().to(x.dtype).clamp(-128, 127).to(torch.int8),)


def _given(x: Tensor) -> tuple[Tensor, ...]:
    return ((x / 0.037).round().clamp(-128, 127).to(torch.int8),)


def _nothing_scaled(x: Tensor) -> tuple[Tensor, ...]:
    return (x.round().clamp(-128, 127).to(torch.int8),)


def _given_narrow_behind_round(x: Tensor) -> tuple[Tensor, ...]:
    return ((x.float() / 0.037).round().to(torch.bfloat16).clamp(-127, 127).to(torch.int8),)


def _clamped_between_integers(x: Tensor) -> tuple[Tensor, ...]:
    return ((x.float() / 0.01).clamp(-126.6, 126.6).round().clamp(-127, 127).to(torch.int8),)


SPELLINGS: list[Quantize] = [
    _whole_range,
    _whole_range_without_a_floor,
    _whole_range_multiplied,
    _narrow_scale,
    _four_bits,
    _narrow_behind_round,
    _narrow_before_round,
    _narrow_on_both_sides,
    _given,
    _nothing_scaled,
    _given_narrow_behind_round,
    _clamped_between_integers,
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_one_kernel_each(dtype: torch.dtype) -> None:
    check(SPELLINGS, dtype)


def _negative_extremes(dtype: torch.dtype) -> Tensor:
    x = torch.randn(1024, 64, generator=torch.Generator().manual_seed(0))
    x[:, 0] = -x.abs().amax(-1) * 1.2
    return x.to(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("quantize", [_whole_range, _narrow_scale], ids=lambda f: f.__name__)
@pytest.mark.parametrize("kernels", ["on", "off"])
def test_a_narrow_scale_reaches_the_lowest_value(
    quantize: Quantize, dtype: torch.dtype, kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scale that bf16 made too small leads beyond -127, in the kernel and in linalg."""
    monkeypatch.setenv("FANFOLD_KERNELS", kernels)
    model, x = Module(quantize), _negative_extremes(dtype)
    expected = model(x)
    assert bool((expected[0] == -128).any()) == (dtype == torch.bfloat16)
    assert_same_bits(fanfold.compile(model, (x,))(x), expected, "")


def test_one_scale_for_the_tensor() -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            scale = x.abs().amax().clamp(min=1e-5) / 127
            return ((x / scale).round().clamp(-128, 127).to(torch.int8),)

    x = torch.randn(4, 64, generator=torch.Generator().manual_seed(0)).clamp(-1, 1).bfloat16()
    exe = fanfold.compile(Model(), (x,))
    assert all(d.kernel for d in exe.report.decisions), str(exe.report)
    for largest in (172, 180, 190):
        # The quotient is 127.5, and the even neighbour of that is 128.
        x[2, 5] = -largest / 64
        assert Model()(x)[0].min() == -128
        assert_same_bits(exe(x), Model()(x), str(largest))
