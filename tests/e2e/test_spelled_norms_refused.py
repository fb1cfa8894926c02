# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms in plain torch ops that come close: left to IREE, with the predicate that failed in the report."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_rounded

EPS = 1e-5


def _by_division(x: Tensor) -> Tensor:
    return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + EPS)


def _clamped_mean(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True).clamp(min=EPS))


def _sum_times_reciprocal(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) * (1 / 96) + EPS)


def _sum(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + EPS)


def _over_another_number(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) / 95 + EPS)


def _rounded_root(x: Tensor) -> Tensor:
    b = x.bfloat16()
    return b * torch.rsqrt(b.float().square().mean(-1, keepdim=True) + EPS).to(b.dtype)


def _two_dims(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean((-2, -1), keepdim=True) + EPS)


def _eps_from_x(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + x[:, :1])


def _in_bf16(x: Tensor) -> Tensor:
    b = x.bfloat16()
    return b * torch.rsqrt(b.pow(2).mean(-1, keepdim=True) + EPS)


def _over_a_whole_tensor(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) / torch.full((), 511) + EPS)


def _root_over_columns(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1) + EPS).expand_as(x)


def _root_over_the_middle(x: Tensor) -> Tensor:
    cube = x.view(2, 96, 96)
    return cube * torch.rsqrt(cube.pow(2).mean(-1) + EPS).unsqueeze(-2).expand_as(cube)


def _einsum(x: Tensor) -> Tensor:
    return x * torch.rsqrt(torch.einsum("ij,ij->i", x, x)[:, None] / 96 + EPS)


def _squared_length(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.norm(dim=-1, keepdim=True) ** 2 / 96 + EPS)


REFUSED = {
    _by_division: "x is divided by the root, which rounds otherwise",
    _clamped_mean: "the mean of squares is clamped",
    _sum_times_reciprocal: "multiplied by 0.0104167, which rounds otherwise than a division by the width",
    _sum: "a sum of squares, not of their mean",
    _over_another_number: "divided by 95, and the width is 96",
    _rounded_root: "the reciprocal root is rounded to bf16",
    _two_dims: "over the dims [-2, -1], not the last one alone",
    _eps_from_x: "eps is no constant",
    _over_a_whole_tensor: "divided by 511, and the width is 96",
    _root_over_columns: "the reciprocal root is !torch.vtensor<[96],f32>, which is not one value for each row of",
    _root_over_the_middle: "the reciprocal root is !torch.vtensor<[2,1,96],f32>, which is not one value for each row",
    _einsum: "a matrix product (einsum), whose sums have another order",
    _squared_length: "the square of a Euclidean length, rounded at its root",
    _in_bf16: "the square is computed in bf16, not f32",
}


def rows_for(norm: Callable[[Tensor], Tensor]) -> Tensor:
    return torch.randn(192 if norm is _root_over_the_middle else 96, 96)


@pytest.mark.parametrize(("norm", "reason"), REFUSED.items(), ids=lambda f: getattr(f, "__name__", ""))
def test_refused(norm: Callable[[Tensor], Tensor], reason: str) -> None:
    """One line in the report, with the predicate and the user's line."""

    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return norm(x)

    report = fanfold.explain(Model(), (rows_for(norm),))
    (decision,) = (d for d in report.decisions if d.op == "rms_norm (spelled out)")
    assert decision.kernel is None
    assert reason in decision.reason
    assert "test_spelled_norms_refused.py:" in decision.location


class Together(nn.Module):
    """All of them side by side, each of a tensor of its own."""

    def forward(self, inputs: list[Tensor]) -> list[Tensor]:
        return [norm(x) for norm, x in zip(REFUSED, inputs, strict=True)]


def test_numbers_of_the_refused() -> None:
    """IREE compiles them all; as row norms, two had other numbers."""
    inputs = [rows_for(norm) for norm in REFUSED]
    exe = fanfold.compile(Together(), (inputs,))
    for norm, found, expected in zip(REFUSED, exe(inputs), Together()(inputs), strict=True):
        if norm in (_root_over_columns, _root_over_the_middle):
            assert_rounded(found, expected)
