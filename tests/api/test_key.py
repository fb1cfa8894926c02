# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The key of the compiler: the same in every process and place, another one for every change that matters."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fanfold import key as keys
from fanfold.backends.target import parse_target
from fanfold.errors import CompileError
from fanfold.key import canonical_text, pipeline_key
from fanfold.passes.pipeline import standard_pipeline

GENERIC = parse_target("cpu:generic")

# Prints the key, then the key again after each of the named files has got one more byte.
SCRIPT = """
import sys
from pathlib import Path
import fanfold
from fanfold import key
from fanfold.backends.target import parse_target
home = Path(fanfold.__file__).parent
print(home)
for name in [None, *sys.argv[1:]]:
    if name is not None:
        (home / name).write_bytes((home / name).read_bytes() + b"\\n")
        key._source_hashes.cache_clear()
        key._file_hash.cache_clear()
    print(key.pipeline_key(parse_target("cpu:generic")))
"""


def printed(home: Path, *changed: str, seed: str, cwd: Path) -> list[str]:
    """Return the keys that a fresh process computes from the package in `home`."""
    env = {**os.environ, "PYTHONPATH": str(home), "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", SCRIPT, *changed]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    place, *found = done.stdout.split()
    assert Path(place) == home / "fanfold"
    return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a copy of the package, as it is installed."""
    home = tmp_path / "elsewhere"
    for name in ("fanfold", "fanfold.backends", "fanfold.dialect", "fanfold.frontend", "fanfold.passes"):
        source = importlib.import_module(name).__path__[0]
        shutil.copytree(
            source, home / name.replace(".", "/"), ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
        )
    return home


def test_the_same_in_every_process_and_place(copy: Path, tmp_path: Path) -> None:
    own = pipeline_key(GENERIC)
    assert len(own) == 64
    assert printed(copy, seed="1", cwd=tmp_path) == [own]
    # A checkout on another system may end its lines otherwise.
    for path in (copy / "fanfold" / "passes").rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert printed(copy, seed="2", cwd=copy) == [own]


def test_one_byte_of_what_passes_use_changes_it(copy: Path, tmp_path: Path) -> None:
    changed = [
        "ops/group_quant.py",
        "signature.py",
        "passes/form_rows.py",
        "passes/kernel/rounding.py",
        "dialect/rows.py",
        "frontend/importer.py",
    ]
    found = printed(copy, *changed, seed="0", cwd=tmp_path)
    assert len(set(found)) == len(found) == 1 + len(changed)


def test_what_only_runs_models_does_not_change_it(copy: Path, tmp_path: Path) -> None:
    before, after = printed(copy, "executable.py", seed="0", cwd=tmp_path)
    assert before == after


def test_the_text_is_what_is_hashed_and_names_no_place() -> None:
    text = canonical_text(GENERIC)
    assert hashlib.sha256(text.encode()).hexdigest() == pipeline_key(GENERIC)
    assert text == canonical_text(GENERIC)
    assert str(Path(keys.__file__).parents[1]) not in text
    passes = [line.split()[2] for line in text.splitlines() if line.startswith("pass ")]
    assert passes == [pass_.name for pass_ in standard_pipeline()]
    assert all(f"flag {flag}\n" in text for flag in GENERIC.compiler_flags())


@dataclasses.dataclass(frozen=True)
class Custom:
    """A pass with options."""

    name: ClassVar[str] = "custom"
    limit: int = 4
    kinds: frozenset[str] = frozenset({"a", "b", "c"})
    other: Any = None

    def run(self, module: Any, state: Any) -> int:  # noqa: ARG002 - a pass's signature
        return 0


def test_an_option_changes_it() -> None:
    def text(*passes: Custom) -> str:
        return canonical_text(GENERIC, passes)

    assert text(Custom()) == text(Custom(kinds=frozenset({"c", "b", "a"})))
    variants = [
        Custom(),
        Custom(limit=5),
        Custom(kinds=frozenset()),
        Custom(other=(1, {"x": 2.5})),
        Custom(other=Custom()),
    ]
    assert len({text(variant) for variant in variants}) == len(variants)
    assert text(Custom(), Custom(limit=5)) != text(Custom(limit=5), Custom())


def test_an_option_without_a_stable_text_is_refused() -> None:
    with pytest.raises(CompileError, match="type object"):
        canonical_text(GENERIC, [Custom(other=object())])


def test_target_and_switches_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {pipeline_key(parse_target(name)) for name in ("cpu:generic", "cpu:x86-64", "cpu:znver3", "cpu:znver4")}
    assert len(found) == 4
    own = pipeline_key(GENERIC)
    monkeypatch.setenv("FANFOLD_KERNELS", "off")
    assert pipeline_key(GENERIC) != own


@pytest.mark.parametrize("tool", keys.TOOLS)
def test_a_tool_of_another_version_changes_it(monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    own = pipeline_key(GENERIC)
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1" if name == tool else version(name))
    assert pipeline_key(GENERIC) != own

    def missing(name: str) -> str:
        if name == tool:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert f"version {tool} not installed\n" in canonical_text(GENERIC)
    assert tool not in keys.tool_versions()


def test_it_reads_each_source_once(monkeypatch: pytest.MonkeyPatch) -> None:
    key = pipeline_key(GENERIC)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read again"))
    assert pipeline_key(GENERIC) == key
