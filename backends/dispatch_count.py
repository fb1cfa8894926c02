# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads how many dispatches a call makes out of iree-compile's scheduling statistics."""

from __future__ import annotations

import csv

from fanfold.errors import CompileError


def dispatches_per_call(text: str) -> int:
    """Count the dispatches outside initializers in the CSV form of ``--iree-scheduling-dump-statistics``.

    The aggregate there counts the whole program, also what runs once at load (constants that IREE computes ahead), so
    this reads the list of commands below it. A dispatch in a loop counts once.

    Raises:
        CompileError: If the text is not such a table.
    """
    count = 0
    per_call = False
    seen_header = False
    for row in csv.reader(line for line in text.splitlines() if line.strip()):
        first = row[0].strip()
        if first.startswith(";"):
            # Heads of command buffers read "; builtin.module @m > util.func @main > stream.cmd.execute".
            per_call = "stream.cmd.execute" in first and "util.initializer" not in first
        elif first == "Constants":
            seen_header = True
        elif per_call and len(row) > 1 and row[1] == "dispatch":
            count += 1
    if not seen_header:
        raise CompileError(
            "iree-compile wrote scheduling statistics in an unknown form",
            stage="compile",
            remedy="install a tested version: pip install 'fanfold[compiler]'",
        )
    return count
