# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a signature says about dynamic sizes, and that calls hold it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.export import Dim

from fanfold.checks import InputCheck, check_symbols
from fanfold.errors import CallError, ExportError
from fanfold.frontend import import_model, load_program
from fanfold.signature import Signature, SizeExpression


class Model(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None) -> Any:
        return self.function(x) if y is None else self.function(x, y)


class Variadic(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: torch.Tensor) -> Any:
        return self.function(*tensors)


def signature_of(function: Callable[..., Any], sizes: tuple[int, ...], dims: tuple[Any, ...]) -> Signature:
    args = tuple(torch.randn(size, 8) for size in sizes)
    shapes = dict(zip("xy", ({0: dim} for dim in dims), strict=False))
    return import_model(Model(function), args, dynamic_shapes=shapes).signature


def call(signature: Signature, *sizes: int) -> None:
    values = [torch.zeros(size, 8) for size in sizes]
    for number, (spec, value) in enumerate(zip(signature.inputs, values, strict=True)):
        check = InputCheck(spec, number)
        if not check.passes(value):
            raise check.error(value)
    check_symbols(signature.inputs, values)


def twice(x: torch.Tensor) -> torch.Tensor:
    return x * 2


def both(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x + 1, y * 2


def test_the_range_of_a_dim_is_checked() -> None:
    signature = signature_of(twice, (12,), (Dim("rows", min=2, max=64),))
    assert signature.inputs[0].symbols == ("rows", None)
    assert signature.inputs[0].ranges == ((2, 64), None)
    for size in (2, 64):
        call(signature, size)
    for size in (0, 1, 65):
        with pytest.raises(CallError, match=r"input 0 \(x\)") as caught:
            call(signature, size)
        assert caught.value.expected == "2 <= x.shape[0] <= 64"
        assert caught.value.found == f"x.shape[0] == {size}"


@pytest.mark.parametrize("dim", [Dim("n"), Dim("n", max=64), Dim("n", min=0, max=64), Dim.AUTO, Dim.DYNAMIC])
def test_sizes_that_torch_only_assumes_to_be_larger_run(dim: Any) -> None:
    signature = signature_of(twice, (12,), (dim,))
    for size in (0, 1, 2, 64):
        call(signature, size)


def test_a_least_size_that_the_model_needs_is_checked() -> None:
    signature = signature_of(lambda x: x[10:11] + 1, (12,), (Dim.AUTO,))
    call(signature, 11)
    with pytest.raises(CallError, match=r"11 <= x.shape\[0\]"):
        call(signature, 10)


@pytest.mark.parametrize(
    ("relation", "good", "bad", "expected"),
    [
        (lambda n: 2 * n, (5, 10), (5, 11), "y.shape[0] == 2*n == 10"),
        (lambda n: n + 1, (12, 13), (12, 12), "y.shape[0] == 1 + n == 13"),
    ],
)
def test_relations_between_dims_are_checked(
    relation: Callable[[Any], Any], good: tuple[int, int], bad: tuple[int, int], expected: str
) -> None:
    signature = signature_of(both, (12, relation(12)), (Dim("n"), relation(Dim("n"))))
    call(signature, *good)
    call(signature, 0, relation(0))
    with pytest.raises(CallError) as caught:
        call(signature, *bad)
    assert caught.value.expected == expected
    assert caught.value.found == f"y.shape[0] == {bad[1]}"


def test_a_relation_alone_is_checked() -> None:
    signature = signature_of(twice, (24,), (2 * Dim("n", max=32),))
    for size in (0, 2, 64):
        call(signature, size)
    with pytest.raises(CallError, match=r"expected: x.shape\[0\] == 2\*"):
        call(signature, 23)
    with pytest.raises(CallError, match="<= 64"):
        call(signature, 66)


def test_what_the_model_compared_is_checked() -> None:
    by_four = signature_of(lambda x: x + 1 if x.shape[0] % 4 == 0 else x - 1, (12,), (Dim.AUTO,))
    call(by_four, 16)
    with pytest.raises(CallError, match=r"% 4\) == 0|% 4 == 0"):
        call(by_four, 17)
    viewed = signature_of(lambda x: x.view(-1, 4, 8), (12,), (Dim.AUTO,))
    for size in (0, 4, 8, 16):
        call(viewed, size)
    with pytest.raises(CallError, match="not compiled for these sizes"):
        call(viewed, 13)
    ordered = signature_of(
        lambda x, y: (x * 2 if x.shape[0] < y.shape[0] else x - 1, y), (12, 24), (Dim.AUTO, Dim.AUTO)
    )
    call(ordered, 3, 4)
    with pytest.raises(CallError, match="not compiled for these sizes"):
        call(ordered, 4, 4)


def test_what_the_model_compared_is_checked_when_it_comes_from_a_file(tmp_path: Path) -> None:
    def function(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return x + 1 if x.shape[0] % 4 == 0 else x - 1, y.view(-1, 3, 8)

    args = torch.randn(12, 8), torch.randn(15, 8)
    for model in (Model(function), Variadic(function)):
        shapes = {"x": {0: Dim.AUTO}, "y": {0: Dim.AUTO}} if isinstance(model, Model) else (({0: Dim.AUTO},) * 2,)
        torch.export.save(torch.export.export(model, args, dynamic_shapes=shapes), tmp_path / "m.pt2")
        signature = import_model(load_program(tmp_path / "m.pt2")).signature
        call(signature, 16, 12)
        for bad in ((17, 12), (16, 13)):
            with pytest.raises(CallError, match="not compiled for these sizes"):
                call(signature, *bad)


def test_batch_and_sequence_of_one_run() -> None:
    class Attention(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            b, s, d = x.shape
            q = x.view(b, s, 2, d // 2).transpose(1, 2)
            out = torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)
            return out.transpose(1, 2).reshape(b, s, d)

    for dims in ({0: Dim.AUTO, 1: Dim.AUTO}, {0: Dim("b", max=8), 1: Dim("s", max=128)}):
        signature = import_model(Attention(), (torch.randn(2, 6, 8),), dynamic_shapes=(dims,)).signature
        check = InputCheck(signature.inputs[0], 0)
        for shape in ((1, 1, 8), (1, 7, 8), (3, 1, 8), (2, 2, 8), (4, 4, 8), (3, 9, 8)):
            value = torch.zeros(shape)
            assert check.passes(value)
            check_symbols(signature.inputs, [value])


def test_a_result_may_have_any_size() -> None:
    def enlarge(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(x[None, None], scale_factor=(1.5, 1.0), mode="nearest")[0, 0]

    signature = signature_of(enlarge, (12,), (Dim.AUTO,))
    assert signature.outputs[0].shape == (None, 8)
    assert signature.outputs[0].symbols[0]


def test_names_follow_keywords_and_structure() -> None:
    class Nested(nn.Module):
        def forward(self, pair: list[torch.Tensor], *, a: torch.Tensor, b: torch.Tensor) -> Any:
            return [part + 1 for part in pair], a * 2, b

    rows, cols = Dim("rows", max=9), Dim("cols")
    signature = import_model(
        Nested(),
        ([torch.randn(3, 8), torch.randn(4, 8)],),
        {"b": torch.randn(5, 8), "a": torch.randn(3, 8)},
        dynamic_shapes={"pair": [{0: rows}, {0: cols}], "a": {0: rows}, "b": {0: Dim("other")}},
    ).signature
    names = {spec.name: spec.symbols[0] for spec in signature.inputs}
    assert names == {"pair_0": "rows", "pair_1": "cols", "a": "rows", "b": "other"}


def test_an_undetermined_size_is_refused() -> None:
    class Product(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    program = torch.export.export(Product(), (torch.randn(12, 8),), dynamic_shapes=({0: 2 * Dim("n")},))
    (node,) = (node for node in program.graph.nodes if node.op == "placeholder")
    size = node.meta["val"].shape[0]
    node.meta["val"] = node.meta["val"].new_empty(size * size, 8)
    with pytest.raises(ExportError, match="does not determine"):
        import_model(program)


def test_json_keeps_ranges_and_conditions_and_takes_data_without_them() -> None:
    signature = signature_of(lambda x: x.view(-1, 4, 8), (12,), (Dim.AUTO,))
    assert signature.inputs[0].conditions
    data = json.loads(json.dumps(signature.to_json()))
    assert Signature.from_json(data) == signature
    for leaf in data["inputs"]:
        del leaf["ranges"], leaf["conditions"]
    assert Signature.from_json(data).inputs[0].ranges == ()


@pytest.mark.parametrize(
    "text", ["__import__('os')", "n.real", "n[0]", "n ** n", "2.5 * n", "n if n else 1", "f(n)", "("]
)
def test_nothing_but_arithmetic_is_an_expression(text: str) -> None:
    with pytest.raises(ValueError, match="no expression of sizes"):
        SizeExpression(text)


def test_expressions_are_computed() -> None:
    sizes = {"n": 7, "m": 2}
    values = {
        "2*n + 1": 15,
        "n // m - -m": 5,
        "n % m == 1": 1,
        "max(n, m, 3)": 7,
        "m**3": 8,
        "n > m and not m == 2 or n == 7": 1,
    }
    for text, value in values.items():
        assert SizeExpression(text).value(sizes) == value
