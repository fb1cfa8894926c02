# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of spelled-out quantisations share: rows with special values, and a comparison of bits."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

import fanfold

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
FP8 = torch.float8_e4m3fn
Quantize = Callable[[Tensor], tuple[Tensor, ...]]


def special(rows: int, width: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Return rows of many magnitudes, one each of zeros, with NaN, with infinity, of denormals and of large values."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, width, generator=generator) * torch.logspace(-4, 3, max(rows, 1)).unsqueeze(-1)[:rows]
    tiny = torch.finfo(dtype).tiny
    for row, value in enumerate((0.0, float("nan"), float("inf"), tiny / 3, -30000.0)):
        if row < rows:
            x[row, (seed + row) % width] = value
    if rows > 8:
        x[6], x[7] = 0, x[7].sign() * tiny / 5
    return x.to(dtype)


def check(model: nn.Module, dtype: torch.dtype, width: int = 128, rank: int = 2, *, dispatches: int = 1) -> None:
    """Compile with dynamic leading dims; compare the bits of all results over seeds and sizes."""
    names = {axis: torch.export.Dim(f"d{axis}", min=0 if axis == 0 else 1, max=512) for axis in range(rank - 1)}
    lead = (4, 3, 2)[: rank - 1]
    exe = fanfold.compile(model, (torch.randn(*lead, width).to(dtype),), dynamic_shapes=(names,))
    taken = [d for d in exe.report.decisions if d.op == "quantize (spelled out)"]
    assert len(taken) == 1, str(exe.report)
    assert taken[0].kernel, str(exe.report)
    assert not taken[0].reason, str(exe.report)
    assert exe.report.dispatches == dispatches, str(exe.report)
    for seed, rows in enumerate((0, 1, 5, 40)):
        x = special(rows * (2 if rank > 2 else 1), width, dtype, seed)
        x = x.reshape(rows, *((2,) if rank > 2 else ()), *(1,) * (rank - 3), width)
        assert_same_bits(exe(x), model(x), f"{rows} rows")


def assert_same_bits(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], where: str) -> None:
    """Assert equal bits, but for the bits of NaN."""
    for index, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        x, y = (a, b) if a.dtype == torch.int8 else (a.float(), b.float())
        same = (
            (x == y) if a.dtype == torch.int8 else ((x == y) & (x.signbit() == y.signbit())) | (x.isnan() & y.isnan())
        )
        assert same.all(), f"result {index}, {where}: {int((~same).sum())} of {same.numel()} differ"


class Module(nn.Module):
    """One spelling."""

    def __init__(self, quantize: Quantize) -> None:
        super().__init__()
        self.quantize = quantize

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.quantize(x)
