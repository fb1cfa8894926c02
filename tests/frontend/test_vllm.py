# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""vLLM's ops without vLLM: semantics, `.pt2` files, and the fp8 type of the platform that captured the graph."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from fanfold import ops
from fanfold.errors import ExportError
from fanfold.frontend import import_model, load_program, register_vllm_ops, vllm


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_vllm_ops()


class _Captured(nn.Module):
    def forward(self, x: torch.Tensor, residual: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y, residual = torch.ops.vllm_ir.fused_add_rms_norm(x, residual, w, 1e-6)
        q, s = torch.ops.vllm.rocm_aiter_group_fp8_quant(y, 4)
        q2, s2 = torch.ops.vllm.rocm_aiter_act_mul_and_fp8_group_quant(torch.ops.vllm_ir.rms_norm(y, None, 1e-6), 2)
        return q, s, q2, s2, torch.ops.vllm_ir.silu_and_mul(residual)


ARGS = (torch.randn(2, 8), torch.randn(2, 8), torch.randn(8))


def test_registering_again_defines_nothing() -> None:
    assert register_vllm_ops() == ()


def test_existing_ops_are_left_alone() -> None:
    code = (
        "import torch\n"
        "lib = torch.library.Library('vllm_ir', 'DEF')\n"
        "lib.define('silu_and_mul(Tensor x) -> Tensor')\n"
        "lib.impl('silu_and_mul', lambda x: x + 42, 'CompositeExplicitAutograd')\n"
        "from fanfold.frontend import register_vllm_ops\n"
        "assert 'vllm_ir::silu_and_mul' not in register_vllm_ops()\n"
        "assert torch.ops.vllm_ir.silu_and_mul(torch.ones(2)).tolist() == [43.0, 43.0]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("seed", range(3))
def test_same_results_as_fanfold_ops(dtype: torch.dtype, seed: int) -> None:
    torch.manual_seed(seed)
    x, r, w = torch.randn(3, 8).to(dtype), torch.randn(3, 8).to(dtype), torch.randn(8).to(dtype)
    ir_ops, vllm_ops = torch.ops.vllm_ir, torch.ops.vllm
    pairs = [
        (ir_ops.rms_norm(x, w, 1e-6), ops.rms_norm(x, w, 1e-6)),
        (ir_ops.rms_norm(x, None, 1e-6, 8), ops.rms_norm(x, None, 1e-6)),
        (ir_ops.fused_add_rms_norm(x, r, w, 1e-6), ops.add_rms_norm(x, r, w, 1e-6)),
        (ir_ops.silu_and_mul(x), ops.silu_and_mul(x)),
        (vllm_ops.rocm_aiter_group_fp8_quant(x, 4), ops.group_quant(x, 4)),
        (vllm_ops.triton_per_token_group_quant_fp8(x, 4), ops.group_quant(x, 4)),
        (
            vllm_ops.rocm_aiter_rmsnorm_fp8_group_quant(x, w, 1e-6, 4),
            ops.group_quant(ops.rms_norm(x, w, 1e-6), 4),
        ),
        (vllm_ops.rocm_aiter_act_mul_and_fp8_group_quant(x, 4), ops.group_quant(ops.silu_and_mul(x), 4)),
    ]
    for found, wanted in pairs:
        torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_variance_size_takes_the_head_of_the_row() -> None:
    x = torch.cat([torch.full((2, 4), 2.0), torch.full((2, 4), 100.0)], dim=-1)
    torch.testing.assert_close(torch.ops.vllm_ir.rms_norm(x, None, 0.0, 4), x / 2)


def test_pt2_file_loads_in_a_fresh_process(tmp_path: Path) -> None:
    path = tmp_path / "captured.pt2"
    torch.export.save(torch.export.export(_Captured(), ARGS), path)
    code = (
        "import sys\n"
        "from fanfold.frontend import import_model, load_program\n"
        "text = str(import_model(load_program(sys.argv[1])).module)\n"
        "names = ('vllm_ir.fused_add_rms_norm', 'vllm_ir.rms_norm', 'vllm_ir.silu_and_mul',\n"
        "         'vllm.rocm_aiter_group_fp8_quant', 'vllm.rocm_aiter_act_mul_and_fp8_group_quant')\n"
        "assert all(text.count(f'torch.operator \"torch.{n}\"') == 1 for n in names), text\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_fp8_type_of_the_capture_is_kept() -> None:
    # As on gfx942, whose fp8 type is another one.
    token = vllm._fp8_dtype.set(torch.float8_e4m3fnuz)
    try:
        program = torch.export.export(_Captured(), ARGS)
        q, scales = torch.ops.vllm.rocm_aiter_group_fp8_quant(ARGS[0], 8)
    finally:
        vllm._fp8_dtype.reset(token)
    torch.testing.assert_close(scales, ARGS[0].abs().amax(-1, keepdim=True) / 224)
    assert q.dtype == torch.float8_e4m3fnuz
    assert "f8E4M3FNUZ" in str(import_model(program).module)
    assert "f8E4M3FN>" not in str(import_model(program).module)
    assert "f8E4M3FN>" in str(import_model(_Captured(), ARGS).module)


def test_mixed_fp8_types_are_refused() -> None:
    program = torch.export.export(_Captured(), ARGS)
    node = next(n for n in program.graph.nodes if "rocm_aiter_group" in str(n.target))
    q, scales = node.meta["val"]
    node.meta["val"] = (q.to(torch.float8_e4m3fnuz), scales)
    with pytest.raises(ExportError, match="mixes the fp8 types"):
        import_model(program)


def test_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(b"not a program")
    with pytest.raises(ExportError, match=r"cannot load .*model\.pt2"):
        load_program(path)
    with pytest.raises(ExportError, match="cannot load"):
        load_program(tmp_path / "missing.pt2")
