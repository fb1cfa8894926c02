# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tests here run in a process of their own, which ends with them.

With Mesa's lavapipe, IREE's driver has two threads that never rest, as long as the process lives: every test that came
later in it, and those beside, would take up to three times as long.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from vulkan import apart


@pytest.fixture(autouse=True, scope="module")
def vulkan_process() -> Iterator[ProcessPoolExecutor]:
    """A process; it starts with the first test."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield process


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool:
    """Call a test there; all that it takes is parameters."""
    parameters = pyfuncitem.callspec.params if hasattr(pyfuncitem, "callspec") else {}
    process: ProcessPoolExecutor = pyfuncitem.funcargs["vulkan_process"]
    process.submit(apart.call, pyfuncitem.path.stem, pyfuncitem.originalname, parameters).result()
    return True
