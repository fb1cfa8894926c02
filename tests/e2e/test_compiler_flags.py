# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each flag that keeps IREE from a known mistake, with it and without it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch_mlir.extras.fx_importer import FxImporter

import fanfold
from fanfold.backends import target as targets
from fanfold.backends.iree_compiler import compile_module
from fanfold.dialect.context import make_context
from fanfold.errors import CompileError
from fanfold.frontend import export_model


class SmallConstant(nn.Module):
    """A bf16 constant of 64 bytes: as a literal, IREE inlines it into a dispatch with the wrong type."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("small", torch.randn(32).bfloat16())

    def forward(self, x: Tensor) -> Tensor:
        return x * self.small


def without(monkeypatch: pytest.MonkeyPatch, flag: str) -> None:
    """Take one flag away from every target."""
    kept = tuple(f for f in targets._COMMON_FLAGS if not f.startswith(flag))
    assert len(kept) == len(targets._COMMON_FLAGS) - 1
    monkeypatch.setattr(targets, "_COMMON_FLAGS", kept)


def literal_module() -> bytes:
    """Import the constant as torch-mlir does by itself: fanfold's frontend would make it a parameter."""
    program = export_model(SmallConstant(), (torch.randn(4, 32).bfloat16(),))
    importer = FxImporter(context=make_context())
    importer.import_program(program.run_decompositions({}), func_name="main")
    text = str(importer.module)
    assert "dense_resource" in text
    return text.encode()


def test_small_literals_compile() -> None:
    assert compile_module(literal_module(), targets.parse_target("cpu")).vmfb


def test_small_literals_need_their_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "--iree-flow-inline-constants-max-byte-length")
    with pytest.raises(CompileError):
        compile_module(literal_module(), targets.parse_target("cpu"))


class Scaled(nn.Module):
    """A literal that f32 does not represent."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 1.7


def test_f64_literals_need_their_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    # The flag comes before those: the last one of a name counts.
    demoting = (*targets._COMMON_FLAGS, "--iree-input-demote-f64-to-f32=true")
    monkeypatch.setattr(targets, "_COMMON_FLAGS", demoting)
    x = torch.randn(1000)
    assert not torch.equal(fanfold.compile_and_run(Scaled(), (x,)), x * 1.7)
