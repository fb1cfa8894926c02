# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The README's two commands: CI runs the one for the tests word for word, and both ask for extras that exist."""

from __future__ import annotations

import os
import re

import pytest

from .conftest import Tree


def readme_commands(tree: Tree) -> list[str]:
    """The commands in the README's first code blocks: run the demo, run the tests."""
    blocks = re.findall(r"```sh\n(.+?)\n```", (tree.root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return [block for block in blocks if block.startswith("python3 -m venv")]


def test_readme_has_one_command_for_the_demo_and_one_for_the_tests(tree: Tree) -> None:
    demo, tests = readme_commands(tree)
    assert demo.endswith("fanfold demo")
    assert tests.endswith("pytest")


def test_ci_runs_the_readme_command(tree: Tree) -> None:
    script = tree.root / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert readme_commands(tree)[1] in script.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("which", [0, 1], ids=["demo", "tests"])
def test_readme_extras_exist(tree: Tree, which: int) -> None:
    (extras,) = re.findall(r"\.\[([a-z,-]+)\]", readme_commands(tree)[which])
    assert set(extras.split(",")) <= set(tree.project["project"]["optional-dependencies"])
