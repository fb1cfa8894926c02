# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights, buffers and constants become parameters that IREE reads right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from fanfold.errors import ExportError
from fanfold.frontend import import_model

Runner = Callable[..., list[np.ndarray[Any, Any]]]


class _Buffer(nn.Module):
    """Adds a buffer, converted to f32, to its input."""

    def __init__(self, value: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.value.to(torch.float32)


BUFFERS = {
    # IREE mistypes bf16 literals of up to 256 bytes.
    "bf16-64-bytes": torch.linspace(-2, 2, 32).to(torch.bfloat16),
    "bf16-256-bytes": torch.linspace(-2, 2, 128).to(torch.bfloat16),
    # IREE compiles fp8 literals of one number only.
    "fp8": torch.linspace(-2, 2, 32).to(torch.float8_e4m3fn),
    "fp8-one": torch.tensor([1.5]).to(torch.float8_e4m3fn),
    "f16": torch.linspace(-2, 2, 32).to(torch.float16),
    "bool": torch.tensor([True, False, True, True]),
    "bool-one": torch.tensor([True]),
    "int64": torch.arange(-2, 3),
    "int8": torch.arange(-2, 3, dtype=torch.int8),
    "uint8": torch.arange(250, 256, dtype=torch.uint8),
    "f64": torch.linspace(-2, 2, 3, dtype=torch.float64),
    "bf16-scalar": torch.tensor(1.5, dtype=torch.bfloat16),
    "f32-one": torch.tensor([1.5]),
    "transposed": torch.arange(6.0).reshape(2, 3).T,
    "empty": torch.ones(0),
}


class _Buffers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.each = nn.ModuleList(_Buffer(value) for value in BUFFERS.values())

    def forward(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        return [buffer(x) for buffer, x in zip(self.each, inputs, strict=True)]


def test_buffers_arrive(run_stock: Runner) -> None:
    model, inputs = _Buffers(), tuple(torch.randn(value.shape) for value in BUFFERS.values())
    results = run_stock(import_model(model, inputs), *inputs)
    for name, result, expected in zip(BUFFERS, results, model(*inputs), strict=True):
        np.testing.assert_array_equal(result, expected.numpy(), err_msg=name)


def test_tensor_longer_than_one_is_a_parameter() -> None:
    imported = import_model(_Buffer(torch.ones(2, dtype=torch.bfloat16)), (torch.ones(2),))
    text = str(imported.module)
    assert list(imported.parameters) == ["value"]
    assert '#stream.parameter.named<"model"::"value"> : tensor<2xbf16>' in text
    assert "dense_resource" not in text


class _Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4, bias=False)
        self.second = nn.Linear(4, 4, bias=False)
        self.second.weight = self.first.weight
        self.third = nn.Linear(4, 4, bias=False)
        self.third.weight = nn.Parameter(self.first.weight.detach())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.third(self.second(self.first(x) + self.first(x * 2)))


def test_tied_weight_is_one_parameter_loaded_once(run_stock: Runner) -> None:
    model, x = _Tied(), torch.randn(3, 4)
    imported = import_model(model, (x,))
    assert len(imported.parameters) == 1
    assert str(imported.module).count("util.global.load") == 1
    (result,) = run_stock(imported, x)
    np.testing.assert_allclose(result, model(x).detach().numpy(), rtol=1e-5)


class _SameShape(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.ParameterDict({"b": torch.ones(3)})
        self.a_b = nn.Parameter(torch.full((3,), 2.0))
        self.register_buffer("lifted_tensor_0", torch.full((3,), 3.0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.a["b"] + self.a_b + self.lifted_tensor_0 + torch.tensor([1.0, 2.0, 4.0])


def test_alike_names_stay_apart(run_stock: Runner) -> None:
    model, x = _SameShape(), torch.randn(3)
    imported = import_model(model, (x,))
    assert len(imported.parameters) == 4
    assert any("lifted_tensor" in name and name != "lifted_tensor_0" for name in imported.parameters)
    np.testing.assert_array_equal(run_stock(imported, x)[0], model(x).detach().numpy())


def test_unused_weight_is_left_out() -> None:
    model = _Tied()
    model.extra = nn.Parameter(torch.ones(5))
    assert len(import_model(model, (torch.randn(3, 4),)).parameters) == 1


def test_weight_without_data_is_refused() -> None:
    with torch.device("meta"):
        model = nn.Linear(4, 4)
    with pytest.raises(ExportError, match=r"weight.*cannot be stored"):
        import_model(model, (torch.randn(2, 4, device="meta"),))


def test_complex_buffer_is_refused() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("c", torch.ones(3, dtype=torch.complex64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + torch.view_as_real(self.c)[..., 0]

    with pytest.raises(ExportError, match="c cannot be stored"):
        import_model(Model(), (torch.ones(3),))
