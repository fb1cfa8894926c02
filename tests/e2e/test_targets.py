# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every vector width that this machine can run: other registers, the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_results
from e2e.norms import LlamaNorm
from fanfold.backends.inventory import list_targets

WIDTH = 450


class Cluster(nn.Module):
    """A norm with consumers of each kind, over a width that no vector divides."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm = LlamaNorm(WIDTH, dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        y = self.norm(x)
        gated = torch.ops.fanfold.silu_and_mul(y)
        return (
            y,
            gated,
            *torch.ops.fanfold.group_quant(y, 128),
            *torch.ops.fanfold.group_quant(gated, 64, torch.float8_e5m2),
            *torch.ops.fanfold.token_quant(y, torch.float8_e4m3fnuz),
        )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("target", ["cpu:generic", "cpu:x86-64-v2", "cpu:x86-64-v3", "cpu:x86-64-v4"])
def test_cluster(target: str, dtype: torch.dtype) -> None:
    missing = {listing.target: listing.missing for listing in list_targets()}
    if missing.get(target, ("an x86-64",)):
        pytest.skip(f"this machine lacks {', '.join(missing.get(target, ('an x86-64',)))}")
    model, x = Cluster(dtype), torch.randn(33, WIDTH).to(dtype)
    exe = fanfold.compile(model, (x,), target=target)
    assert exe.report.dispatches == 1
    assert_results(exe(x), model(x), dtype)
