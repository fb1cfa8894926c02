# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation in plain torch ops that comes close: left to IREE, with the predicate that failed in the report."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.quantisations import FP8, Together, assert_same_bits


def _absmax(x: Tensor) -> Tensor:
    return x.abs().amax(-1, keepdim=True)


def _to_fp8(x: Tensor) -> Tensor:
    return x.clamp(-448, 448).to(FP8)


def _narrow_int8(x: Tensor) -> Tensor:
    return (x / (_absmax(x).clamp(min=1e-5) / 127)).round().to(torch.int8)


REFUSED: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "python quotient": (lambda x: _to_fp8(x * (448.0 / _absmax(x))), "x is multiplied by 448 * (1 / absmax)"),
    "absmax plus": (lambda x: _to_fp8(x / ((_absmax(x) + 1e-6) / 448)), "a number is added to absmax"),
    "scale plus": (lambda x: _to_fp8(x / (_absmax(x) / 448 + 1e-6)), "a number is added to the scale"),
    "times reciprocal": (lambda x: _to_fp8(x / (_absmax(x) * (1 / 448))), "absmax is multiplied by 0.00223214"),
    "where": (
        lambda x: _to_fp8(x / (torch.where(_absmax(x) == 0, 1.0, _absmax(x)) / 448)),
        "absmax goes through torch.where",
    ),
    "no clamp": (lambda x: (x / (_absmax(x) / 448)).to(FP8), "there is no clamp, and no floor keeps"),
    "another bound": (lambda x: (x / (_absmax(x) / 448)).clamp(-240, 240).to(FP8), "absmax is mapped to 448"),
    "rounded absmax": (lambda x: _to_fp8(x / (_absmax(x).bfloat16().float() / 448)), "absmax is rounded to bf16"),
    "another value": (lambda x: _to_fp8(x / (_absmax(x.bfloat16()).float() / 448)), "of another value than is scaled"),
    "power of two": (
        lambda x: _to_fp8(x / torch.exp2(torch.ceil(torch.log2(_absmax(x) / 448)))),
        "the scale is made by torch.aten.exp2",
    ),
    "capped": (lambda x: _to_fp8(x / (_absmax(x).clamp(max=5.0) / 448)), "absmax is clamped to 5 at most"),
    "square root": (
        lambda x: _to_fp8(x / (x.pow(2).amax(-1, keepdim=True).sqrt() / 448)),
        "made of what torch.aten.sqrt makes, not of max |x|",
    ),
    "topk": (lambda x: _to_fp8(x / (x.abs().topk(1, -1).values / 448)), "made of what torch.aten.topk makes"),
    "rounded twice": (
        lambda x: _to_fp8((x.half() / _absmax(x.half()) * 448).bfloat16()),
        "the scaled value is rounded to f16 and then to bf16",
    ),
    "ends in another order": (lambda x: (x / 0.1).clamp(5, -5).to(FP8), "clamped to 5 and -5"),
    "more dims than x": (
        lambda x: _to_fp8(x / (x.abs().amax() / 448).view(1, 1, 1)),
        "x is !torch.vtensor<[4,96],f32>, and with the dims of the scale it becomes !torch.vtensor<[1,4,96],f32>",
    ),
    "int8, clamped between integers": (
        lambda x: (x / 0.01).round().clamp(-126.7, 126.7).to(torch.int8),
        "rounded to integers and then clamped to -126.7, which is none",
    ),
    "int8, clamped between values of bf16": (
        lambda x: (x / 0.01).clamp(-126.6, 126.6).bfloat16().round().to(torch.int8),
        "clamped to -126.6 and then rounded to bf16, which does not have that number",
    ),
    "int8, rounded to integers and then to bf16": (
        lambda x: (x / (_absmax(x).clamp(min=1e-5) / 127)).round().bfloat16().to(torch.int8),
        "rounded to integers and then to bf16, which has no integers beyond 256 one apart",
    ),
    "int8, a narrow scale and no clamp": (
        lambda x: _narrow_int8(x.bfloat16()),
        "a scale in bf16 and a quotient in bf16 can round to more than 127",
    ),
    "int8, other ends": (lambda x: x.round().clamp(-128, 100).to(torch.int8), "clamped to -128 and 100"),
    "columns": (lambda x: _to_fp8(x / (x.abs().amax(0, keepdim=True) / 448)), "the last dim or all"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """One line in the report, with the predicate and the user's line."""
    quantize, reason = REFUSED[name]

    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return quantize(x)

    report = fanfold.explain(Model(), (torch.randn(4, 96),))
    (decision,) = (d for d in report.decisions if d.op == "quantize (spelled out)")
    assert decision.kernel is None
    assert reason in decision.reason
    assert "test_spelled_quantize_refused.py:" in decision.location


#: Those whose numbers are eager's all the same: their steps in the kernel's order would give others.
OTHERWISE_WRONG = [
    name for name in REFUSED if name.startswith("int8") or name in ("ends in another order", "rounded twice")
]


def test_numbers_of_the_refused() -> None:
    """IREE compiles them all, side by side."""
    model = Together([lambda x, f=f: (f(x),) for f, _ in REFUSED.values()])
    x = torch.randn(64, 96, generator=torch.Generator().manual_seed(0))
    x[:, 0] = -x.abs().amax(-1) * 1.1
    inputs = [x] * len(REFUSED)
    exe = fanfold.compile(model, ([x.clone() for _ in REFUSED],))
    assert not any(d.kernel for d in exe.report.decisions), str(exe.report)
    for name, found, expected in zip(REFUSED, exe(inputs), model(inputs), strict=True):
        if name in OTHERWISE_WRONG:
            assert_same_bits(found, expected, name)
