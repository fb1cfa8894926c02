# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A norm and a quantisation in two kernels are a missed fusion, with what stands between them and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import fanfold
from e2e.explaining import Model, X, explain, norm, quant
from fanfold import ops
from fanfold.errors import CompileError


@pytest.mark.parametrize(
    ("between", "op"),
    [
        (torch.tanh, "aten.tanh"),
        (functional.gelu, "aten.gelu"),
        (functional.mish, "aten.mish"),
        (torch.exp, "aten.exp"),
        (lambda y: y**2, "aten.pow"),
        (lambda y: torch.where(y > 0, y, 0.5), "aten.where"),
        (lambda y: torch.cat([y, y * 2], -1), "aten.cat"),
        (lambda y: torch.cat([y, y]), "aten.cat"),
        (lambda y: functional.pad(y, (0, 64)), "aten.constant_pad_nd"),
        (lambda y: y[1:], "aten.slice"),
        (lambda y: y[:, ::2], "aten.slice"),
        (lambda y: y[torch.tensor([0, 2])], "aten.index"),
        (lambda y: y.unsqueeze(1).expand(4, 2, 64), "aten.expand"),
        (lambda y: y.t().contiguous(), "aten.permute"),
        (lambda y: y.softmax(-1), "aten._softmax"),
        (lambda y: y * y.mean(-1, keepdim=True), "aten.mul"),
    ],
)
def test_what_stands_between_a_norm_and_a_quantisation(between: Callable[[Tensor], Tensor], op: str) -> None:
    report = explain(lambda x: ops.token_quant(between(norm(x))))
    (missed,) = (d for d in report.missed if d.kernel)
    assert missed.op == "fanfold.token_quant"
    assert op in missed.reason
    assert "between it and torch.aten.rms_norm at" in missed.reason
    assert missed.reason.count("explaining.py:") >= 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda x: quant(norm(x).reshape(8, 32), 24), "rows of 64 to rows of 32, which groups of 24 do not divide"),
        (lambda x: ops.token_quant(norm(x).reshape(2, 128)), "a view from rows of 64 to rows of 128 stands between it"),
        (lambda x: quant(norm(x) * (x[:, :1] > 0)), "with operands that no kernel takes"),
        (lambda x: quant(norm(x) * x[:, :1]), "with operands that no kernel takes"),
        (lambda x: ops.tensor_quant(norm(x).exp()), "aten.exp"),
        (lambda x: quant((functional.silu(x) * x).exp()), "silu_mul"),
        (lambda x: (norm(h := x + x * 2), quant(h.exp())), "and aten.add.Tensor at"),
        (lambda x: norm(norm(x).exp()), "aten.exp"),
        (lambda x: quant((y := norm(x)) * y.exp()), "aten.exp"),
        (lambda x: quant(norm(x).exp() + torch.sin(x)), "aten.exp"),
        (lambda x: quant(norm(x).exp().sin().cos()), "torch.aten.sin at {here} and 1 more stand"),
    ],
)
def test_the_reason(function: Callable[[Tensor], Any], reason: str) -> None:
    (missed,) = explain(function).missed
    assert missed.kernel
    here = missed.location
    assert reason.format(here=here) in missed.reason, missed.reason


def test_strict_refuses_it() -> None:
    with pytest.raises(CompileError, match=r"1 of 2 row-wise ops .*\n.*aten\.exp at .* stands between it and"):
        fanfold.compile(Model(lambda x: quant(norm(x).exp())), (X,), strict=True)


def two_layers(x: Tensor, first: nn.Module, second: nn.Module) -> tuple[Tensor, Tensor]:
    h = x
    for linear in (first, second):
        h = h + linear(quant(norm(h))[0].to(x.dtype))
    return quant(norm(h[-1:]))


def two_layers_of_ops(x: Tensor, *layers: nn.Module) -> tuple[Tensor, Tensor]:
    y, h = ops.rms_norm(x, None, 1e-6), x
    for linear in layers:
        y, h = ops.add_rms_norm(linear(quant(y)[0].to(x.dtype)), h, None, 1e-6)
    return y, h


def attention(x: Tensor, first: nn.Module) -> tuple[Tensor, Tensor]:
    y = norm(x)
    heads = first(y).view(1, 4, 4, 16).transpose(1, 2)
    out = functional.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).reshape(4, 64)
    return quant(norm(x + out))


@pytest.mark.parametrize(
    ("function", "layers"),
    [
        (two_layers, 2),
        (two_layers_of_ops, 3),
        (attention, 1),
        (lambda x, linear: quant(linear(norm(x)).exp()), 1),
        (lambda x, linear: quant((y := norm(x)).exp() + linear(y)), 1),
        (lambda x: quant(norm(x).exp().mean(0, keepdim=True)), 0),
        (lambda x: quant(norm(x).cumsum(0)), 0),
        (lambda x: quant(torch.zeros_like(norm(x)).exp()), 0),
        (lambda x: ops.tensor_quant(norm(x)), 0),
        (lambda x: (y := norm(x), ops.tensor_quant(y)), 0),
        (lambda x: norm((q := quant(norm(x)))[0].float() * q[1].repeat_interleave(32, -1)), 0),
    ],
)
def test_no_false_alarm(function: Callable[..., Any], layers: int) -> None:
    """What follows a matrix product, a reduction over rows or a dequantisation has to be a kernel of its own."""
    report = explain(function, *(nn.Linear(64, 64) for _ in range(layers)))
    assert not report.missed, str(report)
    assert len(report.kernels) >= 1


def test_an_op_in_two_kernels_is_one_line() -> None:
    report = explain(lambda x: ops.tensor_quant(norm(x)))
    first, second = (kernel.name for kernel in report.kernels)
    assert [(d.op, d.kernels) for d in report.decisions] == [
        ("torch.aten.rms_norm", (first, second)),
        ("fanfold.tensor_quant", (first, second)),
    ]
    assert report.decisions[0].fused_with == ("fanfold.tensor_quant",)
    assert fanfold.Report.from_json(report.to_json()) == report


def test_absorbed_ops_are_no_row_wise_ops_but_activations_are() -> None:
    report = explain(lambda x: quant(norm((functional.silu(x) * 0.5).bfloat16() + 1)))
    assert [d.op for d in report.decisions] == ["aten.silu", "torch.aten.rms_norm", "fanfold.group_quant"]
    assert not report.missed
    assert "aten.mul.Scalar" in report.decisions[2].fused_with
    assert report.decisions[0].location == report.decisions[1].location
