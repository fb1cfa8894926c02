# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Example inputs that share memory, threads that compile at a time, and dtypes that cannot be passed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim
from torch.utils import _pytree as pytree

from fanfold.errors import ExportError
from fanfold.frontend import export_model, import_model


class Difference(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 8))
        self.register_buffer("b", torch.randn(4, 8))

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return x - 10 * y + self.w * self.b


def shared_examples() -> list[Callable[[nn.Module], tuple[torch.Tensor, torch.Tensor]]]:
    def twice(_: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(4, 8)
        return x, x

    def same_memory(_: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(4, 8)
        return x, x.view(4, 8)

    return [
        twice,
        same_memory,
        lambda model: (model.w, torch.randn(4, 8)),
        lambda model: (torch.randn(4, 8), model.b),
        lambda model: (model.w.detach(), model.b[:]),
    ]


@pytest.mark.parametrize("make", shared_examples())
@pytest.mark.parametrize("shapes", [None, ({0: Dim("a", max=4)}, {0: Dim("a", max=4)})])
def test_example_inputs_that_share_memory_stay_apart(make: Callable[[nn.Module], Any], shapes: Any) -> None:
    model = Difference()
    args = make(model)
    if shapes is not None:
        # The weights fix the size otherwise.
        model.forward = lambda x, y: x - 10 * y  # type: ignore[method-assign]
    program = export_model(model, args, dynamic_shapes=shapes)
    x, y = torch.randn(4, 8), torch.randn(4, 8)
    torch.testing.assert_close(program.module()(x, y), model(x, y))


def test_shared_examples_in_structures_and_keywords_stay_apart() -> None:
    class Nested(nn.Module):
        def forward(self, parts: list[torch.Tensor], *, last: torch.Tensor) -> torch.Tensor:
            return parts[0] - 10 * parts[1] + 100 * last

    x = torch.randn(3, 4).t()
    values = [torch.randn(4, 3) for _ in range(3)]
    program = export_model(Nested(), ([x, x],), {"last": x})
    expected = Nested()(values[:2], last=values[2])
    torch.testing.assert_close(program.module()(values[:2], last=values[2]), expected)


def test_the_given_examples_are_used_where_nothing_is_shared() -> None:
    x, y = torch.randn(4, 8), torch.randn(8, 4).t()
    program = export_model(Difference(), (x, y))
    given, _ = program.example_inputs
    assert given[0] is x
    assert given[1] is y
    shared, _ = export_model(Difference(), (y, y)).example_inputs
    assert shared[1].stride() == y.stride()


def test_a_program_with_merged_inputs_is_refused() -> None:
    x, model = torch.randn(4, 8), Difference()
    with pytest.raises(ExportError, match=r"the input x is not read[^$]*clone"):
        import_model(torch.export.export(model, (x, x)))


def test_a_program_that_ignores_an_input_is_taken() -> None:
    class First(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
            return x + 1

    program = torch.export.export(First(), (torch.randn(4, 8), torch.randn(4, 8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        import_model(program)
    program.example_inputs = None
    with pytest.warns(UserWarning, match="does not read its input y"):
        import_model(program)


def test_results_of_torch_ops_become_tuples() -> None:
    class Sort(nn.Module):
        def forward(self, x: torch.Tensor) -> Any:
            return {"sorted": x.sort(), "rest": [x + 1]}

    signature = import_model(Sort(), (torch.randn(4),)).signature
    structure = {"sorted": (0, 0), "rest": [0]}
    assert pytree.treespec_loads(signature.out_spec) == pytree.tree_structure(structure)


def test_threads_import_at_a_time() -> None:
    def work(width: int) -> int:
        x = torch.randn(2, width)
        imported = import_model(nn.Sequential(nn.Linear(width, width), nn.RMSNorm(width), nn.GELU()), (x,))
        return imported.signature.inputs[0].shape[1] or 0

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, [8, 16, 24])) == [8, 16, 24]


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128, torch.uint16, torch.uint32, torch.uint64])
def test_dtypes_that_cannot_be_passed_are_refused(dtype: torch.dtype) -> None:
    class To(nn.Module):
        def __init__(self, dtype: torch.dtype) -> None:
            super().__init__()
            self.dtype = dtype

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.to(self.dtype)

    name = str(dtype).removeprefix("torch.")
    with pytest.raises(ExportError, match=r"the output .* has a dtype") as caught:
        import_model(To(dtype), (torch.ones(4),))
    assert caught.value.found == name
    assert caught.value.remedy
    with pytest.raises(ExportError, match="the input x has a dtype") as caught:
        import_model(To(torch.float32), (torch.ones(4).to(dtype),))
    assert caught.value.found == name
