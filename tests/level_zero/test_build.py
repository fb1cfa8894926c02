# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The test driver builds without a warning, and the loader takes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from level_zero import chosen

_LIST = """
from fanfold.backends.compute.level_zero import LevelZeroDriver
for device in LevelZeroDriver().devices():
    print(device.name, device.subgroups)
"""


def test_a_driver_that_is_named_needs_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "compiler", lambda: None)
    monkeypatch.setenv(chosen.CHOICE, "libze_intel_gpu.so.1")
    assert chosen.why_no_driver() == ""
    monkeypatch.delenv(chosen.CHOICE)
    assert chosen.why_no_driver() == "no C compiler, which builds the test driver"


@pytest.mark.skipif(bool(chosen.why_not()), reason=chosen.why_not())
def test_it_builds_and_its_devices_are_found(tmp_path: Path) -> None:
    try:
        library = chosen.build(tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.fail(error.stderr, pytrace=False)
    assert chosen.build(tmp_path) == library
    environment = {**os.environ, chosen.CHOICE: str(library), "FANFOLD_TEST_OPENCL": str(chosen.pip_runtime())}
    done = subprocess.run([sys.executable, "-c", _LIST], env=environment, check=True, capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("fanfold test device 0 on ")
    assert second.startswith("fanfold test device 1 on ")
    assert "16" in first
