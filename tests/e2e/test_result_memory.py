# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How results cross from a program to its caller: fp8 as bytes, each in memory of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold.executable import Executable
from fanfold.passes.return_float8_bytes import ReturnFloat8Bytes
from fanfold.signature import Signature

FP8 = torch.float8_e4m3fn


class OneKernel(nn.Module):
    def forward(self, x: Tensor, _q: Tensor) -> tuple[Tensor, ...]:
        total = x + x
        return (*fanfold.ops.group_quant(total, 32), total)


class FromEverywhere(nn.Module):
    """Values in fp8 that are an input, its first row, a weight, computed, the same once more, a conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Buffer(torch.arange(64.0).to(FP8))

    def forward(self, x: Tensor, q: Tensor) -> tuple[Tensor, ...]:
        codes, scales = fanfold.ops.group_quant(x, 32)
        return q, q[:1], self.w, codes, codes, scales, x.to(torch.float8_e5m2), codes.float()


def inputs(rows: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    return torch.randn(rows, 64, generator=generator).bfloat16(), torch.randn(8, 64, generator=generator).to(FP8)


@pytest.fixture(scope="module")
def executables() -> dict[type[nn.Module], fanfold.Executable]:
    shapes = ({0: torch.export.Dim("rows", min=0)}, None)
    kinds: tuple[type[nn.Module], ...] = (OneKernel, FromEverywhere)
    return {kind: fanfold.compile(kind(), inputs(4), dynamic_shapes=shapes) for kind in kinds}


def assert_as_eager(found: Any, expected: Any) -> None:
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert (a.dtype, a.shape, a.stride()) == (b.dtype, b.shape, b.stride()), number
        assert torch.equal(a.reshape(-1).view(torch.uint8), b.contiguous().reshape(-1).view(torch.uint8)), number


@pytest.mark.parametrize("rows", [4, 1, 0, 33])
@pytest.mark.parametrize("kind", [OneKernel, FromEverywhere])
def test_values_and_dtypes_are_eagers(
    executables: dict[type[nn.Module], fanfold.Executable], kind: type[nn.Module], rows: int
) -> None:
    given = inputs(rows)
    found = executables[kind](*given)
    assert_as_eager(found, kind()(*given))
    addresses = [t.data_ptr() for t in (*found, *given) if t.numel()]
    assert len(set(addresses)) == len(addresses)


def test_the_signature_has_the_models_dtypes_and_says_which_are_bytes(
    executables: dict[type[nn.Module], fanfold.Executable],
) -> None:
    signature = executables[FromEverywhere].signature
    assert [spec.as_bytes for spec in signature.outputs] == [True] * 5 + [False, True, False]
    assert signature.outputs[6].dtype == "float8_e5m2"
    assert not signature.results_apart
    assert executables[OneKernel].signature.results_apart
    assert executables[OneKernel].report.dispatches == 1


def test_a_program_of_before_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its results were fp8 for IREE too, and its file says nothing of their memory."""
    monkeypatch.setattr(ReturnFloat8Bytes, "run", lambda *_: 0)
    artifact = fanfold.compile(FromEverywhere(), inputs(4))._artifact
    data = artifact.signature.to_json()
    assert data.pop("results_apart") is False
    for spec in data["outputs"]:
        assert spec.pop("as_bytes") is False
    before = Executable(replace(artifact, signature=Signature.from_json(data)))
    assert_as_eager(before(*inputs(4)), FromEverywhere()(*inputs(4)))
