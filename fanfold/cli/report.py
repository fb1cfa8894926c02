# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold report``."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--verify", is_flag=True, help="Check the weights against their checksum whatever their size.")
def report(model: Path, as_json: bool, verify: bool) -> None:
    """Show what is in MODEL, a .vmfb written by fanfold, on any machine."""
    from fanfold import artifact as artifacts

    artifact = artifacts.read(model, verify=verify)
    if as_json:
        click.echo(json.dumps(artifact.report.to_json(), indent=1))
        return
    size = sum(tensor.numel() * tensor.element_size() for tensor in artifact.parameters.values())
    click.echo(f"{model}: {artifact.signature}")
    click.echo(f"{len(artifact.parameters)} weights, {size:,} bytes; needs {_features(artifact.required_features)}")
    if artifact.report.versions:
        click.echo("made with " + ", ".join(f"{name} {version}" for name, version in artifact.report.versions.items()))
    if artifact.report.key:
        click.echo(f"key {artifact.report.key}")
    click.echo(str(artifact.report))


def _features(required: frozenset[str]) -> str:
    return f"a processor with {', '.join(sorted(required))}" if required else "no special processor"
