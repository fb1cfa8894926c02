# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms that no kernel takes: reported, and eager's numbers all the same."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_rounded


class OverTwoDims(nn.Module):
    """A norm over the last two dims."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (nn.functional.rms_norm(x, (5, 256)),)


class WithRoot(nn.Module):
    """The reciprocal root is a result too, as in a graph that was captured for training."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.ops.aten._fused_rms_norm(x, [256], None, 1e-5))


def test_numbers_and_report() -> None:
    model, x = OverTwoDims(), torch.randn(4, 5, 256).bfloat16()
    exe = fanfold.compile(model, (x,))
    assert any(decision.kernel is None and decision.reason for decision in exe.report.decisions), str(exe.report)
    for found, expected in zip(exe(x), model(x), strict=True):
        assert_rounded(found, expected)


def test_a_norm_whose_root_is_used_too() -> None:
    """The norm is ours; the root is computed a second time, beside it."""
    model, x = WithRoot(), torch.randn(4, 5, 256).bfloat16()
    exe = fanfold.compile(model, (x,), strict=True)
    assert exe.report.kernel_dispatches == 1, str(exe.report)
    for found, expected in zip(exe(x), model(x), strict=True):
        assert found.shape == expected.shape
        assert_rounded(found, expected)


@pytest.mark.parametrize("eps", [None, 1e-6, 1e-300])
@pytest.mark.parametrize("weighted", [False, True])
def test_f64_has_the_eps_of_f64(eps: float | None, weighted: bool) -> None:
    """Zeros are zeros: torch-mlir's own lowering has no eps where the model gives none."""

    class Double(nn.Module):
        def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, ...]:
            y = nn.functional.rms_norm(x, (8,), w if weighted else None, eps)
            single = nn.functional.rms_norm(x.float(), (8,), None, 1e-6)
            return (y, *torch.ops.fanfold.group_quant(single, 8))

    x = torch.randn(3, 8, dtype=torch.float64) * torch.tensor([[1.0], [0.0], [1e-9]], dtype=torch.float64)
    args = x, torch.randn(8, dtype=torch.float64)
    exe = fanfold.compile(Double(), args)
    torch.testing.assert_close(exe(*args)[0], Double()(*args)[0], rtol=1e-14, atol=0.0)
    assert len(exe.report.kernels) == 1, str(exe.report)
    assert any(d.kernel is None and "f64" in d.reason for d in exe.report.decisions), str(exe.report)
