# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold explain``."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fanfold.container import MAGIC

from .options import fp8_option

if TYPE_CHECKING:
    from rich.text import Text

    from fanfold.report import Decision, Report


# IREE's own part of a .vmfb, and where the name of a zip file's first entry is.
_IREE_ENTRY, _NAME_OFFSET = "module.fb", 30


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", help="What to compile for, see `fanfold targets`.  [default: cpu]")
@fp8_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--strict", is_flag=True, help="Exit with 1 if a fusion was missed.")
@click.pass_context
def explain(ctx: click.Context, model: Path, target: str | None, fp8: str, as_json: bool, strict: bool) -> None:
    """Say what each norm, activation and quantisation in MODEL becomes: fused with what, or why not.

    MODEL is a .pt2 file written by torch.export.save, which is not compiled for it, or a .vmfb written by fanfold,
    which holds its account already.
    """
    report = _report(model, target, fp8)
    if as_json:
        click.echo(json.dumps(report.to_json(), indent=1))
    else:
        from rich.console import Console

        # Soft wrap: a path that breaks in the middle is of no use.
        console = Console(highlight=False, soft_wrap=True)
        for line in _lines(model, report):
            console.print(line)
    if strict and report.missed:
        ctx.exit(1)


def _report(model: Path, target: str | None, fp8: str) -> Report:
    import logging

    if _is_artifact(model):
        if target is not None or fp8 != "exact":
            option = "--fp8" if target is None else "--target"
            raise click.UsageError(f"{option} is for a model, and {model} is compiled already")
        from fanfold.artifact import read

        return read(model).report
    import fanfold
    from fanfold.api import require_torch_mlir
    from fanfold.backends.target import parse_target

    # What can be known at once is said at once, not after loading the model.
    chosen = parse_target(target or "cpu")
    chosen.float8(fp8)
    require_torch_mlir()
    from fanfold.frontend import load_program

    # torch logs a traceback for a file that it cannot load; our error says the same in a line.
    logging.getLogger("torch.export").setLevel(logging.CRITICAL)
    return fanfold.explain(load_program(model), target=str(chosen), fp8=fp8)


def _is_artifact(model: Path) -> bool:
    """Return whether a file is a .vmfb, whole or not, by its content; what is no zip file is what it is called."""
    # A .pt2 is a zip file too, whatever either is called.
    try:
        with zipfile.ZipFile(model) as archive:
            return _IREE_ENTRY in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return _begins_with(model, _IREE_ENTRY) or model.suffix == ".vmfb"


def _begins_with(model: Path, entry: str) -> bool:
    """Return whether the first entry of a zip file that may be cut off has a name."""
    try:
        with model.open("rb") as stream:
            head = stream.read(_NAME_OFFSET + len(entry))
    except (OSError, ValueError):
        return False
    return head.startswith(MAGIC) and head[_NAME_OFFSET:] == entry.encode()


def _lines(model: Path, report: Report) -> Iterator[Text]:
    from rich.text import Text

    ops, missed = len(report.decisions) - len(report.left), len(report.missed)
    inside = sum(1 for decision in report.decisions if decision.kernel)
    yield Text(
        f"{model} for {report.target}: {inside} of {ops} row-wise ops in {_count(len(report.kernels), 'kernel')}"
    )
    if report.dispatches is not None:
        yield Text(f"{_count(report.dispatches, 'dispatch', 'dispatches')} per call")
    for kernel in report.kernels:
        yield Text()
        yield Text(f"kernel {kernel.name}, ", style="bold") + Text(
            f"{_count(kernel.dispatches, 'dispatch', 'dispatches')} per call", style="bold"
        )
        yield Text(f"  reads   {', '.join(kernel.operands)}")
        yield Text(f"  writes  {', '.join(kernel.results)}")
        yield from _table((d for d in report.decisions if kernel.name in d.kernels), reasons=False)
    yield Text()
    yield Text(f"missed: {missed}", style="bold red") if missed else Text("missed: nothing", style="bold green")
    yield from _table(report.missed, reasons=True)
    if report.left:
        yield Text()
        yield Text(f"left to IREE, where nothing is lost: {len(report.left)}")
        yield from _table(report.left, reasons=True)


def _table(decisions: Iterable[Decision], *, reasons: bool) -> Iterator[Text]:
    """Yield a line for each place in the source; the layers of a model share theirs."""
    from rich.text import Text

    counts = Counter((d.op, d.location, (d.reason or "it has no kernel") if reasons else "") for d in decisions)
    width = max((len(op) for op, _, _ in counts), default=0)
    for (op, location, reason), count in counts.items():
        yield Text(f"  {op:<{width}}  {location}" + (f"  x{count}" if count > 1 else ""))
        if reason:
            yield Text(f"    {reason}")


def _count(number: int, singular: str, plural: str | None = None) -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
