# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The quantisations: against scalar Python arithmetic, at edge values, and with wrong arguments."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fanfold import ops

INF, NAN = float("inf"), float("nan")
FP8 = [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz]
BOUNDS = {**{dtype: torch.finfo(dtype).max for dtype in FP8}, torch.int8: 127}


def f32(value: float) -> float:
    return torch.tensor(value, dtype=torch.float32).item()


@pytest.mark.parametrize("dtype", [*FP8, torch.int8])
@pytest.mark.parametrize(("width", "group"), [(16, 4), (10, 4), (7, 7), (3, 8), (5, 1), (1, 1)])
@pytest.mark.parametrize("reciprocal", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_group_quant_by_scalar_arithmetic(
    dtype: torch.dtype, width: int, group: int, reciprocal: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    x = (torch.randn(2, 3, width) * 10).to(torch.bfloat16)
    q, scales = ops.group_quant(x, group, dtype, reciprocal=reciprocal)
    groups = math.ceil(width / group)
    assert (q.dtype, q.shape, scales.dtype, scales.shape) == (dtype, x.shape, torch.float32, (2, 3, groups))
    assert q.is_contiguous()
    assert scales.is_contiguous()
    for row, row_q, row_s in zip(
        x.reshape(6, width).tolist(),
        q.float().reshape(6, width).tolist(),
        scales.reshape(6, groups).tolist(),
        strict=True,
    ):
        for g, scale in enumerate(row_s):
            part = slice(g * group, (g + 1) * group)
            assert scale == f32(max(abs(v) for v in row[part]) / BOUNDS[dtype])
            for value, got in zip(row[part], row_q[part], strict=True):
                scaled = f32(value * f32(1 / scale)) if reciprocal else f32(value / scale)
                scaled = min(max(scaled, -BOUNDS[dtype]), BOUNDS[dtype])
                rounded = round(scaled) if dtype == torch.int8 else torch.tensor(scaled).to(dtype).float().item()
                assert got == rounded


def test_group_quant_floors_and_bound() -> None:
    x = torch.tensor([[0.0, 0.0, 1.0, -4.0]])
    q, scales = ops.group_quant(x, 2)
    assert scales.tolist() == [[f32(f32(1e-10) / 448), f32(4 / 448)]]
    assert q.float().tolist() == [[0.0, 0.0, 112.0, -448.0]]
    assert ops.group_quant(x, 2, absmax_floor=8.0)[1].tolist() == [[f32(8 / 448)] * 2]
    assert ops.group_quant(x, 2, scale_floor=0.5)[1].tolist() == [[0.5, 0.5]]
    q, scales = ops.group_quant(x, 2, bound=100.0)
    assert scales[0, 1].item() == f32(4 / 100)
    assert q.float()[0].tolist()[2:] == [24.0, -96.0]  # 25 and 100, rounded to fp8: ties go to even
    q, scales = ops.group_quant(x, 2, absmax_floor=0.0)
    assert scales[0, 0].item() == 0.0
    assert q.float()[0, :2].isnan().all()


@pytest.mark.parametrize("reciprocal", [False, True])
def test_group_quant_edge_values(reciprocal: bool) -> None:
    x = torch.tensor([[1.0, NAN, 3.0, 4.0], [INF, 1.0, -INF, 2.0], [1e-40, 0.0, 1e30, -3e38]])
    q, scales = ops.group_quant(x, 2, reciprocal=reciprocal)
    q = q.float()
    assert scales[0, 0].isnan()
    assert scales[0, 1].item() == f32(4 / 448)
    assert q[0, :2].isnan().all()
    assert q[0, 3].item() == 448.0
    assert scales[1].tolist() == [INF, INF]
    assert q[1].isnan().tolist() == [True, False, True, False]
    assert q[1, 1].item() == q[1, 3].item() == 0.0
    assert q[2, 3].item() == -448.0
    codes, _ = ops.group_quant(x, 2, torch.int8, reciprocal=reciprocal)
    assert codes[0].tolist()[:2] == [0, 0]
    assert codes[1].tolist() == [0, 0, 0, 0]


def test_int8_rounds_half_to_even_and_is_symmetric() -> None:
    x = torch.tensor([127.0, 0.5, 1.5, 2.5, -0.5, -1.5, -127.0])
    assert ops.group_quant(x, 7, torch.int8)[0].tolist() == [127, 0, 2, 2, 0, -2, -127]
    assert ops.static_quant(torch.tensor([-1000.0, 1000.0]), torch.tensor(1.0), torch.int8).tolist() == [-127, 127]


@pytest.mark.parametrize("dtype", [*FP8, torch.int8])
@pytest.mark.parametrize("seed", range(3))
def test_token_quant(dtype: torch.dtype, seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.randn(4, 2, 33).to(torch.float16)
    x[0, 0] = 0
    bound = BOUNDS[dtype]
    q, scales = ops.token_quant(x, dtype)
    assert (q.shape, q.dtype, scales.shape) == (x.shape, dtype, (4, 2, 1))
    absmax = x.float().abs().amax(-1, keepdim=True)
    wanted = torch.maximum(absmax / bound, torch.tensor(1 / (bound * 512)))
    assert torch.equal(scales, wanted)
    scaled = (x.float() * (1 / wanted)).clamp(-bound, bound)
    assert torch.equal(q.float(), (scaled.round() if dtype == torch.int8 else scaled).to(dtype).float())


def test_token_quant_upper_bound_and_floor() -> None:
    x = torch.tensor([[4.0, -1.0], [0.5, NAN], [0.0, 0.0]])
    q, scales = ops.token_quant(x, scale_ub=torch.tensor([2.0]))
    assert scales[0].item() == f32(2 / 448)
    assert q.float()[0].tolist() == [448.0, -224.0]
    assert scales[1].isnan()
    assert scales[2].item() == f32(1 / (448 * 512))
    assert ops.token_quant(x, scale_floor=0.25)[1][2].item() == 0.25
    divided = ops.token_quant(torch.randn(64, 64), reciprocal=False)[0].float()
    assert divided.isfinite().all()


@pytest.mark.parametrize("dtype", [*FP8, torch.int8])
@pytest.mark.parametrize("reciprocal", [False, True])
def test_tensor_quant(dtype: torch.dtype, reciprocal: bool) -> None:
    torch.manual_seed(0)
    x, bound = torch.randn(4, 2, 33).to(torch.bfloat16), BOUNDS[dtype]
    q, scale = ops.tensor_quant(x, dtype, reciprocal=reciprocal)
    assert (q.dtype, q.shape, scale.shape) == (dtype, x.shape, (1,))
    assert scale.item() == f32(x.abs().max().item() / bound)
    assert torch.equal(q.float(), ops.static_quant(x, scale, dtype, reciprocal=reciprocal).float())
    # One row of it is a token.
    row, row_scale = ops.token_quant(x[0, 0], dtype, reciprocal=reciprocal)
    same, same_scale = ops.tensor_quant(x[0, 0], dtype, reciprocal=reciprocal)
    assert torch.equal(row.float(), same.float())
    assert torch.equal(row_scale, same_scale)


def test_tensor_quant_edge_values() -> None:
    q, scale = ops.tensor_quant(torch.tensor([[0.0, 0.0], [NAN, 1.0]]))
    assert scale.isnan().all()
    assert q.float().isnan().all()
    assert ops.tensor_quant(torch.tensor([1.0, NAN]), torch.int8)[0].tolist() == [0, 0]
    q, scale = ops.tensor_quant(torch.tensor([INF, 1.0]))
    assert (scale.item(), q.float().isnan().tolist(), q.float()[1].item()) == (INF, [True, False], 0.0)
    q, scale = ops.tensor_quant(torch.zeros(3, 3))
    assert (scale.item(), q.float().abs().max().item()) == (f32(1 / (448 * 512)), 0.0)
    assert ops.tensor_quant(torch.ones(2), scale_floor=0.5)[1].item() == 0.5
    assert ops.tensor_quant(torch.full((2,), 449.0), scale_format="ue8m0")[1].item() == 2.0


@pytest.mark.parametrize("scale", [torch.tensor(3.0), torch.tensor([3.0]), torch.tensor([[3.0]])])
def test_static_quant(scale: torch.Tensor) -> None:
    x = torch.tensor([0.0, 1.0, -2000.0, NAN, INF], dtype=torch.bfloat16)
    q = ops.static_quant(x, scale)
    third = f32(1 / 3)
    assert q[:3].float().tolist() == [0.0, torch.tensor(third).to(torch.float8_e4m3fn).float().item(), -448.0]
    assert q.float()[3].isnan()
    assert q.float()[4].item() == 448.0
    assert ops.static_quant(x, scale, bound=64.0).float()[2].item() == -64.0


def test_static_quant_multiplies_or_divides() -> None:
    scale, x = torch.tensor([61.0]), torch.arange(-150.0, 150.0) * 30.5
    products, quotients = (ops.static_quant(x, scale, torch.int8, reciprocal=r).float() for r in (True, False))
    assert torch.equal(quotients, (x / 61).round().clamp(-127, 127))
    assert torch.equal(products, (x * torch.tensor(1 / 61)).round().clamp(-127, 127))
    # The rounded reciprocal misses some ties, which division finds.
    assert not torch.equal(products, quotients)


@pytest.mark.parametrize("shape", [(0, 8), (2, 0, 8), (3, 0), (0,), (0, 0)])
def test_empty_tensors(shape: tuple[int, ...]) -> None:
    x = torch.ones(shape)
    q, scales = ops.group_quant(x, 4)
    assert (q.shape, scales.shape) == (x.shape, (*shape[:-1], -(-shape[-1] // 4)))
    q, scales = ops.token_quant(x)
    assert (q.shape, scales.shape) == (x.shape, (*shape[:-1], 1))
    assert ops.static_quant(x, torch.tensor(1.0)).shape == x.shape
    q, scales = ops.tensor_quant(x)
    assert (q.shape, scales.shape, scales.item()) == (x.shape, (1,), f32(1 / (448 * 512)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: ops.group_quant(x, 0), "group_quant: bad group_size[^$]*at least 1[^$]*0"),
        (lambda x: ops.group_quant(x, 4, torch.float16), "bad dtype[^$]*float8_e4m3fn[^$]*float16"),
        (lambda x: ops.group_quant(x.int(), 4), "bad dtype of x"),
        (lambda x: ops.group_quant(x, 4, bound=449.0), "bad bound"),
        (lambda x: ops.group_quant(x, 4, bound=0.0), "bad bound"),
        (lambda x: ops.group_quant(x, 4, absmax_floor=-1.0), "bad absmax_floor"),
        (lambda x: ops.group_quant(x, 4, scale_floor=NAN), "bad scale_floor"),
        (lambda x: ops.group_quant(x, 4, absmax_floor=1e39), "bad absmax_floor[^$]*a finite f32 >= 0[^$]*1e\\+39"),
        (lambda x: ops.token_quant(x, scale_floor=math.inf), "bad scale_floor"),
        (lambda x: ops.static_quant(x, torch.ones(1), bound=1e-39), r"bad bound[^$]*2\^-126 to 448\.0[^$]*1e-39"),
        (lambda x: ops.group_quant(x, 4, scale_format="e8m0"), "bad scale_format[^$]*'ue8m0_packed'[^$]*'e8m0'"),
        (lambda x: ops.group_quant(x, 4, scale_layout="rows"), "bad scale_layout[^$]*'column'[^$]*'rows'"),
        (lambda x: ops.token_quant(x, scale_format="ue8m0_packed"), "bad scale_format[^$]*'ue8m0_packed'"),
        (lambda x: ops.tensor_quant(x, scale_format="ue8m0_packed"), "tensor_quant: bad scale_format"),
        (lambda x: ops.tensor_quant(x, scale_floor=-1.0), "bad scale_floor"),
        (lambda x: ops.tensor_quant(x, bound=500.0), "bad bound"),
        (lambda x: ops.tensor_quant(x.sum()), "bad rank of x"),
        (lambda x: ops.token_quant(x, scale_ub=torch.ones(2)), "bad shape of scale_ub"),
        (lambda x: ops.token_quant(x, scale_ub=torch.ones(1).double()), "bad dtype of scale_ub"),
        (lambda x: ops.token_quant(x, scale_floor=-1.0), "bad scale_floor"),
        (lambda x: ops.static_quant(x, torch.ones(2)), "bad shape of scale"),
        (lambda x: ops.static_quant(x, torch.ones(1).bfloat16()), "bad dtype of scale"),
        (lambda x: ops.static_quant(x[0, 0], torch.ones(1)), "bad rank of x"),
    ],
)
def test_wrong_arguments_are_named(call: Callable[[torch.Tensor], Any], message: str) -> None:
    with pytest.raises(ops.ArgumentError, match=message):
        call(torch.ones(2, 8))
    with pytest.raises(ops.ArgumentError, match=message), torch._subclasses.FakeTensorMode(allow_non_fake_inputs=True):
        call(torch.ones(2, 8))
