# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation in plain torch ops by other scales than one for each row: of groups, of the tensor, and given ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.quantisations import DTYPES, FP8, Quantize, Together, assert_same_bits, check, special


def _group(x: Tensor) -> tuple[Tensor, ...]:
    grouped = x.view(*x.shape[:-1], x.shape[-1] // 32, 32)
    scale = grouped.abs().amax(-1, keepdim=True).float().clamp(1e-4) / 448
    q = (grouped.float() / scale).clamp(-448, 448).view(x.shape).to(FP8)
    return q, scale.squeeze(-1)


def _group_magnitudes_first(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().view(-1, x.shape[-1] // 32, 32).amax(-1).clamp(1e-4).float() / 448
    q = (x.view(-1, x.shape[-1] // 32, 32) / scale.unsqueeze(-1)).clamp(-448, 448).to(FP8)
    return q.view(x.shape), scale


def _group_repeated(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.view(*x.shape[:-1], x.shape[-1] // 32, 32).abs().amax(-1).float().clamp(1e-6) / 448
    return (x.float() / scale.repeat_interleave(32, -1)).clamp(-448, 448).to(FP8), scale


def _group_expanded(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.view(*x.shape[:-1], x.shape[-1] // 32, 32).abs().amax(-1, keepdim=True).float() / 448
    return (x.float() / scale.expand(-1, -1, 32).reshape(x.shape)).clamp(-448, 448).to(FP8), scale


GROUPS: list[Quantize] = [_group, _group_magnitudes_first, _group_repeated, _group_expanded]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_groups_are_rows(dtype: torch.dtype) -> None:
    check(GROUPS, dtype)


def _whole(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().max().float().clamp(min=1e-12) / 448
    return (x.float() / scale).clamp(-448, 448).to(FP8), scale


def _whole_narrow(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax() / 448
    return (x / scale).clamp(-448, 448).to(FP8), scale


def _whole_kept(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax((0, 1), keepdim=True).float() / 448
    return (x * scale.reciprocal()).clamp(-448, 448).to(FP8), scale


WHOLE: list[Quantize] = [_whole, _whole_narrow, _whole_kept]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_one_scale_for_all(dtype: torch.dtype) -> None:
    """The absmax is a reduction over all rows: more than one dispatch."""
    model = Together(WHOLE)
    rows = {0: torch.export.Dim("rows", min=1, max=512)}
    example = [torch.randn(4, 96).to(dtype) for _ in WHOLE]
    exe = fanfold.compile(model, (example,), dynamic_shapes=([rows] * len(WHOLE),))
    assert sum(d.op == "quantize (spelled out)" for d in exe.report.decisions) == len(WHOLE), str(exe.report)
    assert all(d.kernel for d in exe.report.decisions), str(exe.report)

    def compare(x: Tensor, where: str) -> None:
        inputs = [x] * len(WHOLE)
        for quantize, found, expected in zip(WHOLE, exe(inputs), model(inputs), strict=True):
            assert_same_bits(found, expected, f"{quantize.__name__}, {where}")

    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        compare((torch.randn(1 + 9 * seed, 96, generator=generator) * 10.0**seed).to(dtype), f"seed {seed}")
    compare(torch.zeros(3, 96, dtype=dtype), "zeros")


class Static(nn.Module):
    """Given scales: a buffer, an argument, numbers, in all forms."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor([0.37]))

    def forward(self, x: Tensor, given: Tensor) -> tuple[Tensor, ...]:
        results = [
            x.float() / self.scale,
            x * self.scale,
            x / given,
            x.float() * given,
            x.float() * (1 / given),
            x / 0.3,
            x * 17.0,
            x,
            x / given.to(x.dtype),
        ]
        return tuple(v.clamp(-448, 448).to(FP8) for v in results)


@pytest.mark.parametrize("given", [torch.tensor(0.71), torch.tensor([[0.71]])], ids=["rank 0", "rank 2"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_given_scales(dtype: torch.dtype, given: Tensor) -> None:
    model = Static()
    rows = {0: torch.export.Dim("rows", min=0, max=512)}
    exe = fanfold.compile(model, (torch.randn(4, 64).to(dtype), given), dynamic_shapes=(rows, None))
    assert all(d.kernel and not d.reason for d in exe.report.decisions), str(exe.report)
    assert exe.report.kernel_dispatches == 1
    for seed, count in enumerate((0, 1, 9)):
        x = special(count, 64, dtype, seed)
        scale = given * (seed + 1)
        assert_same_bits(exe(x, scale), model(x, scale), f"{count} rows")


def test_groups_behind_a_norm() -> None:
    """The norm and the quantisation share a kernel."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.RMSNorm(128, dtype=torch.bfloat16)

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            return _group(self.norm(x))

    exe = fanfold.compile(Model(), (torch.randn(2, 4, 128).bfloat16(),))
    assert exe.report.dispatches == 1, str(exe.report)
