#!/usr/bin/env python3
# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes ``docs/dialect.md`` and ``docs/passes.md`` from the sources that they describe.

Ops and passes are looked for, not listed here: a new file in ``dialect/`` or ``passes/`` is in the pages at the next
run.
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Union, get_args, get_origin

from docstrings import anchor, markdown, summary, table
from torch_mlir import ir

import fanfold.dialect
import fanfold.passes
from fanfold.dialect.base import Fanfold
from fanfold.dialect.context import make_context
from fanfold.passes import pipeline
from fanfold.passes.base import Pass
from fanfold.passes.registry import PASSES

DOCS = Path(__file__).resolve().parents[1] / "docs"
COMMAND = "make docs"
NOTICE = f"<!-- Generated from the sources by `{COMMAND}`. Change those, not this file. -->"
#: What ext calls each kind of field, in the order of the table.
KINDS = {"OperandDef": "operand", "AttributeDef": "attribute", "ResultDef": "result", "RegionDef": "region"}


def main() -> int:
    """Write the pages, or with ``--check`` only say whether they are what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is stale")
    check = parser.parse_args().check
    stale = 0
    for name, text in {"dialect.md": dialect_page(), "passes.md": passes_page()}.items():
        path = DOCS / name
        if not check:
            path.write_text(text, encoding="utf-8")
            continue
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old != text:
            stale += 1
            sys.stderr.writelines(difflib.unified_diff(_lines(old), _lines(text), f"docs/{name}", "the sources"))
            sys.stderr.write(f"docs/{name} is not what the sources say: run `{COMMAND}`\n")
    return 1 if stale else 0


def dialect_page() -> str:
    """Return ``docs/dialect.md``: every op with its meaning, fields and checks."""
    found = list(ops())
    rows = [[f"[`{op.OPERATION_NAME}`]({anchor(op.OPERATION_NAME)})", summary(op.__doc__ or "")] for op in found]
    intro = [markdown(text or "") for text in (fanfold.dialect.__doc__, Fanfold.__doc__)]
    return _page("The `fanfold` dialect", [*intro, table(["op", ""], rows), *(_op(op) for op in found)])


def ops() -> Iterator[Any]:
    """Yield the op classes of the dialect, by the names of their modules."""
    for module in _modules(fanfold.dialect):
        for value in vars(module).values():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and issubclass(value, ir.OpView) and isinstance(getattr(value, "OPERATION_NAME", None), str):
                yield value


def _op(op: Any) -> str:
    parts = [f"## `{op.OPERATION_NAME}`", _source(op.__module__), markdown(op.__doc__ or "")]
    with make_context(), ir.Location.unknown():
        rows = [
            _field(field, kind) for name, kind in KINDS.items() for field in op._fields if type(field).__name__ == name
        ]
    if rows:
        parts.append(table(["name", "kind", "type", ""], rows))
    traits = ", ".join(f"`{getattr(trait, '__name__', trait)}`" for trait in getattr(op, "_traits", ()))
    if traits:
        parts.append(f"Traits: {traits}.")
    checks = [summary(inspect.getdoc(value) or "") for name, value in vars(op).items() if name.startswith("verify_")]
    parts += ["The verifier:\n\n" + "\n".join(f"- {check}." for check in checks)] if checks else []
    return "\n\n".join(part for part in parts if part)


def _field(field: Any, kind: str) -> list[str]:
    note = {"single": "", "optional": "optional", "variadic": "any number"}.get(field.variadicity.name, "")
    default = getattr(field, "default_factory", None)
    if default is not None:
        note = f"default `{default()}`"
    return [f"`{field.name}`", kind, _type(field.constraint), note]


def _type(constraint: Any) -> str:
    if constraint is Any:
        return "any"
    if get_origin(constraint) is Union or isinstance(constraint, type(int | str)):
        return " or ".join(_type(arg) for arg in get_args(constraint))
    return f"`{getattr(constraint, '__name__', constraint)}`"


def passes_page() -> str:
    """Return ``docs/passes.md``: every pass, those of the standard pipeline in its order, then the others."""
    standard = pipeline.standard_pipeline()
    steps: dict[str, list[int]] = {}
    for number, pass_ in enumerate(standard, start=1):
        steps.setdefault(pass_.name, []).append(number)
    others = [name for name in sorted(PASSES) if name not in steps]
    parts = [markdown(pipeline.__doc__ or ""), "`fanfold-opt --pass NAME` runs one by hand.", _contents(standard)]
    if others:
        parts.append("Not in the standard pipeline:\n\n" + "\n".join(f"- {_entry(PASSES[name])}" for name in others))
    parts += [_pass(PASSES.get(name) or type(standard[at[0] - 1]), at, len(standard)) for name, at in steps.items()]
    parts += [_pass(PASSES[name], [], len(standard)) for name in others]
    return _page("Passes", parts)


def _contents(standard: list[Pass]) -> str:
    """Return the numbered list of passes, each group under the comment that says why it stands there."""
    why = _reasons(standard)
    lines: list[str] = []
    for number, pass_ in enumerate(standard, start=1):
        if why.get(number):
            lines += ["", why[number], ""]
        changed = [f"{f.name} = {getattr(pass_, f.name)!r}" for f in _options(type(pass_)) if _is_set(pass_, f)]
        lines.append(f"{number}. {_entry(type(pass_))}" + (f" (`{', '.join(changed)}`)" if changed else ""))
    return "\n".join(lines).strip()


def _entry(pass_class: Any) -> str:
    return f"[`{pass_class.name}`]({anchor(pass_class.name)}): {summary(_module_doc(pass_class))}"


def _reasons(standard: list[Pass]) -> dict[int, str]:
    """Return the comments in the pipeline's source by the number of the pass below them."""
    found: dict[int, str] = {}
    comment: list[str] = []
    number = 1
    for line in map(str.strip, inspect.getsource(pipeline.standard_pipeline).splitlines()):
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif number <= len(standard) and line.startswith(f"{type(standard[number - 1]).__name__}("):
            found[number], comment, number = " ".join(comment), [], number + 1
    return found


def _pass(pass_class: Any, steps: list[int], count: int) -> str:
    place = f"Step {' and '.join(map(str, steps))} of {count}" if steps else "Not in the standard pipeline"
    parts = [f"## {pass_class.name}", f"{place}. {_source(pass_class.__module__)}", markdown(_module_doc(pass_class))]
    rows = [[f"`{field.name}`", f"`{field.type}`", _default(field)] for field in _options(pass_class)]
    return "\n\n".join([*parts, table(["option", "type", "default"], rows) if rows else "No options."])


def _options(pass_class: Any) -> list[dataclasses.Field[Any]]:
    return list(dataclasses.fields(pass_class)) if dataclasses.is_dataclass(pass_class) else []


def _is_set(pass_: Pass, field: dataclasses.Field[Any]) -> bool:
    return bool(getattr(pass_, field.name) != field.default)


def _default(field: dataclasses.Field[Any]) -> str:
    return "none" if field.default is dataclasses.MISSING else f"`{field.default!r}`"


def _module_doc(pass_class: Any) -> str:
    return importlib.import_module(pass_class.__module__).__doc__ or ""


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.walk_packages(package.__path__, f"{package.__name__}."), key=lambda info: info.name):
        yield importlib.import_module(found.name)


def _source(module: str) -> str:
    """Return the link to a module's file: ``fanfold.dialect.cast`` lies in ``dialect/cast.py``."""
    path = module.removeprefix("fanfold.").replace(".", "/") + ".py"
    return f"[{path}](../{path})"


def _page(title: str, parts: list[str]) -> str:
    return "\n\n".join([NOTICE, f"# {title}", *parts]) + "\n"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    sys.exit(main())
