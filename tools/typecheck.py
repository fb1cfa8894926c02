#!/usr/bin/env python3
# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs mypy on the package as it is installed.

In the checkout ``passes/`` is ``fanfold.passes``, which mypy cannot be told. So this lays out links under
``build/typing`` the way the wheel lays out files, and points mypy there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAYOUT = ROOT / "build" / "typing"
PROGRAMS = ("benchmarks", "examples")


def lay_out() -> None:
    """Make ``build/typing/fanfold`` look like the installed package, out of links."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shutil.rmtree(LAYOUT, ignore_errors=True)
    face = LAYOUT / "fanfold"
    face.mkdir(parents=True)
    for package, folder in project["tool"]["setuptools"]["package-dir"].items():
        if package == "fanfold":
            for path in (ROOT / folder).iterdir():
                (face / path.name).symlink_to(path)
        else:
            (face / package.removeprefix("fanfold.")).symlink_to(ROOT / folder)
    for name in PROGRAMS:
        (LAYOUT / name).symlink_to(ROOT / name)


def main() -> int:
    """Check the package and the programs beside it; extra arguments go to mypy."""
    lay_out()
    packages = [arg for name in ("fanfold", *PROGRAMS) for arg in ("--package", name)]
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *packages, *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "MYPYPATH": str(LAYOUT)}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
