# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rounding of Python numbers to the types of tensors, at compile time."""

import re
import struct
from math import copysign, inf, isfinite, trunc

_INTEGER = re.compile(r"u?i\d+")


def has_numbers(element: str) -> bool:
    """Return whether `rounded_to` knows an element type."""
    return element in ("bf16", "f16", "f32", "f64") or _INTEGER.fullmatch(element) is not None


def rounded_to(value: float, element: str) -> float:
    """Return `value` as a tensor of an element type holds it.

    In ``bf16``, ``f16`` and ``f32`` it is rounded to nearest with ties to even, and infinite if it is too large; an
    integer type takes its integer part.

    Raises:
        ValueError: If the type is none of these, nor ``f64``.
    """
    if not has_numbers(element):
        raise ValueError(f"no rounding to {element} is known")
    if not isfinite(value) or element == "f64":
        return value
    if _INTEGER.fullmatch(element):
        return float(value != 0) if element == "i1" else float(trunc(value))
    try:
        if element == "f16":
            return float(struct.unpack("<e", struct.pack("<e", value))[0])
        narrowed = float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return copysign(inf, value)
    if element == "f32":
        return narrowed
    bits = struct.unpack("<I", struct.pack("<f", narrowed))[0]
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])
