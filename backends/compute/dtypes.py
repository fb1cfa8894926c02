# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The dtypes of program images, which are in MLIR's spelling, and torch's names for them."""

from __future__ import annotations

import re

from fanfold.errors import ArtifactError

#: From MLIR to torch. MLIR's signless integers are any of several; the first is what a result of that type is.
NAMES: dict[str, tuple[str, ...]] = {
    "i1": ("bool",),
    "f16": ("float16",),
    "bf16": ("bfloat16",),
    "f32": ("float32",),
    "f64": ("float64",),
    "complex<f32>": ("complex64",),
    "complex<f64>": ("complex128",),
    "f8E4M3FN": ("float8_e4m3fn",),
    "f8E4M3FNUZ": ("float8_e4m3fnuz",),
    "f8E5M2": ("float8_e5m2",),
    "f8E5M2FNUZ": ("float8_e5m2fnuz",),
    "f8E8M0FNU": ("float8_e8m0fnu",),
    **{
        f"{sign}{bits}": names
        for bits in (8, 16, 32, 64)
        for sign, names in (("i", (f"int{bits}", f"uint{bits}")), ("si", (f"int{bits}",)), ("ui", (f"uint{bits}",)))
    },
}


_BITS = re.compile(r"\d+")


def item_bytes(dtype: str) -> int:
    """Return the bytes of an element of a dtype, by torch's name."""
    digits = _BITS.search(dtype)
    return max(int(digits[0]) // 8, 1) if digits else 1


def torch_names(dtype: str) -> tuple[str, ...]:
    """Return torch's names of a dtype in MLIR's spelling.

    Raises:
        ArtifactError: If it is not known.
    """
    if dtype not in NAMES:
        raise ArtifactError(
            f"the program has tensors of {dtype}, which this version does not know",
            stage="load",
            expected=f"one of {', '.join(NAMES)}",
            remedy="pip install --upgrade fanfold",
        )
    return NAMES[dtype]
