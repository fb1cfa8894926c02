# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Collects the `.mlir` files in this folder: one test for each RUN line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlir.run_lines import RunLine, execute, run_lines


class CheckFailedError(Exception):
    """A RUN line did not do what its file says."""


class MlirFile(pytest.File):
    """A `.mlir` test."""

    def collect(self) -> Iterator[pytest.Item]:
        for run in run_lines(self.path):
            yield MlirTest.from_parent(self, name=f"line {run.line}", run=run)


class MlirTest(pytest.Item):
    """One RUN line."""

    def __init__(self, *, run: RunLine, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._run = run

    def runtest(self) -> None:
        message = execute(self._run)
        if message:
            raise CheckFailedError(message)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self._run.line - 1, f"{self.path.name}: {self.name}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> MlirFile | None:
    if file_path.suffix != ".mlir":
        return None
    file: MlirFile = MlirFile.from_parent(parent, path=file_path)
    return file
