# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tensors that stand for others, and sizes of compiled models."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing._internal.two_tensor import TwoTensor

import fanfold
from fanfold.errors import CallError
from fanfold.executable import Executable


class Named(torch.Tensor):
    """A subclass with memory of its own."""


def fake() -> torch.Tensor:
    with FakeTensorMode():
        return torch.empty(2, 256)


@pytest.mark.parametrize(
    "make",
    [
        fake,
        lambda: TwoTensor(torch.zeros(2, 256), torch.zeros(2, 256)),
        lambda: torch.zeros(2, 256).as_subclass(Named),
        torch.nn.UninitializedParameter,
    ],
)
def test_subclasses_are_refused(fanout: Executable, make: Any) -> None:
    fanout(torch.zeros(2, 256))
    value = make()
    with pytest.raises(CallError, match=type(value).__name__) as caught:
        fanout(value)
    assert caught.value.remedy


def test_parameters_buffers_and_what_a_subclass_holds_are_taken(fanout: Executable) -> None:
    x = torch.randn(2, 256)
    for value in (torch.nn.Parameter(x), torch.nn.Buffer(x), x.as_subclass(Named).as_subclass(torch.Tensor)):
        assert torch.equal(fanout(value)[0], x + x)


def test_tensors_inside_a_transform_are_refused(fanout: Executable) -> None:
    with pytest.raises(CallError, match="storage"):
        torch.func.vmap(lambda x: fanout(x)[0])(torch.zeros(3, 2, 256))


class Difference(torch.nn.Module):
    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - 10 * y


def test_one_example_for_two_inputs() -> None:
    x = torch.randn(4, 8)
    executable = fanfold.compile(Difference(), (x, x))
    torch.testing.assert_close(executable(x, x * 2), x - 20 * x)


def test_ranges_and_relations_through_the_whole_path(tmp_path: Any) -> None:
    class Both(torch.nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x.repeat(2, 1) + y

    n = torch.export.Dim("n", min=3, max=64)
    example = torch.randn(5, 8), torch.randn(10, 8)
    fanfold.compile(Both(), example, dynamic_shapes=({0: n}, {0: 2 * n})).save(tmp_path / "m.vmfb")
    executable = fanfold.load(tmp_path / "m.vmfb")
    x, y = torch.randn(3, 8), torch.randn(6, 8)
    torch.testing.assert_close(executable(x, y), Both()(x, y))
    with pytest.raises(CallError, match="2\\*n"):
        executable(x, torch.zeros(7, 8))
    with pytest.raises(CallError, match=r"3 <= x.shape\[0\] <= 64"):
        executable(torch.zeros(65, 8), torch.zeros(130, 8))
    assert "x: float32[n, 8]" in repr(executable)
