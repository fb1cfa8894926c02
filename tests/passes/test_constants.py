# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Numbers as tensors of each element type hold them."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest
import torch

from fanfold.passes.constants import has_numbers, rounded_to

FLOATS = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32, "f64": torch.float64}


@pytest.mark.parametrize("element", FLOATS)
@pytest.mark.parametrize("value", [0.0, 0.1, -126.6, 511.0, 2049.0, 1e-9, 7e4, 1e39, inf, -inf])
def test_floats(value: float, element: str) -> None:
    assert rounded_to(value, element) == torch.tensor(value, dtype=torch.float64).to(FLOATS[element]).item()
    assert isnan(rounded_to(nan, element))


@pytest.mark.parametrize(
    ("value", "element", "found"),
    [(511, "i64", 511), (16777217, "i32", 16777217), (-2.7, "i8", -2), (2.7, "ui8", 2), (5, "i1", 1), (0, "i1", 0)],
)
def test_integers(value: float, element: str, found: float) -> None:
    assert rounded_to(value, element) == found


@pytest.mark.parametrize("element", ["f8E4M3FN", "complex", ""])
def test_other_types(element: str) -> None:
    assert not has_numbers(element)
    with pytest.raises(ValueError, match="no rounding"):
        rounded_to(1.0, element)
