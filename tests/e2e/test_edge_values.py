# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Zeros, NaN, infinities, denormals and values beyond the range: as eager."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_results, assert_rounded
from e2e.norms import LlamaNorm

WIDTH = 320
ROWS = 16
INF, NAN = float("inf"), float("nan")


class Quantised(nn.Module):
    """A norm with quantisations of every granularity and type, and quantisations of the input itself."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm = LlamaNorm(WIDTH, dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        results: list[Tensor] = [self.norm(x)]
        for value in (results[0], x):
            for dtype in (torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.int8):
                results += torch.ops.fanfold.group_quant(value, 128, dtype)
            results += torch.ops.fanfold.group_quant(value, 128, absmax_floor=0.0, scale_floor=1e-4, reciprocal=True)
            results += torch.ops.fanfold.group_quant(value, 128, absmax_floor=0.0)
            results += torch.ops.fanfold.token_quant(value)
            results.append(torch.ops.fanfold.static_quant(value, torch.full((1,), 0.01)))
        return tuple(results)


@functools.cache
def compiled(dtype: torch.dtype) -> tuple[Quantised, fanfold.Executable]:
    model = Quantised(dtype)
    return model, fanfold.compile(model, (torch.randn(ROWS, WIDTH).to(dtype),))


def special_rows(dtype: torch.dtype) -> Tensor:
    """Return ordinary rows and one row of each kind."""
    x = torch.randn(ROWS, WIDTH)
    x[1] = 0.0
    x[2] = -0.0
    x[3, 7] = NAN
    x[4, 200] = INF
    x[5, 200] = -INF
    x[6] *= 1e30
    x[7, 5] = 3e38
    x[8] *= 1e-39
    x[9, : WIDTH // 2] *= 1e-39
    x[10] = NAN
    x[11] *= 1000.0
    x[12] *= 1e-20
    x[13, 130] = 0.0
    return x.to(dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
def test_edge_values(dtype: torch.dtype) -> None:
    model, exe = compiled(dtype)
    x = special_rows(dtype)
    found, expected = exe(x), model(x)
    assert_rounded(found[0], expected[0])
    assert_results(found[1:], expected[1:], dtype)


def test_the_float_mode_is_restored() -> None:
    """The kernel keeps denormals and leaves the thread's mode as it was: results do not depend on earlier calls."""
    _, exe = compiled(torch.bfloat16)
    x = special_rows(torch.bfloat16)
    first = exe(x)
    denormal = torch.full((4,), 1e-40)
    assert (denormal * 1.0).ne(0).all(), "a call changed the mode of the caller's thread"
    for a, b in zip(first, exe(x), strict=True):
        assert torch.equal(a.view(torch.uint8), b.view(torch.uint8))


class RoundedQuotient(nn.Module):
    """A scale of rank 0: the quotient is bf16."""

    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
        return (x / scale).clamp(-448, 448).to(torch.float8_e4m3fn)


@pytest.mark.parametrize("bits", [0x7FFFFFFF, -1, 0x7F800001], ids=hex)
def test_a_scale_that_is_any_nan(bits: int) -> None:
    """Rounded to bf16 like a number, a NaN with all low bits would carry into its sign and be a zero."""
    program = _rounded_quotient()
    scale = torch.tensor(bits, dtype=torch.int32).view(torch.float32)
    assert program.report.decisions[0].kernel
    assert program(torch.randn(3, 64).bfloat16(), scale).float().isnan().all()


@functools.cache
def _rounded_quotient() -> fanfold.Executable:
    return fanfold.compile(RoundedQuotient(), (torch.randn(3, 64).bfloat16(), torch.tensor(0.5)))
