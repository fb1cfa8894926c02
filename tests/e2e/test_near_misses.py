# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What looks like a norm or a quantisation and is not raised is reported once, with its place and the predicate."""

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

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + x[:1, :1])


class Normalize(nn.Module):
    """Euclidean length one."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.normalize(x, dim=-1)


class VectorNorm(nn.Module):
    """The same by hand."""

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)


class PlainQuantize(nn.Module):
    """A quantisation in plain torch ops, without a clamp."""

    def forward(self, x: Tensor) -> Tensor:
        return (x / x.abs().amax(-1, keepdim=True).clamp(min=1e-10) * 448).to(torch.float8_e4m3fn)


class PlainCast(nn.Module):
    """Only a conversion."""

    def forward(self, x: Tensor) -> Tensor:
        return x.to(torch.float8_e5m2)


@pytest.mark.parametrize(
    ("model", "op", "reason"),
    [
        (RootDivision(), "rms_norm (spelled out)", "x is divided by the root"),
        (UserEps(), "rms_norm (spelled out)", "eps is no constant"),
        (Normalize(), "vector norm", "x is divided by its Euclidean length"),
        (VectorNorm(), "vector norm", "x is divided by its Euclidean length"),
        (PlainQuantize(), "quantize (spelled out)", "there is no clamp to 448 or less"),
        (PlainCast(), "quantize (spelled out)", "there is no clamp to 57344 or less"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_near_miss(model: nn.Module, op: str, reason: str) -> None:
    exe = fanfold.compile(model, (torch.randn(4, 64),))
    (decision,) = exe.report.decisions
    assert (decision.op, decision.kernel) == (op, None)
    assert "test_near_misses.py:" in decision.location
    assert reason in decision.reason


def test_no_false_alarm() -> None:
    """A recognised norm and quantisation leave nothing to report, nor does a loss or a length without either."""

    class Clean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.RMSNorm(64)

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            y = self.norm(x)
            lengths = torch.linalg.vector_norm(x, dim=-1)
            distances = (x[1:] - x[:-1]).pow(2).sum(-1).sqrt()
            return (
                *torch.ops.fanfold.group_quant(y, 32),
                x.pow(2).mean(0),
                x.abs().mean(-1),
                lengths,
                distances,
                (x * 3).to(torch.int8),
            )

    report = fanfold.compile(Clean(), (torch.randn(4, 64),)).report
    assert all(decision.kernel for decision in report.decisions), str(report)
