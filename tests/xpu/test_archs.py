# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code of every arch runs on Intel's compiler for CPUs: what differs is subgroups, shared memory, and f64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from e2e.agreement import assert_quantised, assert_scales
from xpu.ways import OPENCL, require


class Attends(nn.Module):
    """A norm with its quantisation, and an attention over what comes of it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(256, eps=1e-6)
        self.project = nn.Linear(256, 192, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the codes ``[rows, 256]``, the scales ``[rows, 2]``, and the attention's ``[rows, 64]``."""
        codes, scales = fanfold.ops.group_quant(self.norm(x), 128)
        y = (codes.float().unflatten(-1, (2, 128)) * scales.unsqueeze(-1)).flatten(-2)
        q, k, v = self.project(y).chunk(3, -1)
        return codes, scales, functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]


@pytest.mark.parametrize("arch", ["dg2", "lnl", "pvc", "bmg"])
def test_the_code_of_an_arch_has_eagers_numbers(arch: str) -> None:
    require(OPENCL)
    torch.manual_seed(0)
    model, rows = Attends().eval(), torch.export.Dim("rows", min=2)
    executable = fanfold.compile(
        model, (torch.randn(4, 256),), target=f"xpu:{arch}", device=OPENCL.driver, dynamic_shapes={"x": {0: rows}}
    )
    for count in (2, 19):
        x = torch.randn(count, 256)
        (codes, scales, y), (expected_codes, expected_scales, expected) = executable(x), model(x)
        assert_quantised(codes, expected_codes)
        assert_scales(scales, expected_scales, torch.float32)
        torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)
