# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What some targets lack, in one table, and what is done without it. No target is known by its name anywhere else."""

from __future__ import annotations

#: The features by name, and what is done where one is missing.
FEATURES = {
    "fp8": "conversions to and from fp8 are done by integers, with the same bits",
    "narrow products": "products of bf16 and int8 matrices are computed from copies in f32 and int32, and rounded once",
    "f64": "what PyTorch computes in f64 inside of its ops is computed in f32; a model with tensors of f64 is refused",
    "subgroups": "lanes meet in shared memory, with the same bits",
}
