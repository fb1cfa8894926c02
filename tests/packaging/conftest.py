# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The source tree as the packaging tests see it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tree:
    """A checkout of the project.

    Attributes:
        root: Its folder.
    """

    root: Path

    @property
    def project(self) -> dict[str, Any]:
        """The parsed ``pyproject.toml``."""
        return tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def package_dir(self) -> dict[str, str]:
        """Package name to folder, as setuptools is told."""
        table: dict[str, str] = self.project["tool"]["setuptools"]["package-dir"]
        return table

    def installed_files(self) -> dict[str, Path]:
        """Map the path that each source file has once installed to the file itself."""
        found = {}
        for package, folder in self.package_dir.items():
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    inside = path.relative_to(self.root / folder).as_posix()
                    found[f"{package.replace('.', '/')}/{inside}"] = path
        return found

    def modules(self) -> dict[str, Path]:
        """Map the import name of every module and package to its file."""
        names = {}
        for installed, path in self.installed_files().items():
            if installed.endswith(".py"):
                names[installed.removesuffix(".py").removesuffix("/__init__").replace("/", ".")] = path
        return names


def run_python(*args: str, cwd: Path, env: dict[str, str] | None = None, python: Path | None = None) -> str:
    """Run a Python of its own and return what it printed; its error output becomes the test's failure message."""
    done = subprocess.run(
        [str(python or sys.executable), *args], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        what = " ".join(args) if args[0] != "-c" else "the program of this test"
        pytest.fail(f"{what} exited with {done.returncode}\n{done.stdout}\n{done.stderr}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="session")
def tree() -> Tree:
    """This checkout."""
    return Tree(ROOT)
