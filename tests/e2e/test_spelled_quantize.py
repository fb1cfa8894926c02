# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantisation in plain torch ops: one kernel, and eager's bits, codes and scales alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import fanfold

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
FP8 = torch.float8_e4m3fn
Quantize = Callable[[Tensor], tuple[Tensor, ...]]


def special(rows: int, width: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Return rows of many magnitudes, one each of zeros, with NaN, with infinity, of denormals and of large values."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, width, generator=generator) * torch.logspace(-4, 3, max(rows, 1)).unsqueeze(-1)[:rows]
    tiny = torch.finfo(dtype).tiny
    for row, value in enumerate((0.0, float("nan"), float("inf"), tiny / 3, -30000.0)):
        if row < rows:
            x[row, (seed + row) % width] = value
    if rows > 8:
        x[6], x[7] = 0, x[7].sign() * tiny / 5
    return x.to(dtype)


def check(model: nn.Module, dtype: torch.dtype, width: int = 128, rank: int = 2, *, dispatches: int = 1) -> None:
    """Compile with dynamic leading dims; compare the bits of all results over seeds and sizes."""
    names = {axis: torch.export.Dim(f"d{axis}", min=0 if axis == 0 else 1, max=512) for axis in range(rank - 1)}
    lead = (4, 3, 2)[: rank - 1]
    exe = fanfold.compile(model, (torch.randn(*lead, width).to(dtype),), dynamic_shapes=(names,))
    taken = [d for d in exe.report.decisions if d.op == "quantize (spelled out)"]
    assert len(taken) == 1, str(exe.report)
    assert taken[0].kernel, str(exe.report)
    assert not taken[0].reason, str(exe.report)
    assert exe.report.dispatches == dispatches, str(exe.report)
    for seed, rows in enumerate((0, 1, 5, 40)):
        x = special(rows * (2 if rank > 2 else 1), width, dtype, seed)
        x = x.reshape(rows, *((2,) if rank > 2 else ()), *(1,) * (rank - 3), width)
        assert_same_bits(exe(x), model(x), f"{rows} rows")


def assert_same_bits(found: tuple[Tensor, ...], expected: tuple[Tensor, ...], where: str) -> None:
    for index, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        x, y = (a, b) if a.dtype == torch.int8 else (a.float(), b.float())
        same = (
            (x == y) if a.dtype == torch.int8 else ((x == y) & (x.signbit() == y.signbit())) | (x.isnan() & y.isnan())
        )
        assert same.all(), f"result {index}, {where}: {int((~same).sum())} of {same.numel()} differ"


class Module(nn.Module):
    """One spelling."""

    def __init__(self, quantize: Quantize) -> None:
        super().__init__()
        self.quantize = quantize

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.quantize(x)


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


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("quantize", SPELLINGS, ids=lambda f: f.__name__)
def test_a_scale_for_each_row(quantize: Quantize, dtype: torch.dtype) -> None:
    """One kernel; a narrow copy of the scale, or its reciprocal, that the model returns is one dispatch more."""
    narrow_scale = quantize in (_scale_in_its_own_type, _int8_symmetric) and dtype != torch.float32
    check(Module(quantize), dtype, dispatches=2 if narrow_scale or quantize is _multiplier else 1)


@pytest.mark.parametrize("width", [1, 37, 1537])
def test_odd_widths(width: int) -> None:
    check(Module(_token), torch.bfloat16, width)


def test_leading_dims() -> None:
    check(Module(_dim_not_kept), torch.bfloat16, 64, rank=3)


def test_static_shape_and_one_row() -> None:
    for shape in ((5, 128), (1, 128), (128,)):
        x = torch.randn(shape).bfloat16()
        model = Module(_token)
        exe = fanfold.compile(model, (x,))
        assert exe.report.dispatches == 1
        assert_same_bits(exe(x), model(x), str(shape))


def _group(x: Tensor) -> tuple[Tensor, ...]:
    grouped = x.view(*x.shape[:-1], x.shape[-1] // 32, 32)
    scale = grouped.abs().amax(-1, keepdim=True).float().clamp(1e-4) / 448
    q = (grouped.float() / scale).clamp(-448, 448).view(x.shape).to(FP8)
    return q, scale.squeeze(-1)


def _group_magnitudes_first(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().view(-1, x.shape[-1] // 32, 32).amax(-1).clamp(1e-4).float() / 448
    q = (x.view(-1, x.shape[-1] // 32, 32) / scale.unsqueeze(-1)).clamp(-448, 448).to(FP8)
    return q.view(x.shape), scale


def _group_repeated(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.view(*x.shape[:-1], x.shape[-1] // 32, 32).abs().amax(-1).float().clamp(1e-6) / 448
    return (x.float() / scale.repeat_interleave(32, -1)).clamp(-448, 448).to(FP8), scale


def _group_expanded(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.view(*x.shape[:-1], x.shape[-1] // 32, 32).abs().amax(-1, keepdim=True).float() / 448
    return (x.float() / scale.expand(-1, -1, 32).reshape(x.shape)).clamp(-448, 448).to(FP8), scale


GROUPS = [_group, _group_magnitudes_first, _group_repeated, _group_expanded]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("quantize", GROUPS, ids=lambda f: f.__name__)
def test_groups_are_rows(quantize: Quantize, dtype: torch.dtype) -> None:
    check(Module(quantize), dtype)


def _whole(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().max().float().clamp(min=1e-12) / 448
    return (x.float() / scale).clamp(-448, 448).to(FP8), scale


def _whole_narrow(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax() / 448
    return (x / scale).clamp(-448, 448).to(FP8), scale


def _whole_kept(x: Tensor) -> tuple[Tensor, ...]:
    scale = x.abs().amax((0, 1), keepdim=True).float() / 448
    return (x * scale.reciprocal()).clamp(-448, 448).to(FP8), scale


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("quantize", [_whole, _whole_narrow, _whole_kept], ids=lambda f: f.__name__)
def test_one_scale_for_all(quantize: Quantize, dtype: torch.dtype) -> None:
    """The absmax is a reduction over all rows: more than one dispatch."""
    model = Module(quantize)
    rows = {0: torch.export.Dim("rows", min=1, max=512)}
    exe = fanfold.compile(model, (torch.randn(4, 96).to(dtype),), dynamic_shapes=(rows,))
    assert all(d.kernel for d in exe.report.decisions), str(exe.report)
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        x = (torch.randn(1 + 9 * seed, 96, generator=generator) * 10.0**seed).to(dtype)
        assert_same_bits(exe(x), model(x), f"seed {seed}")
    zeros = torch.zeros(3, 96, dtype=dtype)
    assert_same_bits(exe(zeros), model(zeros), "zeros")


class Static(nn.Module):
    """Given scales: a buffer, an argument, numbers, in all forms."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor([0.37]))

    def forward(self, x: Tensor, given: Tensor) -> tuple[Tensor, ...]:
        results = [
            x.float() / self.scale,
            x * self.scale,
            x / given,
            x.float() * given,
            x.float() * (1 / given),
            x / 0.3,
            x * 17.0,
            x,
            x / given.to(x.dtype),
        ]
        return tuple(v.clamp(-448, 448).to(FP8) for v in results)


@pytest.mark.parametrize("given", [torch.tensor(0.71), torch.tensor([[0.71]])], ids=["rank 0", "rank 2"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_given_scales(dtype: torch.dtype, given: Tensor) -> None:
    model = Static()
    rows = {0: torch.export.Dim("rows", min=0, max=512)}
    exe = fanfold.compile(model, (torch.randn(4, 64).to(dtype), given), dynamic_shapes=(rows, None))
    assert all(d.kernel and not d.reason for d in exe.report.decisions), str(exe.report)
    assert exe.report.kernel_dispatches == 1
    for seed, count in enumerate((0, 1, 9)):
        x = special(count, 64, dtype, seed)
        scale = given * (seed + 1)
        assert_same_bits(exe(x, scale), model(x, scale), f"{count} rows")


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


def test_behind_a_norm() -> None:
    """The norm and the quantisation share a kernel."""

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.RMSNorm(128, dtype=torch.bfloat16)

        def forward(self, x: Tensor) -> tuple[Tensor, ...]:
            return _group(self.norm(x))

    exe = fanfold.compile(Model(), (torch.randn(2, 4, 128).bfloat16(),))
    assert exe.report.dispatches == 1, str(exe.report)


def _absmax(x: Tensor) -> Tensor:
    return x.abs().amax(-1, keepdim=True)


def _to_fp8(x: Tensor) -> Tensor:
    return x.clamp(-448, 448).to(FP8)


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
    "int8 without a floor": (
        lambda x: (x / (_absmax(x) / 127)).round().clamp(-128, 127).to(torch.int8),
        "a clamp to -128 and 127, and no floor",
    ),
    "int8 with a given scale": (
        lambda x: (x / 0.1).round().clamp(-128, 127).to(torch.int8),
        "clamped to -128 and 127, not to the same magnitude",
    ),
    "columns": (lambda x: _to_fp8(x / (x.abs().amax(0, keepdim=True) / 448)), "the last dim or all"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """One line in the report, with the predicate and the user's line; the numbers are IREE's."""
    quantize, reason = REFUSED[name]

    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return quantize(x)

    exe = fanfold.compile(Model(), (torch.randn(4, 96),))
    (decision,) = exe.report.decisions
    assert (decision.op, decision.kernel) == ("quantize (spelled out)", None)
    assert reason in decision.reason
    assert "test_spelled_quantize.py:" in decision.location
