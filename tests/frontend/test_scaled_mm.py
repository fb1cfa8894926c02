# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The product of fp8 matrices, against torch's own on the CPU."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.export import Dim

from fanfold.errors import ExportError
from fanfold.frontend import import_model
from fanfold.frontend.scaled_mm import scaled_mm

FP8 = torch.float8_e4m3fn
SCALES = {
    "tensor": (torch.tensor(0.5), torch.tensor([0.3])),
    "matrix": (torch.tensor([[0.5]]), torch.tensor([[0.3]])),
    "line": (torch.rand(32, 1), torch.rand(1, 48)),
}


def matrices() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(32, 256).to(FP8), torch.randn(48, 256).to(FP8).t()


class Linear(nn.Module):
    def __init__(self, scale_b: torch.Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype
        self.register_buffer("weight", matrices()[1].t())
        self.register_buffer("scale_b", scale_b)

    def forward(self, x: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        return torch._scaled_mm(x, self.weight.t(), scale, self.scale_b, out_dtype=self.dtype)


@pytest.mark.parametrize("scales", SCALES.values(), ids=SCALES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, FP8, None])
@pytest.mark.parametrize("biased", [False, True])
def test_near_torchs_own(scales: tuple[torch.Tensor, torch.Tensor], dtype: torch.dtype | None, biased: bool) -> None:
    a, b = matrices()
    bias = torch.randn(48).to(torch.bfloat16 if dtype in (FP8, None) else dtype) if biased else None
    found = scaled_mm(a, b, *scales, bias, None, dtype)
    wanted = torch._scaled_mm(a, b, *scales, bias, None, dtype)
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    eps = torch.finfo(found.dtype).eps
    torch.testing.assert_close(found.float(), wanted.float(), rtol=eps, atol=2e-5)
    if dtype is not torch.float32:
        assert (found.float() == wanted.float()).float().mean() > 0.99


def test_fp8_results_saturate() -> None:
    a, b = matrices()
    scales = torch.tensor(100.0), torch.tensor(1.0)
    found = scaled_mm(a, b, *scales, out_dtype=FP8).float()
    assert found.abs().max().item() == 448.0
    assert torch.equal(found, torch._scaled_mm(a, b, *scales, out_dtype=FP8).float())


@pytest.mark.parametrize("by_line", [False, True])
def test_imports_as_plain_ops(by_line: bool) -> None:
    scale_b = torch.rand(1, 48) if by_line else torch.tensor(0.5)
    args = (matrices()[0], torch.rand(32, 1) if by_line else torch.tensor(0.5))
    shapes = {"x": {0: Dim("rows", min=2)}, "scale": {0: Dim("rows", min=2)} if by_line else None}
    model = Linear(scale_b, torch.bfloat16)
    # torch wants sizes that are multiples of 16 for the second matrix only.
    text = str(import_model(model, args, dynamic_shapes=shapes).module)
    assert "_scaled_mm" not in text
    assert text.count("torch.aten.mm") == 1


def test_other_scales_are_refused() -> None:
    a, b = matrices()
    with pytest.raises(ExportError, match=r"one element or of shape \[32, 1\][^$]*\[32, 2\]"):
        scaled_mm(a, b, torch.rand(32, 2), torch.rand(2, 48))
    with pytest.raises(ExportError, match="no scale of the result"):
        scaled_mm(a, b, torch.tensor(1.0), torch.tensor(1.0), scale_result=torch.tensor(1.0))
