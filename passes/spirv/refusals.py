# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The error for what is not converted: it names the op, where it stands, and what to do."""

import re

from torch_mlir import ir

from fanfold.errors import CompileError
from fanfold.passes.origins import position

STAGE = "spirv"
_REMEDY = "this dispatch cannot run on this target: change the op of the model that it is for, or report it"
_QUOTED_OP = re.compile(r"'(spirv\.[\w.]+)'")


def refusal(op: ir.Operation, why: str, *, expected: str | None = None, found: str | None = None) -> CompileError:
    """Return the error that refuses an op.

    Args:
        op: The op.
        why: What is wrong with it, as the end of a sentence that begins with its name.
        expected: What would have been taken.
        found: What is there instead.
    """
    return CompileError(
        f"{op.name} {why}",
        stage=STAGE,
        op=op.name,
        location=where(op),
        expected=expected,
        found=found or _shortened(op),
        remedy=_REMEDY,
    )


def rejection(message: str, error: Exception) -> CompileError:
    """Return the error for what MLIR itself rejects, with the op that it names.

    Args:
        message: What MLIR did not do.
        error: What it said.
    """
    named = _QUOTED_OP.search(str(error))
    return CompileError(
        message, stage=STAGE, op=named[1] if named else None, found=str(error), remedy=_REMEDY if named else None
    )


def where(op: ir.Operation) -> str:
    """Return the function that an op stands in and its line in the text of the module."""
    place = position(op.location)
    parent: ir.Operation | None = op
    while parent is not None and parent.name != "spirv.func":
        parent = parent.parent.operation if parent.parent else None
    if parent is None:
        return place
    return f"{ir.StringAttr(parent.attributes['sym_name']).value} in {place}"


def _shortened(op: ir.Operation, limit: int = 200) -> str:
    text = str(op).partition("\n")[0]
    return text if len(text) <= limit else f"{text[:limit]}..."
