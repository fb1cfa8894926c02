# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Positions in the user's source, on their way through locations and attributes into the report."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch_mlir import ir

from fanfold.dialect.context import make_context
from fanfold.passes.origins import origin, origins_of, position, split, stamp

TORCH = Path(torch.__file__).parent
PATHS = [
    "/home/me/mm.py",
    "/work/c#1/mm.py",
    "/work/a@b/mm.py",
    "/u\u00f1/\u6a21\u578b.py",
    '/a "b"/c\\d.py',
    "/a:3/b#7",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("serial", [None, 4])
def test_a_path_comes_through(path: str, serial: int | None) -> None:
    with make_context(), ir.Location.file(path, 9, 0):
        op = ir.Operation.create("torch.operator")
        assert position(op.location) == f"{path}:9"
        stamp(op, [origin(op, "aten.rms_norm", serial)])
        (text,) = origins_of(op)
    assert split(text) == ("aten.rms_norm", f"{path}:9")


@pytest.mark.parametrize(
    "inner",
    [
        f"{TORCH}/nn/functional.py",
        "/usr/lib/python3/dist-packages/torch/nn/functional.py",
        "/venv/lib/python3.11/site-packages/torch/nn/functional.py",
        "torch/nn/functional.py",
        "<eval_with_key>.3",
    ],
)
def test_the_line_that_calls_pytorch_is_shown(inner: str) -> None:
    with make_context():
        layer, user = (ir.Location.file(path, 9, 0) for path in (inner, "/home/me/mm.py"))
        assert position(ir.Location.callsite(layer, [user])) == "/home/me/mm.py:9"
        assert position(layer) == f"{inner}:9"
        assert position(ir.Location.unknown()) == "unknown"


@pytest.mark.parametrize("inner", [f"{TORCH}vision/ops.py", f"{TORCH}ao/float8.py", "/src/torch_models/torch/x.py"])
def test_other_libraries_are_not_pytorch(inner: str) -> None:
    with make_context():
        layer, user = (ir.Location.file(path, 9, 0) for path in (inner, "/home/me/mm.py"))
        assert position(ir.Location.callsite(layer, [user])) == f"{inner}:9"
