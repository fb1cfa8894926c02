# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What holds for every op of the dialect."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import fanfold.dialect
from fanfold.dialect.context import make_context
from fanfold.dialect.rows import ROW_OPS

FILES = sorted(Path(fanfold.dialect.__path__[0]).glob("*.py"))
NO_OPS = {"__init__", "base", "checks", "context"}
OPS = [path.stem for path in FILES if path.stem not in NO_OPS]
CHECKS = Path(__file__).parents[1] / "mlir" / "dialect"


def test_the_row_wise_ops_are_the_op_files() -> None:
    found = {f"fanfold.{stem}" for stem in OPS}
    assert found == ROW_OPS | {"fanfold.rows"}


@pytest.mark.parametrize("stem", OPS)
def test_an_op_file_holds_its_op(stem: str) -> None:
    """One op a file, called as the file, with semantics and sample IR in its docstring."""
    make_context()
    module = importlib.import_module(f"fanfold.dialect.{stem}")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "OPERATION_NAME")
    ]
    name = f"fanfold.{stem}"
    named = [c for c in classes if name == c.OPERATION_NAME]
    assert len(named) == 1
    assert name in (named[0].__doc__ or "")
    assert (module.__doc__ or "").startswith(f"``{name}``")


@pytest.mark.parametrize("stem", OPS)
def test_an_op_has_valid_and_invalid_ir_tests(stem: str) -> None:
    assert (CHECKS / f"{stem}.mlir").is_file()
    assert (CHECKS / f"{stem}_invalid.mlir").is_file()
