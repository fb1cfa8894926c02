# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers of converted kernels, on Intel's compiler: the bits that IEEE arithmetic and PyTorch have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from fanfold.passes.spirv import convert
from spirv.intel_cpu import IntelCpu
from spirv.vulkan import element, elementwise, module

COUNT = 1 << 16
Array = np.ndarray[Any, Any]


def any_floats(seed: int, dtype: type = np.float32) -> Array:
    """Every kind of float: random bits have not-a-numbers, infinities and denormals among them."""
    bits = {np.float32: np.uint32, np.float16: np.uint16}[dtype]
    return np.random.default_rng(seed).integers(0, np.iinfo(bits).max, COUNT, dtype=bits, endpoint=True).view(dtype)


def run(intel: IntelCpu, op: str, types: list[str], result: str, arrays: list[Array], dtype: type) -> Array:
    """Apply an op to arrays, element by element."""
    converted = convert(elementwise(op, types, result), 16)
    size = len(arrays[0])
    return intel.run(converted, (size // 16, 1, 1), [*arrays, np.zeros(size, dtype)])[-1]


def assert_same_bits(found: Array, expected: Array) -> None:
    """Compare bits; what is not a number is equal to any other such."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    bits = f"u{found.dtype.itemsize}"
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(found.view(bits)[numbers], expected.view(bits)[numbers])


def floored(remainder: Array, divisor: Array) -> Array:
    """Return the remainder that has the sign of the divisor."""
    return np.where((remainder != 0) & ((remainder < 0) != (divisor < 0)), remainder + divisor, remainder)


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        ("spirv.FDiv {0}, {1} : f32", lambda x, y: x / y),
        ("spirv.FMul {0}, {1} : f32", lambda x, y: x * y),
        ("spirv.FAdd {0}, {1} : f32", lambda x, y: x + y),
        ("spirv.GL.Sqrt {0} : f32", lambda x, _: np.sqrt(x)),
        ("spirv.GL.InverseSqrt {0} : f32", lambda x, _: np.float32(1) / np.sqrt(x)),
        ("spirv.FRem {0}, {1} : f32", np.fmod),
        ("spirv.FMod {0}, {1} : f32", lambda x, y: floored(np.fmod(x, y), y)),
        ("spirv.GL.RoundEven {0} : f32", lambda x, _: np.rint(x)),
        ("spirv.GL.Floor {0} : f32", lambda x, _: np.floor(x)),
        ("spirv.GL.Ceil {0} : f32", lambda x, _: np.ceil(x)),
        ("spirv.GL.Trunc {0} : f32", lambda x, _: np.trunc(x)),
        ("spirv.GL.FAbs {0} : f32", lambda x, _: np.abs(x)),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_rounded_as_ieee_has_it(intel: IntelCpu, op: str, expected: Any) -> None:
    x, y = any_floats(0), any_floats(1)
    types = ["f32", "f32"]
    assert_same_bits(run(intel, op, types, "f32", [x, y], np.float32), expected(x, y))


def test_denormals_are_kept(intel: IntelCpu) -> None:
    x = np.random.default_rng(0).integers(1, 1 << 22, COUNT, dtype=np.uint32).view(np.float32)
    assert_same_bits(run(intel, "spirv.FAdd {0}, {1} : f32", ["f32", "f32"], "f32", [x, x], np.float32), x + x)
    half = np.full_like(x, 0.5)
    assert_same_bits(run(intel, "spirv.FMul {0}, {1} : f32", ["f32", "f32"], "f32", [x, half], np.float32), x * half)


@pytest.mark.parametrize("op", ["ConvertFToS", "ConvertFToU"])
@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_narrow_integers_wrap_as_pytorchs_do(intel: IntelCpu, op: str, dtype: type) -> None:
    type_ = f"i{np.dtype(dtype).itemsize * 8}"
    x = np.random.default_rng(0).uniform(-1e5, 1e5, COUNT).astype(np.float32)
    found = run(intel, f"spirv.{op} {{0}} : f32 to {type_}", ["f32"], type_, [x], dtype)
    np.testing.assert_array_equal(found, x.astype(np.int32).astype(dtype))


def test_a_product_and_a_sum_are_rounded_apart(intel: IntelCpu) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, COUNT), np.float32)
    z = -(x * y)
    body = "".join(
        element(f"p{n}", n, "%global") + f'%x{n} = spirv.Load "StorageBuffer" %p{n} : f32\n' for n in range(3)
    )
    body += element("q", 3, "%global") + "%product = spirv.FMul %x0, %x1 : f32\n"
    body += '%sum = spirv.FAdd %product, %x2 : f32\nspirv.Store "StorageBuffer" %q, %sum : f32'
    converted = convert(module(body, ["f32"] * 4), 16)
    found = intel.run(converted, (COUNT // 16, 1, 1), [x, y, z, np.ones_like(x)])[-1]
    # What the rounding of the product lost would be left if the two were fused.
    np.testing.assert_array_equal(found, np.zeros_like(x))


def test_a_quotient_of_f16_is_correctly_rounded(intel: IntelCpu) -> None:
    x, y = any_floats(0, np.float16), any_floats(1, np.float16)
    found = run(intel, "spirv.FDiv {0}, {1} : f16", ["f16", "f16"], "f16", [x, y], np.float16)
    assert_same_bits(found, (x.astype(np.float64) / y.astype(np.float64)).astype(np.float16))


@pytest.mark.parametrize(
    ("name", "reference"),
    [("Exp", torch.exp), ("Sqrt", torch.sqrt), ("InverseSqrt", torch.rsqrt), ("Tanh", torch.tanh), ("Log", torch.log)],
)
def test_functions_of_f16_are_those_of_pytorch(intel: IntelCpu, name: str, reference: Any) -> None:
    x = any_floats(0, np.float16)
    found = run(intel, f"spirv.GL.{name} {{0}} : f16", ["f16"], "f16", [x], np.float16)
    expected = reference(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    # Two good functions of f32 differ where the value is all but half way between two f16.
    assert (found != expected)[~np.isnan(expected)].mean() < 1e-3
    np.testing.assert_allclose(found, expected, rtol=2**-10, atol=2**-24)


@pytest.mark.parametrize(
    ("name", "reference", "units"),
    [
        ("Exp", np.exp, 1.0),
        ("Exp2", np.exp2, 1.0),
        ("Log", np.log, 1.0),
        ("Log2", np.log2, 1.0),
        ("Sin", np.sin, 4.0),
        ("Cos", np.cos, 4.0),
        ("Tan", np.tan, 5.0),
        ("Tanh", np.tanh, 5.0),
        ("Sinh", np.sinh, 4.0),
        ("Cosh", np.cosh, 4.0),
        ("Asin", np.arcsin, 4.0),
        ("Acos", np.arccos, 4.0),
        ("Atan", np.arctan, 5.0),
        ("Asinh", np.arcsinh, 4.0),
        ("Acosh", np.arccosh, 4.0),
        ("Atanh", np.arctanh, 5.0),
    ],
)
def test_functions_are_within_opencls_error(intel: IntelCpu, name: str, reference: Any, units: float) -> None:
    x = (np.random.default_rng(0).standard_normal(COUNT) * 3).astype(np.float32)
    found = run(intel, f"spirv.GL.{name} {{0}} : f32", ["f32"], "f32", [x], np.float32).astype(np.float64)
    exact = reference(x.astype(np.float64))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(exact))
    numbers = np.isfinite(exact)
    assert numbers.any()
    error = np.abs(found - exact)[numbers] / np.spacing(np.abs(exact[numbers]).astype(np.float32))
    assert error.max() <= units


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("spirv.GL.NMax {0}, {1} : f32", [[NAN, 1, NAN, 2, -INF], [1, NAN, NAN, 3, 0]], [1, 1, NAN, 3, 0]),
        ("spirv.GL.NMin {0}, {1} : f32", [[NAN, 1, NAN, 2, -INF], [1, NAN, NAN, 3, 0]], [1, 1, NAN, 2, -INF]),
        ("spirv.GL.NClamp {0}, {1}, {2} : f32", [[5, -5, 0.5, NAN], [-1] * 4, [1] * 4], [1, -1, 0.5, -1]),
        ("spirv.GL.FSign {0} : f32", [[3, -3, 0.0, NAN, INF]], [1, -1, 0, NAN, 1]),
        ("spirv.GL.Fract {0} : f32", [[1.75, -1.75]], [0.75, 0.25]),
        ("spirv.GL.FMix {0} : f32, {1} : f32, {2} : f32 -> f32", [[2, 2], [4, 4], [0.25, 1]], [2.5, 4]),
        ("spirv.GL.Fma {0}, {1}, {2} : f32", [[3], [5], [-15]], [0]),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_special_values(intel: IntelCpu, op: str, operands: list[list[float]], expected: list[float]) -> None:
    arrays = [np.resize(np.array(values, np.float32), 16 * len(expected)) for values in operands]
    found = run(intel, op, ["f32"] * len(arrays), "f32", arrays, np.float32)
    np.testing.assert_array_equal(found, np.resize(np.array(expected, np.float32), len(found)))


@pytest.mark.parametrize(
    ("op", "operands", "expected"),
    [
        ("spirv.GL.FindUMsb {0} : i32", [[0, 1, 2, 255, -1]], [-1, 0, 1, 7, 31]),
        ("spirv.GL.FindSMsb {0} : i32", [[0, 1, -1, -2, 255, -256]], [-1, 0, -1, 0, 7, 7]),
        ("spirv.GL.FindILsb {0} : i32", [[0, 1, 12, -(2**31)]], [-1, 0, 2, 31]),
        ("spirv.GL.SAbs {0} : i32", [[3, -3]], [3, 3]),
        ("spirv.GL.SSign {0} : i32", [[3, -3, 0]], [1, -1, 0]),
        ("spirv.GL.SClamp {0}, {1}, {2} : i32", [[5, -5, 0], [-1] * 3, [1] * 3], [1, -1, 0]),
        ("spirv.GL.UClamp {0}, {1}, {2} : i32", [[5, -5, 0], [1] * 3, [7] * 3], [5, 7, 1]),
        ("spirv.GL.UMax {0}, {1} : i32", [[5, -5], [1, 1]], [5, -5]),
        ("spirv.GL.SMin {0}, {1} : i32", [[5, -5], [1, 1]], [1, -5]),
        ("spirv.SRem {0}, {1} : i32", [[7, -7, 7], [3, 3, -3]], [1, -1, 1]),
        ("spirv.SMod {0}, {1} : i32", [[7, -7, 7], [3, 3, -3]], [1, 2, -2]),
        ("spirv.BitCount {0} : i32", [[7, -1, 0]], [3, 32, 0]),
    ],
    ids=lambda value: value.split()[0] if isinstance(value, str) else "",
)
def test_integers(intel: IntelCpu, op: str, operands: list[list[int]], expected: list[int]) -> None:
    arrays = [np.resize(np.array(values, np.int32), 16 * len(expected)) for values in operands]
    found = run(intel, op, ["i32"] * len(arrays), "i32", arrays, np.int32)
    np.testing.assert_array_equal(found, np.resize(np.array(expected, np.int32), len(found)))
