# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m benchmarks.kernels``: the static report on GPU kernels, written or compared with what it was."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.kernels.compare import regressions
from benchmarks.kernels.files import read, write
from benchmarks.kernels.measure import ARCHS, measure, versions

DOCS = Path(__file__).resolve().parents[2] / "docs"

#: One where a workgroup has several rows on some GPUs, one in between, the widest of today's models, and an odd one.
WIDTHS = (1536, 4096, 7168, 1535)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a kernel is worse than the report says.")
@click.option("--sample", is_flag=True, help="Each architecture at one width: they take turns.")
@click.option("--arch", "archs", multiple=True, type=click.Choice(list(ARCHS)), help="Only these, with --check.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=DOCS, help="Where the report is.")
def main(check: bool, sample: bool, archs: tuple[str, ...], folder: Path) -> None:
    """Compile a fixed set of regions for every GPU and read what the vendors' tools say of the kernels."""
    if not check and (sample or archs):
        raise click.UsageError("a report has everything: --sample and --arch go with --check")
    page, data = folder / "gpu-kernels.md", folder / "gpu-kernels.json"
    turns = [(arch, width) for i, arch in enumerate(ARCHS) for width in (WIDTHS[i % len(WIDTHS)],)]
    cells = turns if sample else [(arch, width) for arch in ARCHS for width in WIDTHS]
    rows = []
    for arch, width in cells:
        if not archs or arch in archs:
            rows += measure(arch, width)
            click.echo(f"{arch} at {width}: {len(rows)} kernels so far", err=True)
    if not check:
        write(rows, versions(), page, data)
        click.echo(f"wrote {page} and {data}")
        return
    known, made_with = read(data)
    faults = regressions(rows, known)
    if made_with != versions():
        click.echo(f"the report was made with {made_with}, this is {versions()}", err=True)
    if faults:
        more = f"{len(faults)} regressions; where they are on purpose, `make kernel-report` writes the report anew"
        raise click.ClickException("\n  ".join([*faults, more]))
    click.echo(f"{len(rows)} kernels, none worse than in {data.name}")


if __name__ == "__main__":
    main()
