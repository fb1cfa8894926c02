# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tests here run in a process of their own, which ends with them.

With Mesa's lavapipe, IREE's driver has two threads that never rest, as long as the process lives: every test that came
later in it, and those beside, would take up to three times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from vulkan import apart


class Apart:
    """A process for tests; it starts with the first one, and again after one that ended it."""

    def __init__(self) -> None:
        self._process: SpawnProcess | None = None

    def call(self, module: str, test: str, parameters: dict[str, Any]) -> apart.Ended | None:
        """Call a test there; None if it passes."""
        if self._process is None:
            spawn = get_context("spawn")
            self._calls, served = spawn.Pipe()
            self._process = spawn.Process(target=apart.serve, args=(served,), daemon=True)
            self._process.start()
            # The process has it: with both ends here, its death would not be noticed.
            served.close()
        try:
            self._calls.send((module, test, parameters))
            ended: apart.Ended | None = self._calls.recv()
        except (EOFError, OSError):
            return apart.Ended(skipped=False, text=f"the process of the test ended with {self.end()}")
        return ended

    def end(self) -> int | None:
        """End the process, also in the middle of a test, and return its exit status."""
        if self._process is None:
            return None
        self._calls.close()
        # One that ended by itself has another status by now.
        self._process.join(timeout=1)
        self._process.kill()
        self._process.join()
        status, self._process = self._process.exitcode, None
        return status


@pytest.fixture(autouse=True, scope="module")
def vulkan_process() -> Iterator[Apart]:
    """What calls the tests of a file."""
    process = Apart()
    yield process
    process.end()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Call a test there; all that it takes is parameters."""
    parameters = pyfuncitem.callspec.params if hasattr(pyfuncitem, "callspec") else {}
    process: Apart = pyfuncitem.funcargs["vulkan_process"]
    ended = process.call(pyfuncitem.path.stem, pyfuncitem.originalname, parameters)
    if ended is not None:
        if ended.skipped:
            pytest.skip(ended.text)
        pytest.fail(ended.text, pytrace=False)
    return True
