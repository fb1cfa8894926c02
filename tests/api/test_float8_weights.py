# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights from one fp8 flavour to the other, over all codes."""

from __future__ import annotations

import pytest
import torch

from fanfold.errors import TargetError
from fanfold.float8 import COUNTERPARTS, DTYPES, FLAVOURS, Float8Choice
from fanfold.float8_weights import converted_weight

CODES = torch.arange(256, dtype=torch.int16).to(torch.uint8)


@pytest.mark.parametrize("element", DTYPES)
def test_every_code_keeps_its_value_for_another_scale_or_is_refused(element: str) -> None:
    other = next(types for types in FLAVOURS.values() if element not in types)
    dtype, to = (getattr(torch, DTYPES[name]) for name in (element, COUNTERPARTS[element]))
    choice = Float8Choice("there", other, converts=True)
    factor = 2.0 if element in FLAVOURS["ocp"] else 0.5
    refused = []
    for code in CODES:
        weight = code.reshape(1).view(dtype)
        try:
            found = converted_weight("w", weight, choice)
        except TargetError:
            refused.append(int(code))
            continue
        assert found.dtype == to
        torch.testing.assert_close(found.float() * factor, weight.float(), rtol=0, atol=0, equal_nan=True)
    # Infinities, and what the other type does not reach.
    assert (
        refused
        == {
            "f8E4M3FN": [],
            "f8E5M2": [0x7C, 0xFC],
            "f8E4M3FNUZ": [0x7F, 0xFF],
            "f8E5M2FNUZ": [0x7C, 0x7D, 0x7E, 0x7F, 0xFC, 0xFD, 0xFE, 0xFF],
        }[element]
    )


def test_bytes_are_kept() -> None:
    weight = CODES.view(torch.float8_e4m3fn).view(16, 16)
    found = converted_weight("w", weight, Float8Choice("there", FLAVOURS["fnuz"], converts=True))
    changed = (found.view(torch.uint8) != CODES.view(16, 16)).flatten().nonzero().flatten()
    assert changed.tolist() == [0x7F, 0x80, 0xFF]
    assert weight.view(torch.uint8).flatten().tolist() == list(range(256)), "the model's own weight is as it was"


def test_what_fits_stays_the_same_object() -> None:
    weight = torch.ones(4).to(torch.float8_e4m3fn)
    for choice in (
        Float8Choice(),
        Float8Choice("there", FLAVOURS["ocp"], converts=True),
        Float8Choice("there", FLAVOURS["fnuz"], converts=False),
    ):
        assert converted_weight("w", weight, choice) is weight
