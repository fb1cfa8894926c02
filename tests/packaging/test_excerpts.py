# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The excerpts of docs/kernels.md are of what is generated: each line is in the module, or the machine code, of now."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = {"cpu": "cpu:x86-64-v3", "cuda": "cuda:sm_90", "rocm": "rocm:gfx950"}

#: The page's excerpts in its order: what they are of.
SOURCES = (
    ("cpu", "passes/*-keep-roundings.mlir"),
    ("cpu", "kernel.mlir"),
    ("cpu", "*.s"),
    ("cpu", "*.s"),
    ("cuda", "kernel.mlir"),
    ("cuda", "*.ptx"),
    ("rocm", "*.rocmasm"),
)


def excerpts() -> list[tuple[str, str]]:
    """Return the language and the text of each excerpt."""
    page = (ROOT / "docs" / "kernels.md").read_text(encoding="utf-8")
    return re.findall(r"^```(mlir|asm)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def pieces(language: str, line: str) -> list[str]:
    """Return what a line quotes: without the comment of the page and the line number, split where it is shortened."""
    # PTX ends its own statements by a semicolon: a comment has spaces before it.
    code = re.split(r"\s+//" if language == "mlir" else r"\s+;", re.sub(r"^\d+: ", "", line))[0]
    # Several ops of the module stand in a line, and the names of values in it are its own.
    parts = re.split(r"\.\.\.|\s{3,}| [{}] ", code)
    return [piece for part in parts if (piece := re.sub(r"\s+", " ", part).strip(" {}"))]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("torch_mlir")
    pytest.importorskip("iree.compiler")
    folder = tmp_path_factory.mktemp("kernels")

    write = runpy.run_path(str(ROOT / "tools" / "kernel_code.py"))["write"]
    for backend, target in TARGETS.items():
        write(target, folder / backend)
    return {backend: folder / backend for backend in TARGETS}


@pytest.mark.parametrize("number", range(len(SOURCES)))
def test_every_line_is_generated(generated: dict[str, Path], number: int) -> None:
    backend, pattern = SOURCES[number]
    language, excerpt = excerpts()[number]
    (path,) = generated[backend].glob(pattern)
    text = re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
    lost = [piece for line in excerpt.splitlines() for piece in pieces(language, line) if piece not in text]
    assert lost == []


def test_every_excerpt_has_a_source() -> None:
    assert len(excerpts()) == len(SOURCES)
