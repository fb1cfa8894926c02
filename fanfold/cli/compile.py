# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold compile``."""

from __future__ import annotations

from pathlib import Path

import click

from .options import fp8_option


@click.command("compile")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The .vmfb to write.")
@click.option("--target", default="cpu", show_default=True, help="What to compile for, see `fanfold targets`.")
@fp8_option
@click.option("--dump", type=click.Path(path_type=Path), help="A folder for the IR after every pass (or FANFOLD_DUMP).")
@click.option("--strict", is_flag=True, help="Refuse a model in which a fusion was missed, and say why it was.")
@click.option("-q", "--quiet", is_flag=True, help="Do not print the report.")
def compile_command(
    model: Path, output: Path, target: str, fp8: str, dump: Path | None, strict: bool, quiet: bool
) -> None:
    """Compile MODEL, a .pt2 file written by torch.export.save."""
    import logging

    from rich.console import Console

    import fanfold
    from fanfold.backends.target import parse_target
    from fanfold.files import check_writable

    # What can be known at once is said at once, not after a minute of compiling.
    check_writable(output)
    parse_target(target).float8(fp8)
    from fanfold.api import require_compiler

    require_compiler()
    from fanfold.frontend import load_program

    # torch logs a traceback for a file that it cannot load; our error says the same in a line.
    logging.getLogger("torch.export").setLevel(logging.CRITICAL)
    # On stderr: what is piped somewhere is the report.
    with Console(stderr=True).status(f"compiling {model} for {target}"):
        executable = fanfold.compile(load_program(model), target=target, fp8=fp8, strict=strict, dump_dir=dump)
        executable.save(output)
    if not quiet:
        click.echo(f"{output} ({output.stat().st_size:,} bytes): {executable.signature}")
        click.echo(str(executable.report))
