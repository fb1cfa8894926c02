# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""SwiGLU in torch ops, of two tensors or of the slices of one: one kernel each, eager's numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own name for it
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_rounded

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
Gated = Callable[[Tensor, Tensor], Tensor]


def _silu_first(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate) * up


def _silu_last(gate: Tensor, up: Tensor) -> Tensor:
    return up * F.silu(gate)


def _all_in_f32(gate: Tensor, up: Tensor) -> Tensor:
    return (F.silu(gate.float()) * up.float()).to(gate.dtype)


def _silu_in_f32(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate.float()).to(gate.dtype) * up


def _f32_result(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate.float()) * up


def _sigmoid_in_f32(gate: Tensor, up: Tensor) -> Tensor:
    wide = gate.float()
    return up * (torch.sigmoid(wide) * wide).to(gate.dtype)


def _limited(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate.clamp(max=0.7)) * up.clamp(-0.7, 0.7)


def _limited_otherwise(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate.clamp(max=0.7)) * up.clamp(-0.5, 0.7)


FORMS: list[Gated] = [
    _silu_first,
    _silu_last,
    _all_in_f32,
    _silu_in_f32,
    _f32_result,
    _sigmoid_in_f32,
    _limited,
]


class Module(nn.Module):
    """One form, of two tensors."""

    def __init__(self, form: Gated) -> None:
        super().__init__()
        self.form = form

    def forward(self, gate: Tensor, up: Tensor) -> Tensor:
        return self.form(gate, up)


def special(rows: int, width: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Return rows with zeros of both signs, NaN, infinities, denormals and large values among them."""
    x = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed)) * 3
    values = [0.0, -0.0, float("nan"), float("inf"), -float("inf"), torch.finfo(dtype).tiny / 2, 90.0, -90.0, 1e4]
    flat = x.view(-1)
    for index, value in enumerate(values[: flat.numel()]):
        flat[(index * 7 + seed) % flat.numel()] = value
    return x.to(dtype)


class Together(nn.Module):
    """All forms side by side, each of two tensors of its own: one compilation tests them all."""

    def forward(self, pairs: list[tuple[Tensor, Tensor]]) -> list[Tensor]:
        return [form(gate, up) for form, (gate, up) in zip(FORMS, pairs, strict=True)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_two_tensors(dtype: torch.dtype) -> None:
    model = Together()
    rows = {0: torch.export.Dim("rows", min=0, max=4096)}
    width = 37
    example = [(torch.randn(4, width).to(dtype), torch.randn(4, width).to(dtype)) for _ in FORMS]
    exe = fanfold.compile(model, (example,), dynamic_shapes=([(rows, rows)] * len(FORMS),))
    assert exe.report.dispatches == len(FORMS), str(exe.report)
    assert len(exe.report.decisions) == len(FORMS), str(exe.report)
    assert all(d.kernel and not d.reason for d in exe.report.decisions), str(exe.report)
    for seed, count in enumerate((0, 1, 5, 67)):
        pairs = [(special(count, width, dtype, seed), special(count, width, dtype, seed + 100))] * len(FORMS)
        for form, found, expected in zip(FORMS, exe(pairs), model(pairs), strict=True):
            try:
                assert_rounded(found, expected)
            except AssertionError as error:
                raise AssertionError(f"{form.__name__}, {count} rows: {error}") from error


class Halves(nn.Module):
    """Gate and up are the halves of one tensor, cut in several ways."""

    def __init__(self, cut: str) -> None:
        super().__init__()
        self.cut = cut

    def forward(self, x: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        if self.cut == "chunk":
            gate, up = x.chunk(2, dim=-1)
        elif self.cut == "split":
            up, gate = x.split([half, half], dim=-1)
        else:
            gate, up = x[..., :half], x[..., half:]
        return F.silu(gate) * up


@pytest.mark.parametrize("cut", ["chunk", "split", "slice"])
def test_one_tensor(cut: str) -> None:
    """The slices cost no dispatch of their own."""
    model = Halves(cut)
    x = torch.randn(2, 5, 128).bfloat16()
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
    exe = fanfold.compile(model, (x,), dynamic_shapes=(sizes,))
    assert exe.report.dispatches == 1, str(exe.report)
    for shape in ((2, 5, 128), (1, 1, 128), (3, 33, 128)):
        x = torch.randn(shape).bfloat16()
        assert_rounded(exe(x), model(x))


def test_other_limits_stay_in_front() -> None:
    model = Module(_limited_otherwise)
    args = (torch.randn(4, 64).bfloat16(), torch.randn(4, 64).bfloat16())
    exe = fanfold.compile(model, args)
    assert all(d.kernel for d in exe.report.decisions)
    assert_rounded(exe(*args), model(*args))


def test_feed_forward() -> None:
    """Two projections, as in Llama's MLP, and a quantisation behind: one kernel of ours."""

    class FeedForward(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gate_proj = nn.Linear(64, 128, bias=False)
            self.up_proj = nn.Linear(64, 128, bias=False)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            y = F.silu(self.gate_proj(x)) * self.up_proj(x)
            scale = y.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / 448
            return (y / scale).clamp(-448, 448).to(torch.float8_e4m3fn), scale

    exe = fanfold.compile(FeedForward().bfloat16(), (torch.randn(4, 64).bfloat16(),))
    assert {d.kernel for d in exe.report.decisions} == {exe.report.decisions[0].kernel}, str(exe.report)
    assert exe.report.kernel_dispatches == 1


def test_shapes_that_differ_are_refused() -> None:
    model = Module(_silu_first)
    args = (torch.randn(4, 64), torch.randn(64))
    exe = fanfold.compile(model, args)
    (decision,) = (d for d in exe.report.decisions if d.op == "silu_mul (spelled out)")
    assert decision.kernel is None
    assert "shapes differ" in decision.reason
    assert "test_spelled_swiglu.py:" in decision.location
    assert_rounded(exe(*args), model(*args))


def test_a_rounded_sigmoid_and_gelu_are_other_functions() -> None:
    class Others(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
            return x * torch.sigmoid(x) * y, F.gelu(x) * y, F.silu(x), F.silu(F.silu(x))

    args = (torch.randn(4, 64).bfloat16(), torch.randn(4, 64).bfloat16())
    report = fanfold.compile(Others(), args).report
    assert not any("silu_mul" in d.op for d in report.decisions), str(report)


def test_ends_in_another_order_are_no_limit() -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return F.silu(x.clamp(max=-7.0)) * y.clamp(7.0, -7.0)

    args = (torch.randn(4, 64).bfloat16(), torch.randn(4, 64).bfloat16())
    assert_rounded(fanfold.compile(Model(), args)(*args), Model()(*args))


def test_a_product_of_complex_numbers_is_left_alone() -> None:
    """Rotary embeddings multiply them."""

    class Model(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.view_as_real(torch.view_as_complex(x) * torch.view_as_complex(y))

    args = (torch.randn(4, 32, 2), torch.randn(4, 32, 2))
    exe = fanfold.compile(Model(), args)
    assert not any("silu_mul" in d.op for d in exe.report.decisions)
    assert torch.allclose(exe(*args), Model()(*args), rtol=1e-5, atol=1e-6)
