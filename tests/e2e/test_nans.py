# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""NaN and infinity through ops that bound and compare, where no kernel takes them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold

NUMBERS = [0.0, -0.0, 0.25, -0.25, 0.75, -0.75, 7.0, -7.0, 1e-8, math.inf, -math.inf, math.nan]

#: Each takes all pairs of the numbers.
FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "clamp": lambda a, _: torch.clamp(a, -0.5, 0.5),
    "clamp below": lambda a, _: torch.clamp(a, min=-0.5),
    "clamp above": lambda a, _: torch.clamp(a, max=0.5),
    "clamp from NaN": lambda a, _: torch.clamp(a, math.nan, 0.5),
    "clamp to NaN": lambda a, _: torch.clamp(a, -0.5, math.nan),
    "clamp below NaN": lambda a, _: torch.clamp(a, max=math.nan),
    "clamp to tensors": lambda a, b: torch.clamp(a, b, b + 1),
    "clamp below a tensor": lambda a, b: torch.clamp(a, min=b),
    "clamp above a tensor": lambda a, b: torch.clamp(a, max=b[:1]),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "max of two": lambda a, b: torch.max(a, b[0]),
    "hardtanh": lambda a, _: functional.hardtanh(a),
    "relu6": lambda a, _: functional.relu6(a),
    "relu": lambda a, _: functional.relu(a),
}


class All(nn.Module):
    """All of them, each a result."""

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        return tuple(function(a, b) for function in FUNCTIONS.values())


@pytest.mark.parametrize("target", ["cpu", "xpu"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_numbers_are_eagers(target: str, dtype: torch.dtype) -> None:
    device = None
    if target == "xpu":
        pytest.importorskip("pyopencl")
        device = "opencl"
    numbers = torch.tensor(NUMBERS).to(dtype)
    a, b = (x.contiguous() for x in torch.meshgrid(numbers, numbers, indexing="ij"))
    results = fanfold.compile_and_run(All(), (a, b), target=target, device=device)
    for name, result, expected in zip(FUNCTIONS, results, All()(a, b), strict=True):
        torch.testing.assert_close(result, expected, rtol=0, atol=0, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}")


class Reductions(nn.Module):
    """Maxima and minima of rows, of columns and of all."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return *(f(x, dim) for f in (torch.amax, torch.amin) for dim in (0, 1)), torch.max(x), torch.min(x)


@pytest.mark.parametrize("target", ["cpu", "xpu"])
@pytest.mark.parametrize("shape", [(16, 64), (3, 1000), (2, 37)])
def test_reductions_keep_them(target: str, shape: tuple[int, int]) -> None:
    device = None
    if target == "xpu":
        pytest.importorskip("pyopencl")
        device = "opencl"
    ordinary = torch.randn(shape)
    some = ordinary.clone()
    some[1, 5] = some[0, -1] = math.nan
    exe = fanfold.compile(Reductions(), (some,), target=target, device=device)
    for x in (ordinary, some):
        for result, expected in zip(exe(x), Reductions()(x), strict=True):
            torch.testing.assert_close(result, expected, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("target", ["cpu", "xpu"])
def test_lanes_without_an_element_have_none(target: str) -> None:
    device = None
    if target == "xpu":
        pytest.importorskip("pyopencl")
        device = "opencl"
    # IREE's softmax starts each lane's maximum from NaN: it must not be the row's.
    width = torch.export.Dim("width", min=2)
    exe = fanfold.compile(
        nn.Softmax(-1), (torch.randn(3, 8),), target=target, device=device, dynamic_shapes={"input": {1: width}}
    )
    for columns in (2, 9, 16, 17, 300):
        x = torch.randn(3, columns)
        x[1, 1] = math.nan
        torch.testing.assert_close(exe(x), x.softmax(-1), equal_nan=True)
