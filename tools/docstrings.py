# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Docstrings as Markdown."""

from __future__ import annotations

import inspect
import itertools
import re
import textwrap


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: indented blocks behind ``::`` become fenced code, links to names plain code."""
    lines = inspect.cleandoc(docstring).splitlines()
    found: list[str] = []
    while lines:
        line = lines.pop(0)
        if not line.endswith("::"):
            found.append(_inline(line))
            continue
        # A line of its own announces the block and says nothing.
        if line != "::":
            found += [_inline(line[:-1]), ""]
        block = list(itertools.takewhile(lambda text: not text or text.startswith(" "), lines))
        del lines[: len(block)]
        code = textwrap.dedent("\n".join(block)).strip("\n")
        found += [f"```{'mlir' if '%' in code else 'text'}", code, "```", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(found)).strip()


def summary(docstring: str) -> str:
    """Return the first sentence of a docstring on one line."""
    first = " ".join(inspect.cleandoc(docstring).partition("\n\n")[0].split())
    return _inline(re.split(r"(?<=[.:]) (?=[A-Z])", first.removesuffix("::"))[0].rstrip(".:"))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def anchor(heading: str) -> str:
    """Return the link to a heading of the same page, as GitHub makes it."""
    return "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _inline(line: str) -> str:
    line = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", line)
    return line.replace("``", "`")
