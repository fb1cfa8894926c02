# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A wheel and an editable install both give ONE import package with every sub-package in it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from .conftest import Tree, run_python

# Runs in the Python that has the install: every module must come from there, and not from another copy.
IMPORT_ALL = """
import importlib, importlib.util, json, pathlib, sys
names, home, roots = json.loads(sys.argv[1])
for name in names:
    file = pathlib.Path(importlib.import_module(name).__file__).resolve()
    assert file.is_relative_to(home), f"{name} came from {file}"
leaked = [name for name in roots if importlib.util.find_spec(name)]
assert not leaked, f"top-level names: {leaked}"
from importlib.metadata import entry_points
for entry in entry_points(group="console_scripts"):
    if entry.name.startswith("fanfold"):
        assert callable(entry.load()), entry
import fanfold
print(fanfold.__version__)
"""


def import_all_arguments(tree: Tree, home: Path) -> list[str]:
    """Command-line arguments that import every module of ``tree`` and demand that it comes from ``home``."""
    names = [name for name in tree.modules() if not name.endswith("__main__")]
    roots = [folder for folder in tree.package_dir.values() if folder != "fanfold"]
    return ["-c", IMPORT_ALL, json.dumps([names, str(home.resolve()), roots])]


@pytest.fixture(scope="module")
def copy(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the sources, so that nothing is built in the checkout, with a sub-package that no file lists."""
    pytest.importorskip("setuptools", minversion="77.0.3", reason="building needs setuptools >= 77.0.3")
    root = tmp_path_factory.mktemp("source")
    for folder in tree.package_dir.values():
        shutil.copytree(tree.root / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(tree.root / name, root)
    header = (tree.root / "passes" / "__init__.py").read_text(encoding="utf-8")
    for new in ("passes/brand_new", "passes/brand_new/deeper"):
        (root / new).mkdir()
        (root / new / "__init__.py").write_text(header, encoding="utf-8")
    return Tree(root)


@pytest.fixture(scope="module")
def wheel(copy: Tree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel built from the copy."""
    out = tmp_path_factory.mktemp("wheel")
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    run_python("-m", "pip", "wheel", *flags, "--wheel-dir", str(out), str(copy.root), cwd=out)
    (built,) = out.glob("*.whl")
    return built


def test_wheel_holds_exactly_the_tree(copy: Tree, wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == set(copy.installed_files())
    assert {"fanfold/py.typed", "fanfold/passes/brand_new/deeper/__init__.py"} <= names


def test_wheel_carries_licence_and_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    licence = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
    assert "LLVM Exceptions to the Apache 2.0 License" in archive.read(licence).decode()
    metadata = archive.read(next(name for name in archive.namelist() if name.endswith("METADATA"))).decode()
    assert "License-Expression: Apache-2.0 WITH LLVM-exception" in metadata
    # The light install, for machines that only load and call, has no compiler in it.
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert any("iree-base-runtime" in line for line in needed)
    assert not any("torch-mlir" in line or "iree-base-compiler" in line for line in needed)


def test_wheel_imports(copy: Tree, wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    flags = ["--no-deps", "--no-index", "--quiet", "--target", str(target)]
    run_python("-m", "pip", "install", *flags, str(wheel), cwd=tmp_path)
    env = {**os.environ, "PYTHONPATH": str(target)}
    version = run_python(*import_all_arguments(copy, target), cwd=tmp_path, env=env).strip()
    assert wheel.name.startswith(f"fanfold-{version}-py3")
    assert {"fanfold", "fanfold-opt"} <= {path.name for path in (target / "bin").iterdir()}


def test_editable_install_imports(copy: Tree, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    site = Path(run_python("-c", "import site; print(site.getsitepackages()[0])", cwd=tmp_path, python=python).strip())
    # The new environment sees this one's packages, but not its .pth files: an editable fanfold in here stays out.
    (site / "running.pth").write_text("\n".join(p for p in sys.path if p.endswith("-packages")), encoding="utf-8")
    flags = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    run_python("-m", "pip", "--python", str(python), "install", *flags, "--editable", str(copy.root), cwd=tmp_path)
    run_python(*import_all_arguments(copy, copy.root), cwd=tmp_path, python=python)
    # A module written after the install is there at once.
    (copy.root / "passes" / "brand_new" / "later.py").write_text("HERE = True\n", encoding="utf-8")
    run_python("-c", "import fanfold.passes.brand_new.later", cwd=tmp_path, python=python)
