# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights in the other fp8 flavour: byte for byte, with a scale that is twice or half of what it was."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import torch

from .errors import TargetError
from .float8 import COUNTERPARTS, DTYPES, Float8Choice, gain

#: Weights of so many values are looked at one by one.
_SHORT = 16


def converted_weight(name: str, weight: torch.Tensor, choice: Float8Choice) -> torch.Tensor:
    """Return a weight as `choice` has it: itself, or codes of the other flavour that are `gain` times as small.

    Args:
        name: Its name, for the message.
        weight: The weight.
        choice: The types that may be there.

    Raises:
        TargetError: If one of its codes has no counterpart.
    """
    element = next((e for e, dtype in DTYPES.items() if getattr(torch, dtype, None) == weight.dtype), None)
    if element is None or not choice.converts or not choice.is_foreign(element):
        return weight
    codes = weight.view(torch.uint8)
    result = codes.clone()
    for code, new in _changes(element).items():
        # Few codes change: in masks of a byte each, where a table would take an index of eight bytes for each.
        here = codes == code
        if new is not None:
            result[here] = new
            continue
        if not bool(here.any()):
            continue
        place = int(here.flatten().nonzero()[0])
        raise TargetError(
            f"the weight {name} has a value that {DTYPES[COUNTERPARTS[element]]} does not have at "
            f"{1 / gain(element):g} times its size",
            stage="target",
            op=f"parameter {name}",
            expected=f"values that {DTYPES[COUNTERPARTS[element]]} has",
            found=f"{float(weight.flatten()[place]):g} at element {place}",
            remedy=f"store the weight in torch.{DTYPES[COUNTERPARTS[element]]}, with a scale that fits it",
        )
    return result.view(getattr(torch, DTYPES[COUNTERPARTS[element]]))


def few_numbers(weights: Mapping[str, torch.Tensor]) -> dict[str, frozenset[float]]:
    """Return the numbers in weights that are short, or of one magnitude: one of them may be a bound of a quantisation.

    In longer ones a number is there by chance.
    """
    found = {}
    for name, weight in weights.items():
        if weight.numel() and weight.dtype.itemsize > 1 and not weight.is_complex():
            values = weight.flatten()
            first = abs(values[0].item())
            if values.numel() <= _SHORT or bool((values.abs() == first).all()):
                found[name] = frozenset(float(value) for value in values[:_SHORT].tolist())
    return found


@functools.cache
def _changes(element: str) -> dict[int, int | None]:
    """Return the codes of a type that are not their own counterparts, with these; None where there is none."""
    dtype, other = (getattr(torch, DTYPES[name]) for name in (element, COUNTERPARTS[element]))
    codes = torch.arange(256, dtype=torch.int16).to(torch.uint8)
    values = codes.view(dtype).float() / gain(element)
    # What the conversion makes of a value is its counterpart if it is the same value; of -0, FNUZ has no sign.
    new = values.to(other)
    known = (new.float() == values) | (values.isnan() & new.float().isnan())
    found = zip(codes.tolist(), new.view(torch.uint8).tolist(), known.tolist(), strict=True)
    return {code: to if is_known else None for code, to, is_known in found if code != to or not is_known}
