# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold targets``."""

from __future__ import annotations

import click


@click.command()
def targets() -> None:
    """List what can be compiled for, whether this machine runs it, and on which devices.

    Evidence is what the project's own tests did with such code, not on this machine: they ran it, on some x86-64 that
    has the features, not on each processor named here; or they only compiled it; or nothing.
    """
    from rich.console import Console
    from rich.table import Table

    from fanfold.backends.inventory import list_targets, take_inventory

    here = take_inventory()
    table = Table("target", "vector bits", "runs here", "evidence", box=None)
    for listing in list_targets(here):
        runs = f"no: lacks {', '.join(listing.missing)}" if listing.missing else "yes"
        table.add_row(listing.target, str(listing.vector_bits), runs, listing.evidence)
    devices = Table("device here", "name", "driver", box=None)
    for found in here.values():
        for name, device in found.placements():
            devices.add_row(name, " ".join(filter(None, (device.name, device.arch))), found.driver.name)
        if found.lacks:
            parts = (f"lacks {found.lacks}", found.detail, f"check with {found.driver.tool}")
            devices.add_row(f"no {found.driver.devices[0]}", "; ".join(filter(None, parts)), found.driver.name)
    console = Console(highlight=False)
    console.print(table)
    console.print()
    console.print(devices)
