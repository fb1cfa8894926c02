# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the diagnostics that MLIR tools print."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ERROR = re.compile(r"^(?P<location>\S.*?:\d+:\d+|<unknown>:0|loc\(.*?\)): error: (?P<message>.*)$", re.MULTILINE)
_BARE_ERROR = re.compile(r"^(?:\S+: |LLVM )?error: (?P<message>.*)$", re.MULTILINE | re.IGNORECASE)
_CUSTOM_OP = re.compile(r'(?:name = |torch\.operator )"(?P<name>[\w.]+)"')
_PRINTED_OP = re.compile(r": (?:%\S+ = )?\"[\w.]+\"\(")
_QUOTED_OP = re.compile(r"'(?P<name>[a-z_]\w*\.[\w.$]+)'")


@dataclass(frozen=True)
class Diagnostic:
    """One error of an MLIR tool.

    Attributes:
        message: Its first line.
        location: ``file:line:column``, or ``None`` when the tool knew none.
        context: What the tool printed between this error and the next.
    """

    message: str
    location: str | None
    context: str

    @property
    def summary(self) -> str:
        """The message without the op that some passes print behind it, which can hold all of a weight."""
        return _PRINTED_OP.split(self.message, maxsplit=1)[0][:500]


def first_error(log: str) -> Diagnostic | None:
    """Return the first error in a tool's output: the later ones are usually its consequences."""
    match = _ERROR.search(log)
    if match:
        location = match["location"]
        following = _ERROR.search(log, match.end())
        context = log[match.end() : following.start() if following else None]
        return Diagnostic(match["message"], None if location == "<unknown>:0" else location, context)
    match = _BARE_ERROR.search(log)
    return Diagnostic(match["message"], None, log[match.end() :]) if match else None


def op_of(diagnostic: Diagnostic | None) -> str | None:
    """Return the op that a diagnostic is about: for ``torch.operator`` the name of the custom op it stands for."""
    if diagnostic is None:
        return None
    quoted = _QUOTED_OP.search(diagnostic.message)
    if quoted is None:
        return None
    if quoted["name"] == "torch.operator":
        # The name is in the op that is printed below the error, not in the error.
        custom = _CUSTOM_OP.search(diagnostic.message + diagnostic.context)
        return custom["name"] if custom else quoted["name"]
    return quoted["name"]
