# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The comparison that the demo and the examples report sees what it must see, and their peers compute the same."""

from __future__ import annotations

import pytest
import torch

import fanfold  # noqa: F401 - registers torch.ops.fanfold
from fanfold.demo import build
from fanfold.trial import SAME_INPUT, Limits, compare, compare_accuracy, plain_group_quant


def fp8(*values: float) -> torch.Tensor:
    return torch.tensor(values).to(torch.float8_e4m3fn)


def test_equal_outputs_are_ok() -> None:
    outputs = (fp8(1.0, -2.0), torch.tensor([1e-3, 4.0]), torch.empty(0, 128, dtype=torch.bfloat16))
    found = compare(outputs, tuple(t.clone() for t in outputs))
    assert [c.differing for c in found] == [0.0, 0.0, 0.0]
    assert all(c.ok for c in found)


@pytest.mark.parametrize(
    ("expected", "found", "steps"),
    [(1.0, 1.125, 1), (448.0, 416.0, 1), (0.0, 2.0**-9, 1), (0.0, -0.0, 0), (2.0**-9, -(2.0**-9), 2), (1.0, 2.0, 8)],
)
def test_fp8_distance_counts_representable_values(expected: float, found: float, steps: int) -> None:
    (comparison,) = compare(fp8(found), fp8(expected))
    assert comparison.worst == steps


def test_one_flip_in_a_thousand_is_ok_and_two_steps_are_not() -> None:
    expected = fp8(*[1.0] * 2000)
    one_step, two_steps = expected.clone(), expected.clone()
    one_step[7], two_steps[7] = fp8(1.125)[0], fp8(1.25)[0]
    assert compare(one_step, expected)[0].ok
    assert not compare(two_steps, expected)[0].ok
    assert not compare(fp8(*[1.125] * 2000), expected)[0].ok


@pytest.mark.parametrize(
    "found",
    [torch.tensor([1.0, float("nan")]), torch.tensor([1.0, 2.1]), torch.tensor([1.0]), torch.tensor([1, 2])],
    ids=["nan", "far", "shape", "dtype"],
)
def test_wrong_floats_are_not_ok(found: torch.Tensor) -> None:
    limits = Limits(differing=1.0, steps=0, relative=SAME_INPUT.relative)
    assert not compare(found, torch.tensor([1.0, 2.0]), limits)[0].ok


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.bfloat16])
def test_nan_equals_nan_and_nothing_else(dtype: torch.dtype) -> None:
    limits = Limits(differing=1.0, steps=500, relative=1e9)
    largest = torch.finfo(dtype).max
    nan, *others = (torch.tensor([v]).to(dtype) for v in (float("nan"), largest, -largest, 0.0))
    assert compare(nan, nan, limits)[0].ok
    for other in others:
        assert not compare(nan, other, limits)[0].ok
        assert not compare(other, nan, limits)[0].ok


def test_infinity_equals_itself() -> None:
    inf, one = torch.tensor([float("inf"), 1.0]), torch.tensor([1.0, 1.0])
    assert compare(inf, inf)[0].ok
    assert not compare(inf, one)[0].ok
    assert not compare(one, inf)[0].ok
    assert not compare(-inf, inf)[0].ok


def test_accuracy_is_measured_against_eagers_own() -> None:
    reference = torch.tensor([3.0, 4.0])
    eager = reference + torch.tensor([0.01, 0.0])
    good, bad = reference + torch.tensor([0.0, 0.019]), reference + torch.tensor([0.0, 0.021])
    assert compare_accuracy(good, eager, reference)[0].ok
    assert compare_accuracy(eager, eager, reference)[0].ok
    assert not compare_accuracy(bad, eager, reference)[0].ok
    assert not compare_accuracy(torch.full((2,), torch.nan), eager, reference)[0].ok
    assert not compare_accuracy(good.bfloat16(), eager, reference)[0].ok
    assert not compare_accuracy(good[:1], eager, reference)[0].ok
    (accuracy,) = compare_accuracy(good, eager, reference)
    assert accuracy.own == pytest.approx((0.019 / 2**0.5 / 12.5**0.5, 0.019 / 12.5**0.5), rel=1e-3)


def test_accuracy_sees_many_small_errors_and_one_large() -> None:
    reference = torch.ones(1000)
    eager = reference.clone()
    eager[0] += 1.0
    assert not compare_accuracy(reference + 0.1, eager, reference)[0].ok
    assert compare_accuracy(reference + 0.05, eager, reference)[0].ok
    eager = reference + 0.1
    found = reference.clone()
    found[0] += 0.3
    assert not compare_accuracy(found, eager, reference)[0].ok


def test_missing_output_is_an_error() -> None:
    with pytest.raises(ValueError, match="longer"):
        compare((fp8(1.0),), (fp8(1.0), fp8(1.0)))


def test_competitor_computes_what_the_op_does() -> None:
    x = torch.randn(5, 512).bfloat16()
    x[0], x[1, 0] = 0, 1e30
    for plain, op in zip(plain_group_quant(x), torch.ops.fanfold.group_quant(x, 128), strict=True):
        assert torch.equal(plain.float(), op.float())


def test_model_and_competitor_have_the_same_weights() -> None:
    model, competitor = build(torch.ops.fanfold.group_quant, 256, 128), build(plain_group_quant, 256, 128)
    x = torch.randn(1, 3, 256).bfloat16()
    with torch.no_grad():
        assert all(c.differing == 0 for c in compare(model(x), competitor(x)))
