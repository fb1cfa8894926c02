# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The norms and the activation, against independent formulas in f64 and at their rounding points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import functional

from fanfold import ops

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
SHAPES = [(8,), (3, 8), (2, 3, 5), (4, 1), (0, 8), (2, 0, 8), (3, 0)]


def exact_norm(x: torch.Tensor, weight: torch.Tensor | None, eps: float) -> torch.Tensor:
    x = x.double()
    y = x / (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return y if weight is None else y * weight.double()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_rms_norm_is_near_the_exact_result(dtype: torch.dtype, shape: tuple[int, ...], seed: int) -> None:
    torch.manual_seed(seed)
    x, w = torch.randn(shape).to(dtype), torch.randn(shape[-1]).to(dtype)
    tolerance = 2.1 * torch.finfo(dtype).eps
    for weight in (None, w):
        y = ops.rms_norm(x, weight, 1e-6)
        assert (y.dtype, y.shape) == (dtype, x.shape)
        torch.testing.assert_close(y.double(), exact_norm(x, weight, 1e-6), rtol=tolerance, atol=1e-6)


def test_rms_norm_rounds_the_normalised_value_to_the_weights_dtype() -> None:
    x, w = torch.randn(64, 256).to(torch.bfloat16), torch.randn(256)
    f = x.float()
    n = f * torch.rsqrt(f.square().mean(-1, keepdim=True) + 1e-6)
    twice = (n.bfloat16().float() * w.bfloat16().float()).bfloat16()
    once = (n * w).bfloat16()
    assert torch.equal(ops.rms_norm(x, w.bfloat16(), 1e-6), twice)
    assert torch.equal(ops.rms_norm(x, w, 1e-6), once)
    assert torch.equal(ops.rms_norm(x, None, 1e-6), n.bfloat16())
    # The rounding point is visible, and torch's own norm has none there.
    single = functional.rms_norm(x, (256,), w.bfloat16(), 1e-6)
    assert 0.5 < (single == twice).float().mean() < 0.99


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(3))
def test_add_rms_norm_reads_the_unrounded_sum(dtype: torch.dtype, seed: int) -> None:
    torch.manual_seed(seed)
    x, r, w = torch.randn(32, 64).to(dtype), torch.randn(32, 64).to(dtype), torch.randn(64).to(dtype)
    y, residual = ops.add_rms_norm(x, r, w, 1e-5)
    assert torch.equal(residual, x + r)
    s = x.float() + r.float()
    n = (s * torch.rsqrt(s.square().mean(-1, keepdim=True) + 1e-5)).to(dtype)
    assert torch.equal(y, (n.float() * w.float()).to(dtype))
    if dtype == torch.bfloat16:
        assert not torch.equal(y, ops.rms_norm(residual, w, 1e-5))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(3))
def test_gemmas_norm(dtype: torch.dtype, seed: int) -> None:
    torch.manual_seed(seed)
    x, w = torch.randn(32, 64).to(dtype), torch.randn(64).to(dtype)
    f = x.float()
    n = f * torch.rsqrt(f.square().mean(-1, keepdim=True) + 1e-6)
    assert torch.equal(ops.rms_norm(x, w, 1e-6, None, 1.0, False), (n * (1.0 + w.float())).to(dtype))
    rounded = (n.to(dtype).float() * (1.0 + w.float())).to(dtype)
    assert torch.equal(ops.rms_norm(x, w, 1e-6, weight_offset=1.0), rounded)
    zeros = torch.zeros_like(x)
    assert torch.equal(ops.add_rms_norm(x, zeros, w, 1e-6, weight_offset=1.0)[0], rounded)
    # Without an offset this is torch's own norm, which rounds once.
    once = ops.rms_norm(x, w, 1e-6, round_normalized=False)
    torch.testing.assert_close(once, functional.rms_norm(x, (64,), w, 1e-6), rtol=torch.finfo(dtype).eps, atol=0)


def test_offset_is_added_in_f32() -> None:
    # In bf16 the sum would be 1.
    w = torch.full((4,), 2.0**-10, dtype=torch.bfloat16)
    x = torch.full((1, 4), 3.0)
    assert ops.rms_norm(x, w, 0.0, weight_offset=1.0).tolist() == [[1.0 + 2.0**-10] * 4]


def test_variance_of_the_first_elements() -> None:
    x = torch.cat([torch.full((2, 4), 2.0), torch.full((2, 4), 100.0)], dim=-1)
    assert torch.equal(ops.rms_norm(x, None, 0.0, 4), x / 2)
    y, residual = ops.add_rms_norm(x, x, None, 0.0, 4)
    assert torch.equal(y, x / 2)
    assert torch.equal(residual, x * 2)
    assert torch.equal(ops.rms_norm(x, None, 0.0, 8), ops.rms_norm(x, None, 0.0))


def test_norm_edge_values() -> None:
    inf, nan = float("inf"), float("nan")
    zero = ops.rms_norm(torch.zeros(2, 4), torch.ones(4), 1e-6)
    assert torch.equal(zero, torch.zeros(2, 4))
    assert ops.rms_norm(torch.tensor([[1.0, nan], [2.0, 2.0]]), None, 0.0).isnan().tolist() == [
        [True, True],
        [False, False],
    ]
    assert ops.rms_norm(torch.tensor([1.0, inf]), None, 0.0).isnan().tolist() == [False, True]
    denormal = torch.full((4,), 1e-40)
    assert torch.equal(ops.rms_norm(denormal, None, 1e-6), denormal * torch.rsqrt(torch.tensor(1e-6)))
    assert ops.rms_norm(torch.tensor([-3.0]), None, 0.0).item() == pytest.approx(-1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("limit", [None, 1.5])
@pytest.mark.parametrize("seed", range(3))
def test_silu_and_mul(dtype: torch.dtype, limit: float | None, seed: int) -> None:
    torch.manual_seed(seed)
    x = (torch.randn(3, 5, 14) * 3).to(dtype)
    gate, value = x[..., :7].float(), x[..., 7:].float()
    if limit is not None:
        gate, value = gate.clamp(max=limit), value.clamp(-limit, limit)
    activated = functional.silu(gate).to(dtype).float()
    y = ops.silu_and_mul(x, limit)
    assert (y.dtype, y.shape) == (dtype, (3, 5, 7))
    torch.testing.assert_close(y, (activated * value).to(dtype), rtol=torch.finfo(dtype).eps, atol=1e-7)


def test_silu_edge_values() -> None:
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([[nan, 1.0, inf, -1000.0, 1.0, nan, 2.0, 3.0]])
    assert ops.silu_and_mul(x).isnan().tolist() == [[True, True, False, False]]
    assert ops.silu_and_mul(x, 4.0)[0, 2:].tolist() == pytest.approx([4 / (1 + 2.718281828**-4) * 2, 0.0])
    assert ops.silu_and_mul(torch.ones(2, 0)).shape == (2, 0)
    assert ops.silu_and_mul(torch.ones(0, 6)).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.rms_norm(x, torch.ones(7), 1e-6), r"rms_norm: bad shape of weight[^$]*\[8\][^$]*\[7\]"),
        (lambda x: ops.rms_norm(x, torch.ones(8).double(), 1e-6), "bad dtype of weight"),
        (lambda x: ops.rms_norm(x.double(), None, 1e-6), "bad dtype of x[^$]*float64"),
        (lambda x: ops.rms_norm(x.sum(), None, 1e-6), "bad rank of x"),
        (lambda x: ops.rms_norm(x, None, 1e-6, 9), "bad variance_size[^$]*1 to 8[^$]*9"),
        (lambda x: ops.rms_norm(x, None, 1e-6, 0), "bad variance_size"),
        (lambda x: ops.add_rms_norm(x, x, None, 1e-6, weight_offset=1.0), "add_rms_norm: bad weight_offset"),
        (lambda x: ops.add_rms_norm(x, x[:1], None, 1e-6), "bad shape of residual"),
        (lambda x: ops.add_rms_norm(x, x.half(), None, 1e-6), "bad dtype of residual"),
        (lambda x: ops.silu_and_mul(x[:, :3]), "bad width of x[^$]*even last dim[^$]*3"),
        (lambda x: ops.silu_and_mul(x, 0.0), "bad limit"),
        (lambda x: ops.silu_and_mul(x, float("nan")), "bad limit"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[torch.Tensor], Any], message: str) -> None:
    with pytest.raises(ops.ArgumentError, match=message):
        call(torch.ones(2, 8))
    # Tracing finds them as well.
    with pytest.raises(ops.ArgumentError, match=message), torch._subclasses.FakeTensorMode(allow_non_fake_inputs=True):
        call(torch.ones(2, 8))
