# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Rounding of Python numbers to the float types of rows, at compile time."""

import struct
from math import copysign, inf, isfinite


def rounded_to(value: float, element: str) -> float:
    """Return `value` rounded to ``bf16``, ``f16`` or ``f32``, to nearest with ties to even; too large is infinite."""
    if not isfinite(value):
        return value
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
