# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the compilers below would do silently wrong. Each handling that is one place has a test that takes it away.

Flags are taken away in `test_compiler_flags.py`. Small constants are guarded twice, by a flag and by being parameters.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.norms import LlamaNorm


class NormAndQuantize(nn.Module):
    """Two rounding points to bf16, both inside the kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LlamaNorm(1024, torch.bfloat16)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.ops.fanfold.group_quant(self.norm(x), 128)


def differing(found: tuple[Tensor, Tensor], expected: tuple[Tensor, Tensor]) -> tuple[float, float]:
    """Return the fractions of bytes and of scales that differ."""
    values = (found[0].view(torch.uint8) != expected[0].view(torch.uint8)).float().mean().item()
    return values, (found[1] != expected[1]).float().mean().item()


def test_bf16_roundings_survive() -> None:
    model, x = NormAndQuantize(), torch.randn(64, 1024).bfloat16()
    assert max(differing(fanfold.compile_and_run(model, (x,)), model(x))) <= 1e-3


def test_bf16_roundings_need_their_handling(monkeypatch: pytest.MonkeyPatch) -> None:
    """With `truncf` and `extf` in their place, IREE drops the roundings, and the kernel keeps bf16 by cutting bits off.

    That is what the test above would see.
    """
    from torch_mlir import ir
    from torch_mlir.dialects import arith

    from fanfold.passes.kernel import formulas, values
    from fanfold.passes.kernel.emitter import Emitter

    def naive(e: Emitter, value: ir.Value, element: ir.Type) -> ir.Value:
        if isinstance(element, ir.F32Type):
            return value
        return arith.extf(e.like(value, e.f32), arith.truncf(e.like(value, element), value))

    monkeypatch.setattr(values, "round_to", naive)
    monkeypatch.setattr(formulas, "round_to", naive)
    model, x = NormAndQuantize(), torch.randn(64, 1024).bfloat16()
    bytes_, scales = differing(fanfold.compile_and_run(model, (x,)), model(x))
    assert bytes_ > 0.01
    assert scales > 0.4


class BetweenOps(nn.Module):
    """Rounding points of ops that IREE lowers, in front of a kernel and apart from any."""

    def forward(self, x: Tensor, y: Tensor, w: Tensor) -> tuple[Tensor, ...]:
        summed = torch.ops.fanfold.rms_norm(x, w, 1e-6) + w + w
        return (
            *torch.ops.fanfold.group_quant(summed, 128),
            (x + y) * y,
            x * 0.001 + y,
            x * 0.1,
            x / 3.3,
            x + 1.7,
            1.7 - x,
            torch.add(x, y, alpha=0.37),
            x - x.mean(-1, keepdim=True),
            x / (y.abs().sum(-1, keepdim=True) + 1),
            nn.functional.silu(x) * y,
            nn.functional.gelu(x) - y,
            ((x.float() + y.float()).to(torch.bfloat16).float() * y.float()).to(torch.bfloat16),
        )


def between_ops() -> tuple[nn.Module, tuple[Tensor, ...]]:
    return BetweenOps(), tuple(torch.randn(shape).bfloat16() for shape in ((16, 256), (16, 256), (256,)))


def test_bf16_roundings_between_ops_survive() -> None:
    model, args = between_ops()
    for found, expected in zip(fanfold.compile_and_run(model, args), model(*args), strict=True):
        assert (found.float() != expected.float()).float().mean() <= 1e-3


def test_bf16_roundings_between_ops_need_their_handling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pass, IREE drops them."""
    from fanfold.passes.keep_roundings import KeepRoundings

    monkeypatch.setattr(KeepRoundings, "run", lambda *_: 0)
    model, args = between_ops()
    # The first two results are a kernel's, which has taken the ops in front of it.
    found, expected = fanfold.compile_and_run(model, args)[2:], model(*args)[2:]
    assert (found[0] != expected[0]).float().mean() > 0.05


class Scaled(nn.Module):
    """A constant that is not representable in f32, in an op that IREE lowers."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 1.7


def test_f64_literals_are_rounded() -> None:
    x = torch.randn(1000)
    assert torch.equal(fanfold.compile_and_run(Scaled(), (x,)), x * 1.7)


class Attention(nn.Module):
    """The reduced case of the miscompiled softmax: two bounded dynamic dims."""

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return torch.softmax(q @ k.transpose(2, 3), -1)


def test_softmax_over_dynamic_dims() -> None:
    batch, sequence = torch.export.Dim("batch", min=1, max=64), torch.export.Dim("sequence", min=2, max=256)
    shapes = ({0: batch, 2: sequence}, {0: batch, 2: sequence})
    exe = fanfold.compile(Attention(), (torch.randn(2, 4, 16, 32), torch.randn(2, 4, 16, 32)), dynamic_shapes=shapes)
    for b, s in ((1, 7), (3, 33), (2, 100)):
        q, k = torch.randn(b, 4, s, 32), torch.randn(b, 4, s, 32)
        torch.testing.assert_close(exe(q, k), torch.softmax(q @ k.transpose(2, 3), -1), rtol=1e-5, atol=1e-6)


class SmallConstants(nn.Module):
    """bf16 constants of at most 256 bytes, which IREE would inline into a dispatch with the wrong type."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("small", torch.randn(32).bfloat16())
        self.register_buffer("largest", torch.randn(128).bfloat16())

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        inline = torch.tensor([0.5, 1.5, 2.5, 3.5], dtype=torch.bfloat16)
        return x[..., :32] * self.small, x[..., :4] * inline, x * self.largest


def test_small_bf16_constants() -> None:
    model, x = SmallConstants(), torch.randn(5, 128).bfloat16()
    for found, expected in zip(fanfold.compile_and_run(model, (x,)), model(x), strict=True):
        torch.testing.assert_close(found, expected, rtol=2**-7, atol=0)


class DoubleWeight(nn.Module):
    """An f64 parameter: demoted, its bytes would be read as f32."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(64, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight


def test_f64_parameters() -> None:
    model, x = DoubleWeight(), torch.randn(3, 64, dtype=torch.float64)
    assert torch.equal(fanfold.compile_and_run(model, (x,)), model(x))


class ProductAndSum(nn.Module):
    """A product, a sum and a quantisation in f32: each op rounds."""

    def forward(self, x: Tensor, r: Tensor, scale: Tensor) -> tuple[Tensor, ...]:
        y = x * r + x
        return y, torch.ops.fanfold.static_quant(y, scale), *torch.ops.fanfold.group_quant(y, 128, torch.int8)


def test_a_product_is_rounded_before_the_sum() -> None:
    """IREE marks products and sums as fit to be fused, which rounds once."""
    x, r = torch.randn(64, 256), torch.randn(64, 256)
    args = (x, r, torch.tensor([0.013]))
    exe = fanfold.compile(ProductAndSum(), args)
    assert exe.report.dispatches == 1
    for found, expected in zip(exe(*args), ProductAndSum()(*args), strict=True):
        assert torch.equal(found.view(torch.int8), expected.view(torch.int8))
