# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms that no kernel takes: reported, and eager's numbers all the same."""

from __future__ import annotations

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
