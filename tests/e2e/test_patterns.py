# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every line of docs/patterns.md, exported: it becomes so many kernels, or is missed for the reason beside it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils import _pytree as pytree

import fanfold
from fanfold import ops
from fanfold.frontend.vllm import register_vllm_ops

PAGE = Path(__file__).parents[2] / "docs" / "patterns.md"
WIDTH = 512


def rows_of_tables() -> list[list[str]]:
    """Return the cells of each row with code, behind the heading of its table."""
    found: list[list[str]] = []
    heading = ""
    lines = PAGE.read_text().splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if following.startswith("|---"):
            heading = cells[0]
        elif line.startswith("| "):
            found.append([heading, *cells])
    return found


TABLES = rows_of_tables()
MISSED = [row for row in TABLES if len(row) == 4]
FUSED = [row for row in TABLES if len(row) == 3]


def code_in(cell: str) -> str:
    code = re.fullmatch(r"`(.*)`", cell)
    assert code is not None, cell
    return code[1]


def norm(x: Tensor) -> Tensor:
    return functional.rms_norm(x, (WIDTH,), None, 1e-6)


def quant(x: Tensor) -> tuple[Tensor, Tensor]:
    return ops.group_quant(x, 64)


class Line(nn.Module):
    """Evaluates a line: statements, and an expression at the end."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.norms: dict[str, nn.Module] = {}
        for name, width in re.findall(r"(\w+RMSNorm)\(([0-9]+)\)", code):
            code = code.replace(f"{name}({width})", name)
            self.norms[name] = norm_of_transformers(name)(int(width)).bfloat16()
            self.add_module(name, self.norms[name])
        *statements, last = ast.parse(code).body
        assert isinstance(last, ast.Expr)
        self.before = compile(ast.Module(statements, []), "<line>", "exec")
        self.last = compile(ast.Expression(last.value), "<line>", "eval")

    def forward(self, x: Tensor, r: Tensor, w: Tensor, b: Tensor, s: Tensor) -> list[Tensor]:
        names: dict[str, Any] = {"x": x, "r": r, "w": w, "b": b, "s": s, "norm": norm, "quant": quant}
        names |= {"torch": torch, "ops": ops, "F": functional, "FP8": torch.float8_e4m3fn} | self.norms
        exec(self.before, names)  # noqa: S102
        return pytree.tree_leaves(eval(self.last, names))  # noqa: S307


def norm_of_transformers(name: str) -> Callable[[int], nn.Module]:
    family = name.removesuffix("RMSNorm").lower()
    module = pytest.importorskip(f"transformers.models.{family}.modeling_{family}")
    return getattr(module, name)


def explain(code: str) -> fanfold.Report:
    register_vllm_ops()
    x, r, w, b = (torch.randn(4, WIDTH).bfloat16() for _ in range(4))
    tokens = {0: torch.export.Dim("tokens", min=1, max=4096)}
    shapes = (tokens, tokens, None, None, None)
    return fanfold.explain(Line(code), (x, r, w[0], b[0], torch.ones(1)), dynamic_shapes=shapes)


def test_the_page_has_lines() -> None:
    assert len(FUSED) > 40
    assert len(MISSED) >= 5


@pytest.mark.parametrize("row", FUSED, ids=lambda row: row[1])
def test_fuses(row: list[str]) -> None:
    report = explain(code_in(row[2]))
    assert not report.missed, str(report)
    assert len(report.kernels) == (2 if "two kernels" in row[0] else 1), str(report)


@pytest.mark.parametrize("row", MISSED, ids=lambda row: row[1])
def test_says_why_not(row: list[str]) -> None:
    report = explain(code_in(row[2]))
    assert any(row[3] in decision.reason for decision in report.missed), str(report)
