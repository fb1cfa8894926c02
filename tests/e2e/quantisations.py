# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of spelled-out quantisations share: rows with special values, and a comparison of bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def check(spellings: Sequence[Quantize], dtype: torch.dtype, width: int = 128, rank: int = 2, *, more: int = 0) -> None:
    """Compile spellings as one model with dynamic leading dims; compare the bits of all results over seeds and sizes.

    Args:
        spellings: What is compiled: each reads a tensor of its own, and must become a kernel and a dispatch of its own.
        dtype: The dtype of the tensors.
        width: Their last dim.
        rank: Their rank.
        more: How many dispatches there are besides.
    """
    model = Together(spellings)
    names = {axis: torch.export.Dim(f"d{axis}", min=0 if axis == 0 else 1, max=512) for axis in range(rank - 1)}
    lead = (4, 3, 2)[: rank - 1]
    example = [torch.randn(*lead, width).to(dtype) for _ in spellings]
    exe = fanfold.compile(model, (example,), dynamic_shapes=([names] * len(spellings),))
    taken = [d for d in exe.report.decisions if d.op == "quantize (spelled out)"]
    assert len(taken) == len(spellings), str(exe.report)
    assert all(d.kernel and not d.reason for d in taken), str(exe.report)
    assert exe.report.kernel_dispatches == len(spellings), str(exe.report)
    assert exe.report.dispatches == len(spellings) + more, str(exe.report)
    for seed, rows in enumerate((0, 1, 5, 40)):
        x = special(rows * (2 if rank > 2 else 1), width, dtype, seed)
        inputs = [x.reshape(rows, *((2,) if rank > 2 else ()), *(1,) * (rank - 3), width)] * len(spellings)
        for spelling, found, expected in zip(spellings, exe(inputs), model(inputs), strict=True):
            assert_same_bits(found, expected, f"{spelling.__name__}, {rows} rows")


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


class Together(nn.Module):
    """Spellings side by side, each of a tensor of its own: one compilation tests them all."""

    def __init__(self, spellings: Sequence[Quantize]) -> None:
        super().__init__()
        self.spellings = spellings

    def forward(self, inputs: list[Tensor]) -> list[tuple[Tensor, ...]]:
        return [quantize(x) for quantize, x in zip(self.spellings, inputs, strict=True)]
