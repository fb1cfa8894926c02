# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold targets``."""

from __future__ import annotations

import click


@click.command()
def targets() -> None:
    """List what can be compiled for, and whether this machine runs it.

    Evidence says what the project's own tests did: run the code on hardware, or only compile it.
    """
    from rich.console import Console
    from rich.table import Table

    from fanfold.backends.target import list_targets

    table = Table("target", "vector bits", "runs here", "evidence", box=None)
    for listing in list_targets():
        here = f"no: lacks {', '.join(listing.missing)}" if listing.missing else "yes"
        table.add_row(listing.target, str(listing.vector_bits), here, listing.evidence)
    Console(highlight=False).print(table)
