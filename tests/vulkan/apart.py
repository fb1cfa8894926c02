# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs in the process of the tests here; `conftest.py` cannot be imported there."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import pytest
import torch


class Ended(NamedTuple):
    """How a test ended that did not pass: what it raised may not come whole from one process to another."""

    skipped: bool
    text: str


def serve(calls: Connection) -> None:
    """Answer calls, until the process that started this one ends, however it does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError):
        while True:
            calls.send(call(*calls.recv()))


def _end_with_parent() -> None:
    # A test may be under way, which alone would go on, with the threads that never rest.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def call(module: str, test: str, parameters: dict[str, Any]) -> Ended | None:
    """Call a test; None if it passes."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        getattr(importlib.import_module(f"vulkan.{module}"), test)(**parameters)
    except pytest.skip.Exception as skipped:
        return Ended(skipped=True, text=str(skipped))
    # A failure of pytest's is no Exception, and neither is what ends a process.
    except (Exception, pytest.fail.Exception, SystemExit) as error:  # noqa: BLE001 - it is told
        # First what pytest's summary has a line for.
        lines = [*traceback.format_exception_only(error), *traceback.format_exception(error)]
        return Ended(skipped=False, text="".join(lines))
    return None
