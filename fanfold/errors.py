# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors of fanfold: each says where it happened, what was expected and found, and what to do."""

from __future__ import annotations


class FanfoldError(Exception):
    """Base class of every error that fanfold raises on purpose.

    Args:
        message: What went wrong, in one sentence.
        stage: The stage that failed: ``export``, ``import``, ``passes``, ``compile``, ``load``, ``call``, ...
        op: The op concerned, for example ``torch.aten.histc``.
        location: Source position in the user's model or file, for example ``model.py:12``.
        expected: What was expected.
        found: What was found instead.
        remedy: What the user can do about it.
        replay: A shell command that reproduces the failure.
    """

    def __init__(
        self,
        message: str,
        *,
        stage: str | None = None,
        op: str | None = None,
        location: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        remedy: str | None = None,
        replay: str | None = None,
    ) -> None:
        self.message = message
        self.stage = stage
        self.op = op
        self.location = location
        self.expected = expected
        self.found = found
        self.remedy = remedy
        self.replay = replay
        super().__init__(self._render())

    def _render(self) -> str:
        head = f"[{self.stage}] {self.message}" if self.stage else self.message
        labels = ("op", "location", "expected", "found", "remedy", "replay")
        lines = [f"  {label}: {getattr(self, label)}" for label in labels if getattr(self, label)]
        return "\n".join([head, *lines])

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive Exception's default pickling.
        return (_rebuild, (type(self), self.message, {k: v for k, v in vars(self).items() if k != "message"}))


def _rebuild(cls: type[FanfoldError], message: str, fields: dict[str, str | None]) -> FanfoldError:
    return cls(message, **fields)


class ExportError(FanfoldError):
    """The model could not be exported or imported."""


class CompileError(FanfoldError):
    """A pass or the IREE compiler failed."""


class TargetError(FanfoldError):
    """The target is unknown, malformed or not available here."""


class ArtifactError(FanfoldError):
    """A ``.vmfb`` is damaged, foreign, too new, or cannot be read or written."""


class CallError(FanfoldError):
    """A compiled model was called with the wrong arguments, or its execution failed."""


class MissingDependencyError(FanfoldError):
    """A package needed for this step is not installed."""
