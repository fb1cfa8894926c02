# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation in plain torch ops: one kernel, and eager's bits, codes and scales alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.quantisations import DTYPES, FP8, Module, Quantize, assert_same_bits, check, special


def _token(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / 448.0
    return (x.float() / scale).clamp(-448.0, 448.0).to(FP8), scale


def _scale_in_its_own_type(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(dim=-1, keepdim=True) / torch.finfo(FP8).max
    return (x / scale).clamp(-448, 448).to(FP8), scale


def _wide_quotient_of_a_narrow_scale(x: Tensor) -> tuple[Tensor, ...]:
    scale = (x.abs().amax(-1, keepdim=True) / 448).float()
    return (x.float() / scale).clamp(-448, 448).to(FP8), scale


def _reciprocal(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.float().abs().amax(-1, keepdim=True).clamp_min(1e-10) / 448
    return torch.clamp(x * (1 / scale), min=-448, max=448).to(FP8), scale


def _reciprocal_op(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.float().abs().amax(-1, keepdim=True) / 448
    return (scale.clamp(min=1e-8).reciprocal() * x.float()).clamp(-448, 448).to(FP8), scale.clamp(min=1e-8)


def _multiplier(x: Tensor) -> tuple[Tensor, ...]:
    multiplier = torch.tensor(448.0) / x.abs().amax(-1, keepdim=True).float().clamp(min=1e-12)
    return (x.float() * multiplier).clamp(-448, 448).to(FP8), multiplier.reciprocal()


def _max_dim(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().max(dim=-1, keepdim=True).values.float() / 448
    scale = torch.maximum(scale, torch.tensor(1e-6))
    low, high = torch.tensor(-448.0), torch.tensor(448.0)
    return torch.minimum(torch.maximum(x / scale, low), high).to(FP8), scale


def _both_ends(x: Tensor) -> tuple[Tensor, ...]:
    absmax = torch.maximum(x.amax(-1, keepdim=True), -x.amin(-1, keepdim=True))
    scale = absmax.float().clamp(min=1e-5) / 448
    return (x / scale).clamp_min(-448).clamp_max(448).to(FP8), scale


def _infinity_norm(x: Tensor) -> tuple[Tensor, ...]:
    scale = torch.linalg.vector_norm(x, ord=float("inf"), dim=-1, keepdim=True).float() / 448
    return (x.float() / scale).clamp(-448, 448).to(FP8), scale


def _dim_not_kept(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1).clamp(min=1e-4).float() / 448
    return (x.float() / scale.unsqueeze(-1)).clamp(-448, 448).to(FP8), scale


def _dim_not_kept_then_floored(x: Tensor) -> tuple[Tensor, ...]:
    absmax = x.abs().float().amax(dim=-1).unsqueeze(-1).clamp(1e-4)
    return (x / (absmax / 448.0)).to(FP8), (absmax / 448.0).squeeze(-1)


def _expanded(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).float() / 448
    return (x.float() / scale.expand_as(x)).clamp(-448, 448).to(FP8), scale


def _no_clamp_but_a_floor(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-4) / 448
    return (x / scale).to(FP8), scale


def _e5m2(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / 57344
    return (x.float() / scale).clamp(-57344, 57344).to(torch.float8_e5m2), scale


def _fnuz(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / 224
    return (x.float() / scale).clamp(-224, 224).to(torch.float8_e4m3fnuz), scale


def _int8(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(dim=-1, keepdim=True).float().clamp(min=1e-5) / 127
    return torch.round(x.float() / scale).clamp(-128, 127).to(torch.int8), scale


def _int8_symmetric(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax(dim=-1, keepdim=True) / 127
    return (x / scale).clamp(-127, 127).round().to(torch.int8), scale


SPELLINGS: list[Quantize] = [
    _token,
    _scale_in_its_own_type,
    _wide_quotient_of_a_narrow_scale,
    _reciprocal,
    _reciprocal_op,
    _multiplier,
    _max_dim,
    _both_ends,
    _infinity_norm,
    _dim_not_kept,
    _dim_not_kept_then_floored,
    _expanded,
    _no_clamp_but_a_floor,
    _e5m2,
    _fnuz,
    _int8,
    _int8_symmetric,
]


#: These return a copy of the scale in its own type, or its reciprocal, which IREE makes: one dispatch more.
NARROW = {_scale_in_its_own_type, _int8_symmetric}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_scale_for_each_row(dtype: torch.dtype) -> None:
    """Every spelling in bf16, and in f16 and f32 by turns."""
    chosen = [q for i, q in enumerate(SPELLINGS) if dtype in (torch.bfloat16, DTYPES[1 + i % 2])]
    more = sum(q is _multiplier or (q in NARROW and dtype != torch.float32) for q in chosen)
    check(chosen, dtype, more=more)


@pytest.mark.parametrize("width", [1, 37, 1537])
def test_odd_widths(width: int) -> None:
    check([_token], torch.bfloat16, width)


def test_leading_dims() -> None:
    check([_dim_not_kept], torch.bfloat16, 64, rank=3)


def test_static_shape_and_one_row() -> None:
    for shape in ((5, 128), (1, 128), (128,)):
        x = torch.randn(shape).bfloat16()
        model = Module(_token)
        exe = fanfold.compile(model, (x,))
        assert exe.report.dispatches == 1
        assert_same_bits(exe(x), model(x), str(shape))


def test_other_users_of_what_is_in_between() -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            absmax = x.abs().amax(-1, keepdim=True)
            scale = absmax.float().clamp(min=1e-12) / 448
            scaled = x.float() / scale
            return scaled.clamp(-448, 448).to(FP8), scale.squeeze(-1), absmax, scaled, scale * 2, x.abs()

    # Without denormals: what IREE computes flushes them.
    x = special(3, 64, torch.bfloat16, 0)
    exe = fanfold.compile(Model(), (x,))
    assert_same_bits(exe(x), Model()(x), "")


def test_several_conversions_by_one_scale() -> None:
    """Two formats, and the same one twice: one kernel."""

    class Model(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-6) / 448
            scaled = x.float() / scale
            q = scaled.clamp(-448, 448)
            return q.to(FP8), q.to(torch.float8_e5m2), (x.float() / scale).clamp(-448, 448).to(FP8), scale

    x = special(9, 64, torch.bfloat16, 0)
    exe = fanfold.compile(Model(), (x,))
    assert exe.report.kernel_dispatches == 1, str(exe.report)
    assert_same_bits(exe(x), Model()(x), "")
