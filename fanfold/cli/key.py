# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold key``."""

from __future__ import annotations

import click

from .options import fp8_option


@click.command()
@click.option("--target", default="cpu", show_default=True, help="What to compile for, see `fanfold targets`.")
@fp8_option
@click.option("--text", is_flag=True, help="Print the text that the key is the SHA-256 of.")
def key(target: str, fp8: str, text: bool) -> None:
    """Print the key of the compiler: with equal keys, equal models become equal artifacts.

    Reports have it too. Two texts, compared line by line, show what two compilers differ in.
    """
    from fanfold.api import require_torch_mlir
    from fanfold.backends.target import parse_target

    parsed = parse_target(target)
    require_torch_mlir()
    from fanfold.key import canonical_text, pipeline_key

    click.echo(canonical_text(parsed, fp8=fp8).rstrip("\n") if text else pipeline_key(parsed, fp8))
