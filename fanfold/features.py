# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What some targets lack, in one table, and what is done without it. Nothing else asks for a target by its name."""

from __future__ import annotations

import warnings
from collections.abc import Collection

#: The features by name, and what is done where one is missing.
FEATURES = {
    "fp8": "conversions to and from fp8 are done by integers, with the same bits",
    "narrow products": "products of bf16 and int8 matrices are computed from copies in f32 and int32",
    "f64": "what PyTorch computes in f64 inside of its ops is computed in f32; a model with tensors of f64 is refused",
    "subgroups": "lanes meet in shared memory, with the same bits",
}


class FeatureWarning(UserWarning):
    """A model uses a feature that its target does not have: it is compiled without."""


def warn_of_lacks(target: str, missed: Collection[str], stacklevel: int) -> None:
    """Warn, once for a compilation, of the features that a model would use and its target lacks.

    Args:
        target: The target.
        missed: Their names.
        stacklevel: How many callers up the warning points to.
    """
    if missed:
        lines = "".join(f"\n  {name}: {FEATURES[name]}" for name in FEATURES if name in missed)
        warnings.warn(f"{target} lacks features that the model uses{lines}", FeatureWarning, stacklevel=stacklevel + 1)
