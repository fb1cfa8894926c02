# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.gpu``: everything that a GPU machine needs to run the benchmark, in one folder.

On that machine ``python run.py`` in the folder is all; see docs/benchmarks.md.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

import fanfold
from benchmarks.gpu import build as compiler
from benchmarks.gpu import wheels as packages
from benchmarks.gpu.grid import FAN_OUTS, OPS, QUANTS, WIDTHS, programs

ROOT = Path(__file__).resolve().parents[2]

_THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

README = """# GPU benchmark of fanfold

    python run.py

measures everything here and writes `results.md` and `results.json`. It needs Python {pythons}, PyTorch with support for
the GPU, and this folder: no compiler (but for what `torch.compile` needs), no network. `python run.py --minutes 20`
ends in time with a fair sample; `python run.py --help` has the rest. To use fanfold itself on that machine:

    pip install --no-index --find-links wheels fanfold

Compiled for {target}.
"""


def _axis(choices: tuple[object, ...]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def parse(_context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
        found = value.split(",")
        if unknown := [item for item in found if choices and item not in map(str, choices)]:
            raise click.BadParameter(f"{', '.join(unknown)}: there are {', '.join(map(str, choices))}")
        return found

    return parse


def _joined(choices: tuple[object, ...]) -> str:
    return ",".join(map(str, choices))


@click.command()
@click.option("--target", default="cuda:h200", show_default=True, help="What to compile for; `fanfold targets`.")
@click.option("--ops", default=_joined(OPS), callback=_axis(OPS), show_default=True)
@click.option("--quants", default=_joined(QUANTS), callback=_axis(QUANTS), show_default=True)
@click.option("--fan-outs", default=_joined(FAN_OUTS), callback=_axis(FAN_OUTS), show_default=True)
@click.option("--widths", default=_joined(WIDTHS), callback=_axis(()), show_default=True)
@click.option("--python", "pythons", multiple=True, default=(_THIS_PYTHON,), show_default=True)
@click.option("--wheels/--no-wheels", default=True, help="Without, the machine must have fanfold.", show_default=True)
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Compilations at a time.")
@click.option("--output", type=click.Path(path_type=Path), default=ROOT / "build" / "gpu-benchmark", show_default=True)
def main(
    target: str,
    ops: list[str],
    quants: list[str],
    fan_outs: list[str],
    widths: list[str],
    pythons: tuple[str, ...],
    wheels: bool,
    jobs: int,
    output: Path,
) -> None:
    """Compile the programs of the GPU benchmark and gather what runs them in one folder."""
    console = Console(stderr=True)
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    grid = programs(ops, quants, map(int, fan_outs), map(int, widths))
    launches: dict[str, list[int]] = {}
    with Progress(console=console) as progress:
        task = progress.add_task("compiling", total=len(grid) * len(compiler.PEERS))
        for built in compiler.build(grid, target, output, jobs):
            name = f"{built.job.peer} {built.job.program.name}"
            progress.update(task, advance=1, description=name)
            if built.job.peer == "fanfold":
                if built.launch is None:
                    raise click.ClickException(f"{name}: {built.error}")
                launches[built.job.program.name] = [built.launch.rows, built.launch.parts]
            elif built.error:
                progress.console.print(f"left out: {name}: {built.error.splitlines()[0]}")
    if wheels:
        try:
            packages.collect(output / "wheels", pythons)
        except packages.WheelError as error:
            raise click.ClickException(str(error)) from error
    _write_programs(output, target, pythons)
    facts = {
        "target": target,
        "fp8": str(compiler.fp8_of(target)).removeprefix("torch."),
        "fanfold": fanfold.__version__,
        "programs": [program.to_json() for program in grid],
        "launches": launches,
    }
    (output / "manifest.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    click.echo(f"{output}: {size / 2**20:.1f} MiB; copy it to the GPU machine and run `python run.py` in it")


def _write_programs(output: Path, target: str, pythons: tuple[str, ...]) -> None:
    here = Path(__file__).resolve().parent
    shutil.copy(here / "run.py", output)
    shutil.copy(ROOT / "tests" / "e2e" / "agreement.py", output)
    inner = output / "benchmarks" / "gpu"
    inner.mkdir(parents=True)
    shutil.copy(here.parent / "__init__.py", inner.parent)
    for path in here.glob("*.py"):
        # What only makes this folder stays out of it.
        if path.stem not in {"__main__", "build", "run", "wheels"}:
            shutil.copy(path, inner)
    text = README.format(target=target, pythons=" or ".join(pythons))
    (output / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
