# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold demo``."""

from __future__ import annotations

import click


@click.command()
@click.option("--rows", type=click.IntRange(1), default=256, show_default=True, help="Tokens.")
@click.option("--torch-compile/--no-torch-compile", default=True, show_default=True, help="Also time torch.compile.")
def demo(rows: int, torch_compile: bool) -> None:
    """Compile the query path of DeepSeek-V3.2, check it against eager PyTorch, and time it.

    Exits with 1 if a result is further from eager's than it may be.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from fanfold.demo import HIDDEN, Q_LORA_RANK, run
    from fanfold.trial import show

    console = Console()
    console.print(
        f"DeepSeek-V3.2 query path: {rows} tokens x {HIDDEN} -> projection -> {Q_LORA_RANK} -> RMSNorm -> view -> "
        "2 x group-128 FP8; bf16, random weights",
        highlight=False,
    )
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("building the model")
        trials = run(
            rows, torch_compile=torch_compile, step=lambda text: progress.update(task, description=text, refresh=True)
        )
    for trial in trials:
        show(console, trial)
    if not all(trial.ok for trial in trials):
        raise click.ClickException("a result is further from eager's than it may be: see the lines marked NOT OK")
