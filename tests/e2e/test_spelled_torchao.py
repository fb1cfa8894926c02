# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""torchao's float8 dynamic activation quantisation, as `torch.export` gives it: in the kernel of the norm before it.

`Activation` is what torchao 0.18.0 exports for the input of a linear layer with
`Float8DynamicActivationFloat8WeightConfig`, op by op after decomposition, written as plain PyTorch: so the tests run
without torchao. Where it is installed, its own layers are exported too.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_quantised, assert_scales

FP8 = torch.float8_e4m3fn


class Activation(nn.Module):
    """Quantises like torchao: the scale is computed in the type of x, by row, by blocks of a row or for the tensor."""

    def __init__(self, granularity: str) -> None:
        super().__init__()
        self.granularity = granularity

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rows, width = x.shape
        if self.granularity == "row":
            absmax = x.view(rows, width).abs().amax(dim=[1], keepdim=True)
            scale = (absmax / 448.0).reshape(rows, 1).to(torch.float32)
            repeated = scale
        elif self.granularity == "tensor":
            absmax = x.view(rows, width).abs().amax(dim=[0, 1], keepdim=True)
            scale = (absmax / 448.0).reshape(1, 1).to(torch.float32)
            repeated = scale
        else:
            absmax = x.view(rows, width // 128, 128).abs().amax(dim=[2], keepdim=True)
            scale = (absmax / 448.0).reshape(rows, width // 128).to(torch.float32)
            repeated = scale.repeat_interleave(128, dim=1)
        q = (x.to(torch.float32) / repeated).clamp(-448.0, 448.0).to(FP8)
        return q.reshape(-1, width), scale


class NormAndActivation(nn.Module):
    """As in a transformer layer: the norm feeds the quantised linear layer."""

    def __init__(self, width: int, dtype: torch.dtype, granularity: str) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, dtype=dtype)
        self.quantize = Activation(granularity)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        q, scale = self.quantize(self.norm(x))
        return q, scale


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("granularity", ["row", "block", "tensor"])
def test_activation(granularity: str, dtype: torch.dtype) -> None:
    """Equal bits: there is no sum."""
    model = Activation(granularity)
    rows = {0: torch.export.Dim("rows", min=1, max=512)}
    exe = fanfold.compile(model, (torch.randn(4, 256).to(dtype),), dynamic_shapes=(rows,))
    assert all(d.kernel for d in exe.report.decisions), str(exe.report)
    if granularity != "tensor":
        assert exe.report.dispatches == 1, str(exe.report)
    for seed, count in enumerate((1, 5, 40)):
        x = torch.randn(count, 256, generator=torch.Generator().manual_seed(seed)).to(dtype) * 10.0 ** (seed - 1)
        x[0, :3] = torch.tensor([0.0, -0.0, 1e-30])
        for found, expected in zip(exe(x), model(x), strict=True):
            assert torch.equal(found.float(), expected.float())


@pytest.mark.parametrize("granularity", ["row", "block"])
def test_with_a_norm(granularity: str) -> None:
    model = NormAndActivation(256, torch.bfloat16, granularity)
    rows = {0: torch.export.Dim("rows", min=1, max=512)}
    exe = fanfold.compile(model, (torch.randn(4, 256).bfloat16(),), dynamic_shapes=(rows,))
    assert exe.report.dispatches == 1, str(exe.report)
    x = torch.randn(33, 256).bfloat16()
    (q, scale), (expected_q, expected_scale) = exe(x), model(x)
    assert_quantised(q, expected_q)
    assert_scales(scale, expected_scale, torch.bfloat16)


@pytest.mark.parametrize("granularity", ["PerRow", "PerTensor"])
def test_layers_of_torchao(granularity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torchao")
    quantization = pytest.importorskip("torchao.quantization")
    api = pytest.importorskip("torchao.quantization.quant_api")
    utils = pytest.importorskip("torchao.utils")
    # It asks for a GPU before it makes a graph that any device can run.
    monkeypatch.setattr(api, "_check_hardware_support", lambda *_: None)
    config = quantization.Float8DynamicActivationFloat8WeightConfig(granularity=getattr(quantization, granularity)())
    model = nn.Sequential(nn.RMSNorm(256, dtype=torch.bfloat16), nn.Linear(256, 128, bias=False)).bfloat16()
    quantization.quantize_(model, config)
    model = utils.unwrap_tensor_subclass(model)
    x = torch.randn(8, 256).bfloat16()
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("rows", min=1)},))
    exe = fanfold.compile(program, (x,))
    norm, quantize = exe.report.decisions[:2]
    assert (norm.op, quantize.op) == ("torch.aten.rms_norm", "quantize (spelled out)")
    assert norm.kernel
    assert norm.kernel == quantize.kernel
    # The matrix product adds in another order.
    assert (exe(x).float() - model(x).float()).abs().max() < 0.1
    if granularity == "PerRow":
        # In the other flavour, weights and all, nothing but the scales inside is another number.
        assert torch.equal(fanfold.compile(program, (x,), fp8="fnuz")(x), exe(x))
