# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every spelling of the norm, in every dtype: one kernel each, eager's numbers, any number of rows."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_quantised, assert_rounded, assert_scales
from e2e.norms import NORMS


class Forms(nn.Module):
    """All norms side by side, each with its own quantisation: one compilation tests them all."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.norms = nn.ModuleList(make(width, dtype) for make in NORMS.values())

    def forward(self, inputs: list[Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
        results = []
        # Norms of one tensor would share a kernel.
        for norm, x in zip(self.norms, inputs, strict=True):
            y = norm(x)
            results.append((y, *torch.ops.fanfold.group_quant(y, 128)))
        return results


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32], ids=str)
@pytest.mark.parametrize("width", [1, 37, 1536, 1537])
def test_forms(width: int, dtype: torch.dtype) -> None:
    torch.manual_seed(width)
    model = Forms(width, dtype)
    rows = {0: torch.export.Dim("rows", min=0, max=4096)}
    example = [torch.randn(8, width).to(dtype) for _ in NORMS]
    exe = fanfold.compile(model, (example,), dynamic_shapes=([rows] * len(NORMS),))
    assert exe.report.dispatches == len(NORMS), str(exe.report)
    assert all(d.kernel and not d.reason for d in exe.report.decisions)
    for count in (0, 5, 67):
        inputs = [torch.randn(count, width).to(dtype) for _ in NORMS]
        for name, found, expected in zip(NORMS, exe(inputs), model(inputs), strict=True):
            try:
                assert_rounded(found[0], expected[0])
                assert_scales(found[2], expected[2], dtype)
                assert_quantised(found[1], expected[1])
            except AssertionError as error:
                raise AssertionError(f"{name}, {count} rows: {error}") from error
    # One row is too few values to count flipped roundings; it has the bits that it has among others.
    among = exe(inputs)
    for name, alone, others in zip(NORMS, exe([x[:1] for x in inputs]), among, strict=True):
        for found, expected in zip(alone, others, strict=True):
            assert torch.equal(found.float(), expected[:1].float()), f"{name}: another value for one row alone"
