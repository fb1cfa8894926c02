# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""vLLM's op names, without vLLM: the same kernels, vLLM's numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_results
from fanfold.frontend import register_vllm_ops

register_vllm_ops()
WIDTH = 512


class Graph(nn.Module):
    """Every functional op name of vLLM that fanfold knows."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(WIDTH).bfloat16())

    def forward(self, x: Tensor, residual: Tensor) -> tuple[Tensor, ...]:
        ir, vllm = torch.ops.vllm_ir, torch.ops.vllm
        plain = ir.rms_norm(x, self.weight, 1e-6)
        partial = ir.rms_norm(x, self.weight, 1e-6, 256)
        added, new_residual = ir.fused_add_rms_norm(x, residual, self.weight, 1e-6)
        return (
            plain,
            partial,
            new_residual,
            *vllm.rocm_aiter_group_fp8_quant(added, 128),
            *vllm.triton_per_token_group_quant_fp8(added.view(-1, WIDTH), 64),
            *vllm.rocm_aiter_rmsnorm_fp8_group_quant(x, self.weight, 1e-6, 128),
            *vllm.rocm_aiter_act_mul_and_fp8_group_quant(x, 128),
            ir.silu_and_mul(x),
        )


def test_vllm_ops() -> None:
    model = Graph()
    args = torch.randn(13, WIDTH).bfloat16(), torch.randn(13, WIDTH).bfloat16()
    exe = fanfold.compile(model, args)
    assert all(d.kernel for d in exe.report.decisions), str(exe.report)
    for seed in range(3):
        torch.manual_seed(seed)
        args = torch.randn(13, WIDTH).bfloat16(), torch.randn(13, WIDTH).bfloat16()
        assert_results(exe(*args), model(*args), torch.bfloat16)
