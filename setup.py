# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lists the packages; everything else about the project is in ``pyproject.toml``.

Setuptools cannot discover packages through ``package-dir``, so this reads that table and walks each of its folders.
A new sub-folder is installed without an edit here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from setuptools import find_namespace_packages, setup


def packages() -> list[str]:
    """Return the name of every package below the folders of ``package-dir``."""
    project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text(encoding="utf-8"))
    names = []
    for package, folder in project["tool"]["setuptools"]["package-dir"].items():
        inner = find_namespace_packages(folder, exclude=["*__pycache__*"])
        names += [package, *(f"{package}.{name}" for name in inner)]
    return names


setup(packages=packages())
