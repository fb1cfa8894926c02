# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The linter, the formatter and the type checker find nothing: their settings are enforced, not only written down."""

from __future__ import annotations

import pytest

from .conftest import Tree, run_python


@pytest.mark.parametrize("command", [["check"], ["format", "--check", "--diff"]], ids=["lint", "format"])
def test_ruff(tree: Tree, command: list[str]) -> None:
    pytest.importorskip("ruff", reason="ruff comes with the extra `dev`")
    run_python("-m", "ruff", *command, "--quiet", ".", cwd=tree.root)


@pytest.mark.slow
def test_mypy(tree: Tree) -> None:
    pytest.importorskip("mypy", reason="mypy comes with the extra `dev`")
    run_python("tools/typecheck.py", cwd=tree.root)
