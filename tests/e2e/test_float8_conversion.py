# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plain conversions between fp8 and wider types, over all of their values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import fanfold

FP8 = [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz]


class Convert(nn.Module):
    def __init__(self, *dtypes: torch.dtype) -> None:
        super().__init__()
        self.dtypes = dtypes

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(x.to(dtype) for dtype in self.dtypes)


class ConvertEach(nn.Module):
    """Several tensors, each to dtypes of its own: one compilation converts them all."""

    def __init__(self, *dtypes: tuple[torch.dtype, ...]) -> None:
        super().__init__()
        self.dtypes = dtypes

    def forward(self, inputs: list[Tensor]) -> list[tuple[Tensor, ...]]:
        return [tuple(x.to(dtype) for dtype in own) for x, own in zip(inputs, self.dtypes, strict=True)]


def same_bits(found: Tensor, expected: Tensor) -> bool:
    integer = {1: torch.uint8, 2: torch.int16, 4: torch.int32}[expected.element_size()]
    nan = expected.isnan()
    return torch.equal(found.isnan(), nan) and torch.equal(found.view(integer)[~nan], expected.view(integer)[~nan])


def every_code(dtype: torch.dtype) -> Tensor:
    """Return all values of an 8-bit dtype."""
    return torch.arange(256, dtype=torch.int16).to(torch.uint8).view(dtype)


def test_from_every_16_bit_value() -> None:
    every = torch.arange(-(2**15), 2**15, dtype=torch.int16)
    inputs = [every.clone().view(dtype).view(256, 256) for dtype in (torch.bfloat16, torch.float16)]
    model = ConvertEach(tuple(FP8), tuple(FP8))
    for x, found, expected in zip(inputs, fanfold.compile_and_run(model, (inputs,)), model(inputs), strict=True):
        for a, b in zip(found, expected, strict=True):
            assert same_bits(a, b), f"{x.dtype} to {b.dtype}"


def test_from_f32() -> None:
    torch.manual_seed(0)
    # All mantissas near the borders: the neighbours of every value half way between two codes.
    halves = torch.arange(0, 2**15, dtype=torch.int32) << 16
    near = torch.cat([halves + d for d in (-1, 0, 1)]).clamp(min=0).view(torch.float32)
    # A million bit patterns of all kinds, and as many within a few binades, where no random pattern often falls.
    patterns = torch.randint(-(2**31), 2**31, (10**6,)).to(torch.int32).view(torch.float32)
    ordinary = torch.ldexp(torch.rand(10**6) + 1, torch.randint(-20, 18, (10**6,)))
    x = torch.cat([near, -near, patterns, ordinary, -ordinary])
    exe = fanfold.compile(Convert(*FP8), (x,))
    for found, expected in zip(exe(x), Convert(*FP8)(x), strict=True):
        assert same_bits(found, expected), expected.dtype


def test_every_code() -> None:
    inputs = [every_code(dtype) for dtype in FP8]
    model = ConvertEach(*[(torch.float32, torch.bfloat16, torch.float16)] * len(FP8))
    for q, found, expected in zip(inputs, fanfold.compile_and_run(model, (inputs,)), model(inputs), strict=True):
        for a, b in zip(found, expected, strict=True):
            assert same_bits(a, b), f"{q.dtype} to {b.dtype}"


def same_codes(found: Tensor, expected: Tensor) -> bool:
    """Return whether fp8 tensors are equal byte for byte, NaNs apart."""
    nan = expected.float().isnan()
    equal = found.view(torch.uint8) == expected.view(torch.uint8)
    return torch.equal(found.float().isnan(), nan) and bool((equal | nan).all())


E8M0 = torch.float8_e8m0fnu


def test_integers_saturate() -> None:
    inputs = [torch.arange(-70000, 70000, 7, dtype=dtype) for dtype in (torch.int64, torch.int32)]
    inputs += [torch.arange(-128, 128).to(dtype) for dtype in (torch.int8, torch.uint8, torch.bool)]
    model = ConvertEach(*[(*FP8, E8M0)] * len(inputs))
    for x, found, expected in zip(inputs, fanfold.compile_and_run(model, (inputs,)), model(inputs), strict=True):
        for a, b in zip(found, expected, strict=True):
            assert same_codes(a, b), f"{x.dtype} to {b.dtype}"


def test_from_f64() -> None:
    """Eager rounds to f32 first."""
    codes = torch.arange(256, dtype=torch.int16).to(torch.uint8)
    values = torch.cat([codes.view(dtype).double() for dtype in FP8])
    values = values[values.isfinite()].unique()
    halves = (values[1:] + values[:-1]) / 2
    x = torch.cat([halves * (1 + s * 2.0**-e) for e in (22, 24, 25, 30, 52) for s in (-1, 0, 1)] + [values])
    x = torch.cat([x, torch.tensor([1e300, -1e300, float("inf"), float("nan"), 1e-300])])
    for found, expected in zip(fanfold.compile(Convert(*FP8, E8M0), (x,))(x), Convert(*FP8, E8M0)(x), strict=True):
        assert same_codes(found, expected), expected.dtype


def test_every_code_to_other_types() -> None:
    inputs = [every_code(dtype) for dtype in [*FP8, E8M0]]
    others = [tuple(other for other in [*FP8, E8M0] if other != q.dtype) for q in inputs]
    model = ConvertEach(*[(*own, torch.float64) for own in others])
    for q, own, results in zip(inputs, others, fanfold.compile_and_run(model, (inputs,)), strict=True):
        *found, double = results
        for one, other in zip(found, own, strict=True):
            assert same_codes(one, q.to(other)), f"{q.dtype} to {other}"
        # IREE takes 2^-127, a denormal f32, for zero on the way to f64.
        expected = torch.where(q.float() == 2.0**-127, 0.0, q.double())
        torch.testing.assert_close(double, expected, rtol=0, atol=0, equal_nan=True, msg=f"{q.dtype} to f64")


def test_every_finite_code_to_integers() -> None:
    inputs = [q[q.float().isfinite()] for q in map(every_code, FP8)]
    found = fanfold.compile_and_run(ConvertEach(*[(torch.int32,)] * len(FP8)), (inputs,))
    for q, (integers,) in zip(inputs, found, strict=True):
        assert torch.equal(integers, q.to(torch.int32)), q.dtype


def test_e8m0() -> None:
    """To the nearest power of two, half way upwards, without the sign."""
    x = torch.arange(0, 2**31, 65537, dtype=torch.int64).to(torch.int32).view(torch.float32)
    x = torch.cat([x, -x, torch.tensor([1.5, 3.0, 6.0, 2.0**-127, 1.5 * 2.0**127, 0.0, float("inf")])])
    (found,) = fanfold.compile_and_run(Convert(E8M0), (x,))
    assert torch.equal(found.view(torch.uint8), x.to(E8M0).view(torch.uint8))
    scales = torch.arange(256, dtype=torch.int16).to(torch.uint8).view(E8M0)
    wide = (torch.float32, torch.bfloat16)
    for back, expected in zip(fanfold.compile_and_run(Convert(*wide), (scales,)), Convert(*wide)(scales), strict=True):
        assert same_bits(back, expected), expected.dtype


def test_dequantised_nan() -> None:
    class Dequantise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            q, scales = torch.ops.fanfold.group_quant(x, 64)
            return q.float() * scales

    x = torch.randn(3, 64).bfloat16()
    x[1, 3] = float("nan")
    found, expected = fanfold.compile(Dequantise(), (x,))(x), Dequantise()(x)
    assert torch.equal(found.isnan(), expected.isnan())
    assert torch.equal(found[0], expected[0])
