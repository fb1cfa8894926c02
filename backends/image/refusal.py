# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors about what IREE's schedule has and a program image cannot have."""

from __future__ import annotations

from typing import Any

from fanfold.errors import CompileError

_DATA_DEPENDENT = (
    "keep sizes and branches independent of tensors' contents: torch.cond, .item(), nonzero and masks as indices make "
    "them depend on it"
)

#: Why a program cannot have ops that models are known to end up with.
REASONS = {
    "hal.buffer.load": "the sizes or the course of the program depend on what is in a tensor",
    "hal.command_buffer.dispatch.indirect": "the size of a dispatch depends on what is in a tensor",
    "hal.command_buffer.collective": "a program runs on one device",
}

#: What to do about ops that models are known to end up with.
_REMEDIES = {
    "hal.buffer.load": _DATA_DEPENDENT,
    "cf.cond_br": _DATA_DEPENDENT,
    "cf.switch": _DATA_DEPENDENT,
    "scf.if": _DATA_DEPENDENT,
    "scf.while": _DATA_DEPENDENT,
    "scf.for": _DATA_DEPENDENT,
    "hal.command_buffer.dispatch.indirect": _DATA_DEPENDENT,
    "hal.command_buffer.collective": "compile the model for one device",
    "util.global.store": "return the state from the model and pass it in again, instead of keeping it inside",
}
_OTHERWISE = "compile for a target with a driver of IREE's own, or leave out what the op comes from"


def refuse(op: Any, message: str, *, found: str | None = None, remedy: str | None = None) -> CompileError:
    """Return the error for an op.

    Args:
        op: The op of IREE's schedule.
        message: Why it cannot be in a program, in one sentence.
        found: What is there instead of what can be.
        remedy: What the user can do, if the op's name does not say it.
    """
    name = op.operation.name
    return CompileError(
        message,
        stage="schedule",
        op=name,
        location=location_of(op.operation.location),
        found=found,
        remedy=remedy or _REMEDIES.get(name, _OTHERWISE),
    )


def location_of(location: Any) -> str | None:
    """Return the first place in a file of a location, as ``file:line:column``."""
    from iree.compiler import ir

    if isinstance(location, ir.FileLineColLoc):
        return f"{location.filename}:{location.start_line}:{location.start_col}"
    parts: list[Any] = []
    if isinstance(location, ir.FusedLoc):
        parts = list(location.locations)
    elif isinstance(location, ir.NameLoc):
        parts = [location.child_loc]
    elif isinstance(location, ir.CallSiteLoc):
        parts = [location.callee, location.caller]
    return next((place for place in map(location_of, parts) if place), None)
