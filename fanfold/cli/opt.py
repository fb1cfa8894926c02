# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold-opt``: runs passes on MLIR text, as mlir-opt does, for tests and for looking at what a pass does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fanfold._version import __version__
from fanfold.errors import FanfoldError

from .options import fp8_option

if TYPE_CHECKING:
    from fanfold.passes.base import Pass
    from fanfold.passes.kernel.vocabulary import Kernels
    from fanfold.report import Decision


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fanfold-opt")
@click.argument("source", metavar="[FILE]", default="-")
@click.option("--pass", "passes", multiple=True, metavar="NAME", help="Run this pass; repeat it for more, in order.")
@click.option("--pipeline", metavar="NAMES", help="Run these comma-separated passes; `standard` is the whole pipeline.")
@click.option("--list-passes", is_flag=True, help="List the passes and end.")
@click.option("--print-after", multiple=True, metavar="NAME", help="Print the module after this pass, to stderr.")
@click.option("--print-after-all", is_flag=True, help="Print the module after every pass, to stderr.")
@click.option("--target", default="cpu", show_default=True, help="What kernels are made for.")
@fp8_option
@click.option("--vector-bits", type=click.Choice(["128", "256", "512"]), help="Vector width of the kernels.")
@click.option("--no-kernels", is_flag=True, help="Refuse every kernel.")
@click.option("--report", is_flag=True, help="Print what became of each row-wise op, as comments.")
@click.option("--split-input-file", is_flag=True, help="Treat the parts between lines `// -----` as files.")
@click.option("--verify-diagnostics", is_flag=True, help="Want the errors that `expected-error` announces, no others.")
@click.pass_context
def main(
    ctx: click.Context,
    source: str,
    passes: tuple[str, ...],
    pipeline: str | None,
    list_passes: bool,
    print_after: tuple[str, ...],
    print_after_all: bool,
    target: str,
    fp8: str,
    vector_bits: str | None,
    no_kernels: bool,
    report: bool,
    split_input_file: bool,
    verify_diagnostics: bool,
) -> None:
    """Run passes on FILE (MLIR text, `-` for stdin) and print the module.

    Exits with 1 if the input is invalid or a pass fails; what was printed before then stands.
    """
    if passes and pipeline is not None:
        raise click.UsageError("give --pass or --pipeline, not both")
    try:
        from fanfold.api import require_torch_mlir

        require_torch_mlir()
        if list_passes:
            click.echo(_pass_list())
            return
        from fanfold.backends.target import parse_target
        from fanfold.passes.registry import find_pass, resolve_passes

        # Every name is resolved before anything runs.
        resolved = resolve_passes(passes if pipeline is None else _names(pipeline), parse_target(target).float8(fp8))
        shown = {find_pass(name).name for name in print_after}
        if print_after_all:
            shown = {pass_.name for pass_ in resolved}
        job = _Job(resolved, shown, _kernels(target, vector_bits, no_kernels), report)
        name, text = _read(source)
    except FanfoldError as error:
        click.echo(f"error: {error}", err=True)
        ctx.exit(1)
    parts = _split(text) if split_input_file else [text]
    if verify_diagnostics:
        complaints = [line for part in parts for line in job.verify(name, part)]
        for line in complaints:
            click.echo(line, err=True)
        ctx.exit(1 if complaints else 0)
    failed = False
    for number, part in enumerate(parts):
        if number:
            click.echo("// -----")
        failed |= not job.print(name, part)
    ctx.exit(1 if failed else 0)


class _Job:
    """What is done with each part of the input."""

    def __init__(self, passes: list[Pass], shown: set[str], kernels: Kernels, report: bool) -> None:
        self._passes = passes
        self._shown = shown
        self._kernels = kernels
        self._report = report

    def print(self, name: str, text: str) -> bool:
        """Run the passes on `text` and print the result; returns whether it went well."""
        from .diagnostics import DiagnosedError

        try:
            result = self._run(text)
        except DiagnosedError as failure:
            for diagnostic in failure.diagnostics:
                click.echo(diagnostic.render(name), err=True)
            return False
        click.echo(result)
        return True

    def verify(self, name: str, text: str) -> list[str]:
        """Run the passes on `text` and return where its errors are not the ones that it announces."""
        from .diagnostics import DiagnosedError, expectations, unmet

        try:
            self._run(text)
        except DiagnosedError as failure:
            return unmet(name, expectations(text), failure.diagnostics)
        return unmet(name, expectations(text), [])

    def _run(self, text: str) -> str:
        from fanfold.dialect.context import make_context, parse_module
        from fanfold.passes.base import PassState
        from fanfold.passes.pipeline import run_passes

        from .diagnostics import collected

        state = PassState(self._kernels)
        context = make_context()
        with collected(context):
            module = parse_module(text, context)
            for pass_ in self._passes:
                run_passes(module, [pass_], state)
                if pass_.name in self._shown:
                    click.echo(f"// -----// IR after {pass_.name} //----- //\n{module}", err=True)
        lines = [_decision(d) for d in state.decisions] if self._report else []
        return "\n".join([str(module).rstrip(), *lines])


def _decision(decision: Decision) -> str:
    place = f"kernel {decision.kernel}" if decision.kernel else "no kernel"
    mates = f" with {', '.join(decision.fused_with)}" if decision.fused_with else ""
    return f"// {decision.op}: {place}{mates}" + (f": {decision.reason}" if decision.reason else "")


def _names(pipeline: str) -> list[str]:
    return [name.strip() for name in pipeline.split(",")]


def _kernels(target: str, vector_bits: str | None, no_kernels: bool) -> Kernels:
    from fanfold.backends.target import parse_target
    from fanfold.passes.kernel.cpu import CpuKernels
    from fanfold.passes.kernel.no_kernels import NoKernels

    if no_kernels:
        return NoKernels()
    kernels = parse_target(target).kernels()
    # Tests want the same IR on every machine, whichever vectors it has.
    return kernels if vector_bits is None else CpuKernels(vector_bits=int(vector_bits), is_x86=True)


def _read(source: str) -> tuple[str, str]:
    if source == "-":
        return "<stdin>", sys.stdin.read()
    try:
        return source, Path(source).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise FanfoldError(f"cannot read {source}: {error}", stage="input", expected="a file of MLIR text") from error


def _split(text: str) -> list[str]:
    """Split at lines ``// -----``; each part is preceded by empty lines, so that line numbers stay true."""
    parts: list[str] = []
    lines: list[str] = []
    for number, line in enumerate(text.splitlines()):
        if line.strip() == "// -----":
            parts.append("\n".join(lines))
            lines = [""] * (number + 1)
        else:
            lines.append(line)
    return [*parts, "\n".join(lines)]


def _pass_list() -> str:
    from importlib import import_module

    from fanfold.passes.registry import PASSES

    lines = []
    for name, pass_class in sorted(PASSES.items()):
        summary = (import_module(pass_class.__module__).__doc__ or "").partition("\n\n")[0]
        lines.append(f"{name:<24} {' '.join(summary.split())}")
    return "\n".join(lines)
