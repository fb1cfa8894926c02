# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What holds for every source file: licence header, size, and imports that run downhill only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .conftest import ROOT, Tree

HEADER = (
    "# Licensed under the Apache License v2.0 with LLVM Exceptions.\n"
    "# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n"
)
FOLDERS = ("fanfold", "frontend", "dialect", "passes", "backends", "tests", "benchmarks", "examples", "tools")
MAX_LINES = 500

# docs/architecture.md, "Who may import whom". A module belongs to the longest name here that it starts with.
GROUND = frozenset({"fanfold.errors", "fanfold.float8", "fanfold.positions", "fanfold.report", "fanfold._version"})
STORE = frozenset(f"fanfold.{name}" for name in ("artifact", "container", "files", "signature", "weights"))
MAY_IMPORT: dict[str, frozenset[str]] = {
    **dict.fromkeys(GROUND, frozenset()),
    **dict.fromkeys(STORE, GROUND | STORE),
    "fanfold.ops": GROUND,
    "fanfold.dialect": GROUND,
    "fanfold.frontend": GROUND | STORE | {"fanfold.ops", "fanfold.dialect"},
    "fanfold.passes": GROUND | {"fanfold.dialect"},
    "fanfold.backends": GROUND | STORE | {"fanfold.dialect", "fanfold.passes"},
}


def layer(module: str) -> str | None:
    """Return the layer that ``module`` is in: a key of ``MAY_IMPORT``, or ``None`` for the public face on top."""
    parents = [name for name in MAY_IMPORT if module == name or module.startswith(f"{name}.")]
    return max(parents, key=len, default=None)


def imported(source: str, module: str, *, is_package: bool, known: set[str]) -> set[str]:
    """Return the modules of ours that ``source`` imports anywhere: lazily and for type checking too."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            here = module.split(".") if is_package else module.split(".")[:-1]
            base = here[: len(here) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            # `from package import name` reaches a module when there is one of that name.
            names = {f"{start}.{alias.name}" for alias in node.names}
            found |= {name if name in known else start for name in names}
    return {name for name in found if name == "fanfold" or name.startswith("fanfold.")}


def uphill(source: str, module: str, *, is_package: bool, known: set[str]) -> list[str]:
    """Return the imports of ``source`` that its layer forbids."""
    own = layer(module)
    if own is None:
        return []
    allowed = MAY_IMPORT[own] | {own}
    return sorted(
        name for name in imported(source, module, is_package=is_package, known=known) if layer(name) not in allowed
    )


def python_files() -> list[Path]:
    """Every Python file of the project."""
    return sorted([ROOT / "setup.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))])


def relative(path: Path) -> str:
    """The path as it reads from the root of the checkout."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", python_files(), ids=relative)
def test_licence_header_and_size(path: Path) -> None:
    text = path.read_text(encoding="utf-8").removeprefix("#!/usr/bin/env python3\n")
    assert text.startswith(HEADER)
    assert text.count("\n") <= MAX_LINES, "split it: one op, one pass, one concern a file"


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_downhill(tree: Tree, package: str) -> None:
    modules = tree.modules()
    wrong = {
        name: bad
        for name, path in modules.items()
        if layer(name) == package
        and (
            bad := uphill(
                path.read_text(encoding="utf-8"), name, is_package=path.name == "__init__.py", known=set(modules)
            )
        )
    }
    assert not wrong


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("fanfold.dialect.rows", "from fanfold.passes import pipeline"),
        ("fanfold.dialect.rows", "def f():\n    import fanfold.backends.target"),
        ("fanfold.passes.pipeline", "from fanfold import api"),
        ("fanfold.passes.pipeline", "import fanfold"),
        ("fanfold.passes.kernel", "from ...frontend import export"),
        ("fanfold.report", "from .errors import FanfoldError"),
        ("fanfold.frontend.export", "from fanfold.passes.pipeline import run"),
    ],
)
def test_the_check_sees_an_uphill_import(module: str, source: str) -> None:
    known = {"fanfold.api", "fanfold.passes.pipeline", "fanfold.errors", "fanfold.frontend", "fanfold.frontend.export"}
    assert uphill(source, module, is_package=module == "fanfold.passes.kernel", known=known)


def test_every_folder_of_sources_is_a_package(tree: Tree) -> None:
    # Without __init__.py a folder still imports, as a namespace package: other tools then miss it.
    files = set(tree.installed_files())
    missing = {name for name in files if name.endswith(".py") and f"{name.rpartition('/')[0]}/__init__.py" not in files}
    assert not missing
