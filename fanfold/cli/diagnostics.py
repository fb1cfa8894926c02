# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of MLIR as data, and the comments in a test file that announce them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch_mlir import ir

from fanfold.errors import FanfoldError

_POSITION = re.compile(r'"[^"]*":(\d+):(\d+)')
_EXPECTED = re.compile(r"//\s*expected-error\s*(@unknown|@[+-]?\d+)?\s*\{\{(.*?)\}\}")


@dataclass(frozen=True)
class Diagnostic:
    """One error.

    Attributes:
        line: Its line in the input, None if it has no position there.
        column: Its column, 0 without a line.
        message: Its text.
    """

    line: int | None
    column: int
    message: str

    def render(self, name: str) -> str:
        """Return the error as compilers print it, for the input called `name`."""
        where = name if self.line is None else f"{name}:{self.line}:{self.column}"
        return f"{where}: error: {self.message}"


class DiagnosedError(Exception):
    """The input was invalid or a pass failed.

    Args:
        diagnostics: The errors, in the order in which they came.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(f"{len(diagnostics)} errors")
        self.diagnostics = list(diagnostics)


@contextmanager
def collected(context: ir.Context) -> Iterator[None]:
    """Turn the errors of the body, MLIR's and ours, into one `DiagnosedError`.

    Raises:
        DiagnosedError: If there was an error.
    """
    found: list[Diagnostic] = []

    def note(diagnostic: ir.Diagnostic) -> bool:
        if diagnostic.severity == ir.DiagnosticSeverity.ERROR:
            found.append(_diagnostic(diagnostic.location, diagnostic.message))
        return True

    handler = context.attach_diagnostic_handler(note)
    try:
        yield
    except ir.MLIRError as error:
        found += [_diagnostic(d.location, d.message) for d in error.error_diagnostics]
    except FanfoldError as error:
        cause = error.__cause__
        if isinstance(cause, ir.MLIRError) and cause.error_diagnostics:
            found += [_diagnostic(d.location, d.message) for d in cause.error_diagnostics]
        else:
            found.append(_ours(error))
    finally:
        handler.detach()
    if found:
        raise DiagnosedError(found)


def _diagnostic(location: ir.Location, message: str) -> Diagnostic:
    position = _POSITION.search(str(location))
    return Diagnostic(int(position[1]), int(position[2]), message) if position else Diagnostic(None, 0, message)


def _ours(error: FanfoldError) -> Diagnostic:
    # A location of ours is "file:line"; a module parsed from text has no other file than the input.
    _, _, line = (error.location or "").rpartition(":")
    return Diagnostic(int(line) if line.isdecimal() else None, 1, str(error))


@dataclass(frozen=True)
class Expectation:
    """An announced error: its line (None: without a position), a part of its text, and the line of the comment."""

    line: int | None
    text: str
    comment: int


def expectations(text: str) -> list[Expectation]:
    """Return the errors that the comments of `text` announce."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        for at, part in _EXPECTED.findall(line):
            target: int | None = number
            if at == "@unknown":
                target = None
            elif at:
                target = number + int(at[1:]) if at[1] in "+-" else int(at[1:])
            found.append(Expectation(target, part, number))
    return found


def unmet(name: str, expected: Sequence[Expectation], found: Sequence[Diagnostic]) -> list[str]:
    """Return a line for each error that was not announced, and for each announced one that did not come."""
    left = list(expected)
    complaints = []
    for diagnostic in found:
        match = next((e for e in left if e.line == diagnostic.line and e.text in diagnostic.message), None)
        if match is None:
            complaints.append(f"{diagnostic.render(name)}\n  which no expected-error announces")
        else:
            left.remove(match)
    complaints += [f"{name}:{e.comment}: the error {e.text!r} was announced and did not come" for e in left]
    return complaints
