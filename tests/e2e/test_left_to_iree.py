# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Norms, activations and quantisations that kernels do not have are in the report: missed beside a kernel, or left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from e2e.explaining import explain, norm, quant
from fanfold import ops


@pytest.mark.parametrize(
    ("layer", "op", "reason"),
    [
        (nn.LayerNorm(64), "aten.layer_norm", "subtracts the mean"),
        (nn.GroupNorm(4, 64), "aten.group_norm", "over more than a row"),
        (nn.BatchNorm1d(64), "aten.batch_norm", "are constants"),
        (nn.Sequential(nn.Unflatten(0, (1, 4)), nn.InstanceNorm1d(4)), "aten.instance_norm", "over more than a row"),
        (nn.SiLU(), "aten.silu", "no pass over memory"),
        (nn.ReLU(), "aten.relu", "no pass over memory"),
        (nn.GELU(), "aten.gelu", "gelu is no function of a kernel"),
        (nn.GELU("tanh"), "aten.gelu", "gelu is no function of a kernel"),
        (nn.Hardswish(), "aten.hardswish", "hardswish is no function of a kernel"),
        (nn.Mish(), "aten.mish", "mish is no function of a kernel"),
        (nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 64)), "aten.layer_norm", "subtracts the mean"),
        (nn.Sequential(nn.Linear(64, 64), nn.ReLU()), "aten.relu", "no pass over memory"),
    ],
)
def test_alone_it_is_left_to_iree(layer: nn.Module, op: str, reason: str) -> None:
    report = explain(lambda x, layer: layer(x), layer)
    (decision,) = report.decisions
    assert (decision.op, decision.kernel, decision.left, decision.missed) == (op, None, True, False)
    assert "explaining.py:" in decision.location
    assert reason in decision.reason
    assert (report.left, report.missed) == ((decision,), ())
    assert f"{op} at {decision.location}: left to IREE: " in str(report)


@pytest.mark.parametrize(
    ("function", "op", "reason"),
    [
        (lambda x: quant(functional.layer_norm(x, (64,))), "aten.layer_norm", "subtracts the mean"),
        (lambda x: quant(functional.gelu(x)), "aten.gelu", "gelu is no function"),
        (lambda x: ops.tensor_quant(functional.mish(x)), "aten.mish", "mish is no function"),
        (lambda x: quant(x / x.std(-1, keepdim=True)), "standard deviation", "kernels have RMS norms only"),
        (lambda x: quant((x - x.mean(-1, keepdim=True)) * (x.var(-1, keepdim=True) + 1).rsqrt()), "standard", "mean"),
    ],
)
def test_before_a_quantisation_it_is_missed(function: Callable[[Tensor], Any], op: str, reason: str) -> None:
    (missed,) = (d for d in explain(function).missed if not d.kernel)
    assert missed.op.startswith(op)
    assert reason in missed.reason
    assert f"_quant at {missed.location} reads it" in missed.reason


def test_an_activation_of_a_matrix_product_is_left_to_its_dispatch() -> None:
    report = explain(lambda x, linear: quant(functional.gelu(linear(x))), nn.Linear(64, 64))
    assert not report.missed
    (left,) = report.left
    assert (left.op, "matrix product" in left.reason) == ("aten.gelu", True)


@pytest.mark.parametrize(
    ("convert", "op", "reason"),
    [
        (lambda y: y.abs().to(torch.float8_e8m0fnu), "quantize to f8E8M0FNU", "not to f8E8M0FNU"),
        (lambda y: y.round().clamp(0, 255).to(torch.uint8), "quantize to ui8", "not to unsigned"),
        (lambda y: y.clamp(-127, 127).to(torch.int8), "quantize to i8", "is not rounded before"),
        (
            lambda y: torch.fake_quantize_per_tensor_affine(y, 0.1, 0, -128, 127),
            "aten.fake_quantize_per_tensor_affine",
            "quantises and dequantises at once",
        ),
    ],
)
def test_a_quantisation_that_is_not_ours(convert: Callable[[Tensor], Tensor], op: str, reason: str) -> None:
    (alone,) = explain(lambda x: convert(x * 3)).decisions
    assert (alone.op, alone.left) == (op, True)
    assert reason in alone.reason
    (missed,) = explain(lambda x: convert(norm(x) * 3)).missed
    assert (missed.op, missed.kernel) == (op, None)
    assert reason in missed.reason
    assert "rms_norm at" in missed.reason


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x / (x.norm(dim=-1, keepdim=True) * 64**-0.5 + 1e-6),
        lambda x: x * (x.norm(dim=-1, keepdim=True) + 1e-6).reciprocal(),
        lambda x: quant(functional.normalize(x.float(), dim=-1) * 8),
    ],
)
def test_a_division_by_the_length_is_reported_whatever_follows(function: Callable[[Tensor], Any]) -> None:
    (missed,) = explain(function).missed
    assert missed.op == "vector norm"
    assert "Euclidean length" in missed.reason


def test_each_of_two_on_one_line_has_its_own_decision() -> None:
    report = explain(lambda x: functional.gelu(functional.gelu(x)))
    assert [d.op for d in report.left] == ["aten.gelu"] * 2


def test_a_program_that_was_decomposed_and_saved_before_keeps_the_names(tmp_path: Any) -> None:
    program = torch.export.export(nn.LayerNorm(64).eval(), (torch.randn(4, 64),)).run_decompositions()
    torch.export.save(program, tmp_path / "model.pt2")
    (left,) = fanfold.explain(torch.export.load(tmp_path / "model.pt2"), ()).left
    assert left.op == "aten.layer_norm"
