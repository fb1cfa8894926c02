# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Executables of hand-written modules, said to be for whatever target a test asks for."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from torch.utils import _pytree as pytree

from fanfold.artifact import Artifact, Signature, TensorSpec
from fanfold.backends.iree_compiler import compile_module
from fanfold.backends.target import parse_target
from fanfold.executable import Executable
from fanfold.report import Report

SAMPLES = Path(__file__).parents[1] / "backends" / "samples"


@functools.cache
def vmfb(sample: str) -> bytes:
    """The sample for this machine's processor, which is what the fake device is."""
    return compile_module((SAMPLES / f"{sample}.mlir").read_bytes(), parse_target("cpu")).vmfb


def executable(target: str, device: Any = None, features: frozenset[str] = frozenset()) -> Executable:
    """Map x f32[?, 256] to (x + x, the same as bf16, relu(x), -x), said to be compiled for ``target``."""
    shapes = [
        (name, (None, 256), dtype)
        for name, dtype in zip("abcd", ("float32", "bfloat16", *["float32"] * 2), strict=True)
    ]
    specs = tuple(TensorSpec(*shape) for shape in shapes)
    structures = (pytree.treespec_dumps(pytree.tree_structure(tree)) for tree in (((0,), {}), (0,) * 4))
    signature = Signature(*structures, (TensorSpec("x", (None, 256), "float32"),), specs)
    report = Report(target=target, dispatches=1, passes=(), decisions=(), versions={}, timings={})
    return Executable(Artifact(vmfb("fanout"), signature, report, features), device)
