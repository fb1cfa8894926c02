# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scales that are powers of two, packed exponents, and the memory layouts of scales."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

from fanfold import ops
from fanfold.ops.quantization import biased_exponents, round_up_to_power_of_two

INF, NAN = float("inf"), float("nan")
FORMATS = ["f32", "ue8m0", "ue8m0_packed"]
LAYOUTS = ["row", "column", "column_padded"]
SHAPES = [(3, 10), (4, 10), (1, 10), (5, 1), (2, 3, 10), (10,), (1,), (2, 1, 3), (0, 10), (3, 0), (2, 0, 10)]


def next_power(scale: float) -> float:
    """The power of two at or above an f32 number, from its exact mantissa."""
    if math.isnan(scale) or math.isinf(scale):
        return scale
    mantissa, exponent = math.frexp(scale)
    power = math.ldexp(1.0, exponent - 1 if mantissa == 0.5 else exponent)
    power = max(power, 2.0**-127) if scale else 2.0**-127
    return power if power < 2.0**128 else INF


def code(scale: float) -> int:
    power = next_power(scale)
    return 255 if math.isnan(power) or math.isinf(power) else round(math.log2(power)) + 127


def test_powers_of_two_stay_and_one_ulp_above_rounds_up() -> None:
    powers = torch.tensor([2.0**e for e in range(-127, 128)])
    assert torch.equal(round_up_to_power_of_two(powers), powers)
    assert biased_exponents(powers).tolist() == list(range(255))
    inf = torch.tensor(INF)
    above = torch.nextafter(powers, inf)
    assert round_up_to_power_of_two(above).tolist() == [*powers.tolist()[1:], INF]
    below = torch.nextafter(powers[1:], -inf)
    assert torch.equal(round_up_to_power_of_two(below), powers[1:])


def test_special_scales() -> None:
    scales = torch.tensor([0.0, 1e-45, 2.0**-128, 3.4e38, INF, NAN, -NAN])
    rounded = round_up_to_power_of_two(scales).tolist()
    assert rounded[:5] == [2.0**-127, 2.0**-127, 2.0**-127, INF, INF]
    assert all(map(math.isnan, rounded[5:]))
    assert biased_exponents(scales).tolist() == [0, 0, 0, 255, 255, 255, 255]


@pytest.mark.parametrize("seed", range(3))
def test_rounding_by_exact_mantissas(seed: int) -> None:
    torch.manual_seed(seed)
    scales = torch.randint(0, 0x7F800001, (2000,), dtype=torch.int32).view(torch.float32)
    assert round_up_to_power_of_two(scales).tolist() == [next_power(s) for s in scales.tolist()]
    assert biased_exponents(scales).tolist() == [code(s) for s in scales.tolist()]


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.int8])
@pytest.mark.parametrize(("width", "group"), [(16, 4), (10, 4), (36, 4), (1, 1), (3, 8)])
def test_values_are_quantised_with_the_rounded_scale(dtype: torch.dtype, width: int, group: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, width) * torch.tensor([[1e-3], [1.0], [1e4]])
    plain = ops.group_quant(x, group, dtype)[1]
    q, scales = ops.group_quant(x, group, dtype, scale_format="ue8m0")
    packed_q, packed = ops.group_quant(x, group, dtype, scale_format="ue8m0_packed")
    assert scales.tolist() == [[next_power(s) for s in row] for row in plain.tolist()]
    wide = scales.repeat_interleave(group, dim=1)[:, :width]
    values = x / wide
    assert torch.equal(q.float(), (values.round() if dtype == torch.int8 else values).to(dtype).float())
    assert torch.equal(packed_q.float(), q.float())
    assert packed.dtype == torch.int32
    for row, words in zip(plain.tolist(), packed.tolist(), strict=True):
        codes = [code(scale) for scale in row]
        codes += [0] * (-len(codes) % 4)
        wanted = [int.from_bytes(bytes(codes[i : i + 4]), "little", signed=True) for i in range(0, len(codes), 4)]
        assert words == wanted


@pytest.mark.parametrize("scale_format", ["ue8m0", "ue8m0_packed"])
def test_special_groups(scale_format: str) -> None:
    x = torch.tensor([[0.0, 0.0, NAN, 1.0, INF, 1.0, 1e-45, 0.0, 448.0, 1.0]])
    q, scales = ops.group_quant(x, 2, absmax_floor=0.0, scale_format=scale_format)
    assert q.float().isnan().tolist() == [[False, False, True, True, True, False, False, False, False, False]]
    assert q.float()[0, [0, 1, 5, 7, 8, 9]].tolist() == [0.0, 0.0, 0.0, 0.0, 448.0, 1.0]
    if scale_format == "ue8m0":
        assert scales[0, [0, 3, 4]].tolist() == [2.0**-127, 2.0**-127, 1.0]
        assert scales[0, 1].isnan()
        assert scales[0, 2] == INF
    else:
        assert list(scales.numpy().tobytes()) == [0, 255, 255, 0, 127, 0, 0, 0]
    for reciprocal in (False, True):
        zeros = ops.group_quant(
            torch.zeros(2, 4), 4, absmax_floor=0.0, reciprocal=reciprocal, scale_format=scale_format
        )
        assert zeros[0].float().tolist() == [[0.0] * 4] * 2


def test_token_scales() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 33)
    q, scales = ops.token_quant(x, scale_format="ue8m0")
    assert scales.flatten().tolist() == [next_power(s) for s in ops.token_quant(x)[1].flatten().tolist()]
    assert torch.equal(q.float(), (x / scales).to(torch.float8_e4m3fn).float())


def strides(shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    leading = shape[:-1]
    rows = math.prod(leading)
    outer = [math.prod(leading[i + 1 :]) for i in range(len(leading))]
    if layout == "row":
        return torch.empty([max(size, 1) for size in shape]).stride()
    return (*outer, math.ceil(rows / 4) * 4 if layout == "column_padded" else rows)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scale_format", FORMATS)
def test_layouts_hold_the_same_scales(shape: tuple[int, ...], layout: str, scale_format: str) -> None:
    x = torch.randn(shape)
    q, scales = ops.group_quant(x, 2, scale_format=scale_format, scale_layout=layout)
    wanted_q, wanted = ops.group_quant(x, 2, scale_format=scale_format)
    assert torch.equal(q.float(), wanted_q.float())
    assert torch.equal(scales, wanted)
    if x.numel():
        assert scales.stride() == strides(tuple(scales.shape), layout)
    if layout == "column_padded":
        rows = math.prod(shape[:-1])
        memory = scales.as_strided((scales.shape[-1], math.ceil(rows / 4) * 4), (math.ceil(rows / 4) * 4, 1))
        assert memory[:, rows:].count_nonzero() == 0


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scale_format", FORMATS)
def test_strides_with_dynamic_leading_dims(layout: str, scale_format: str) -> None:
    environment = ShapeEnv()
    mode = torch._subclasses.FakeTensorMode(shape_env=environment)
    dynamic: Any = StatelessSymbolicContext([DimDynamic.DYNAMIC, DimDynamic.DYNAMIC, DimDynamic.STATIC])
    x = torch.randn(3, 5, 10)
    with mode:
        fake = mode.from_tensor(x, symbolic_context=dynamic)
        scales = ops.group_quant(fake, 2, scale_format=scale_format, scale_layout=layout)[1]
    real = ops.group_quant(x, 2, scale_format=scale_format, scale_layout=layout)[1]
    assert any(isinstance(stride, torch.SymInt) for stride in scales.stride())
    assert tuple(map(int, scales.shape)) == tuple(real.shape)
    assert tuple(map(int, scales.stride())) == real.stride()
