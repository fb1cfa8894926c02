# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold targets``."""

from __future__ import annotations

import click


@click.command()
def targets() -> None:
    """List what can be compiled for, and whether this machine runs it.

    Evidence is what the project's own tests did with such code, not on this machine: they ran it, on some x86-64 that
    has the features, not on each processor named here; or they only compiled it; or nothing.
    """
    from rich.console import Console
    from rich.table import Table

    from fanfold.backends.target import list_targets

    table = Table("target", "vector bits", "runs here", "evidence", box=None)
    for listing in list_targets():
        here = f"no: lacks {', '.join(listing.missing)}" if listing.missing else "yes"
        table.add_row(listing.target, str(listing.vector_bits), here, listing.evidence)
    Console(highlight=False).print(table)
