# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Options that several commands have."""

from __future__ import annotations

import click

from fanfold.float8 import POLICIES

#: ``--fp8``.
fp8_option = click.option(
    "--fp8",
    type=click.Choice(POLICIES),
    default="exact",
    show_default=True,
    help="Refuse fp8 types that the target does not have (exact), or convert them to its own (native) or to a flavour.",
)
