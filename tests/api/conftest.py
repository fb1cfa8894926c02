# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Executables of hand-written modules (those of tests/backends), so that these tests need no frontend and no passes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils import _pytree as pytree

from fanfold.artifact import Artifact, Signature, TensorSpec
from fanfold.backends.iree_compiler import compile_module
from fanfold.backends.target import parse_target
from fanfold.executable import Executable
from fanfold.report import Decision, PassRecord, Report

SAMPLES = Path(__file__).parents[1] / "backends" / "samples"


def spec_of(structure: Any) -> str:
    return pytree.treespec_dumps(pytree.tree_structure(structure))


@pytest.fixture(scope="session")
def build() -> Callable[..., Executable]:
    """Return a function that makes an executable of a sample.

    Its arguments: the sample, the structure of (args, kwargs) with leaves that do not matter, that of the result, the
    specs of the leaves of each, and the weights.
    """

    @functools.cache
    def compiled(sample: str) -> Any:
        return compile_module((SAMPLES / f"{sample}.mlir").read_bytes(), parse_target("cpu"))

    def make(
        sample: str,
        arguments: tuple[tuple[Any, ...], dict[str, Any]],
        result: Any,
        inputs: tuple[TensorSpec, ...],
        outputs: tuple[TensorSpec, ...],
        parameters: dict[str, torch.Tensor] | None = None,
    ) -> Executable:
        module = compiled(sample)
        report = Report(
            target="cpu",
            dispatches=module.dispatches,
            passes=(PassRecord("form-rows", 2, 0.25),),
            decisions=(Decision("torch.aten.rms_norm", "model.py:3", "rows_0", ("fanfold.group_quant",)),),
            versions={"torch": torch.__version__},
            timings={"compile": 0.5},
        )
        signature = Signature(spec_of(arguments), spec_of(result), inputs, outputs)
        return Executable(
            Artifact(module.vmfb, signature, report, parse_target("cpu").required_cpu_features(), parameters or {})
        )

    return make


@pytest.fixture(scope="session")
def fanout(build: Callable[..., Executable]) -> Executable:
    """Map x f32[?, 256] to (x + x, the same as bf16, relu(x), -x)."""
    outputs = tuple(
        TensorSpec(name, (None, 256), dtype)
        for name, dtype in (("sum", "float32"), ("rounded", "bfloat16"), ("relu", "float32"), ("neg", "float32"))
    )
    return build("fanout", ((0,), {}), (0, 0, 0, 0), (TensorSpec("x", (None, 256), "float32"),), outputs)


@pytest.fixture(scope="session")
def linear(build: Callable[..., Executable]) -> Executable:
    """Map x bf16[?, 256] to x @ w.T with a weight bf16[512, 256]."""
    weight = torch.randn(512, 256, generator=torch.Generator().manual_seed(1)).bfloat16()
    parameters = {"padding.me": torch.arange(3, dtype=torch.uint8), "lin.weight": weight}
    specs = TensorSpec("x", (None, 256), "bfloat16"), TensorSpec("y", (None, 512), "bfloat16")
    return build("linear", ((0,), {}), 0, specs[:1], specs[1:], parameters)


@pytest.fixture(scope="session")
def pair(build: Callable[..., Executable]) -> Executable:
    """Map (a, *, b) f32[n, 4] to {"parts": [a + b], "other": (a - b,)}."""
    inputs = tuple(TensorSpec(name, (None, 4), "float32", ("n", None)) for name in "ab")
    outputs = tuple(TensorSpec(name, (None, 4), "float32", ("n", None)) for name in ("sum", "difference"))
    return build("pair", ((0,), {"b": 0}), {"parts": [0], "other": (0,)}, inputs, outputs)
