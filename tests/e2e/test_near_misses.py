# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What looks like a norm or a quantisation and is not raised is reported, with its place and a remedy."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold


class RootDivision(nn.Module):
    """Divides by the root, which rounds otherwise than multiplying by the reciprocal root."""

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class UserEps(nn.Module):
    """An eps that is only known when the model runs."""

    def __init__(self) -> None:
        super().__init__()
        self.eps = nn.Parameter(torch.full((1,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


class PlainQuantize(nn.Module):
    """A quantisation in plain torch ops."""

    def forward(self, x: Tensor) -> Tensor:
        return (x / x.abs().amax(-1, keepdim=True).clamp(min=1e-10) * 448).to(torch.float8_e4m3fn)


@pytest.mark.parametrize(
    ("model", "op"),
    [
        (RootDivision(), "mean of squares"),
        (UserEps(), "mean of squares"),
        (PlainQuantize(), "conversion to fp8"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_near_miss(model: nn.Module, op: str) -> None:
    exe = fanfold.compile(model, (torch.randn(4, 64),))
    (decision,) = exe.report.decisions
    assert (decision.op, decision.kernel) == (op, None)
    assert "test_near_misses.py:" in decision.location
    assert "torch." in decision.reason


def test_no_false_alarm() -> None:
    """A recognised norm and quantisation leave nothing to report, nor does a loss without either."""

    class Clean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.RMSNorm(64)

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            return (*torch.ops.fanfold.group_quant(self.norm(x), 32), x.pow(2).mean(0), x.abs().mean(-1))

    report = fanfold.compile(Clean(), (torch.randn(4, 64),)).report
    assert all(decision.kernel for decision in report.decisions), str(report)
