# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests that run in a process of their own, as Vulkan's do, have the outcomes that they would have in pytest's."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "vulkan"

TESTS = '''
import os, signal
import pytest

class Odd(Exception):
    """It cannot be pickled."""

    def __init__(self, text, *, more):
        super().__init__(text)

def test_that_passes(): pass
def test_that_fails(): assert 1 == 2
def test_that_skips(): pytest.skip("for this reason")
def test_that_misses_an_import(): pytest.importorskip("no_such_module")
def test_that_raises_nothing():
    with pytest.raises(ValueError): pass
def test_that_raises_something_odd(): raise Odd("an odd error", more=lambda: 1)
def test_that_crashes(): os.kill(os.getpid(), signal.SIGSEGV)
def test_that_exits(): raise SystemExit(0)
@pytest.mark.parametrize("number", [1, 2])
def test_of(number): assert number == 1
@pytest.mark.xfail
def test_that_should_fail_and_does(): assert 1 == 2
@pytest.mark.xfail
def test_that_should_fail(): pass
def test_that_is_last(): pass
'''

OUTCOMES = {
    "test_that_passes": ("PASSED", ""),
    "test_that_fails": ("FAILED", "AssertionError"),
    "test_that_skips": ("SKIPPED", "for this reason"),
    "test_that_misses_an_import": ("SKIPPED", "could not import 'no_such_module'"),
    "test_that_raises_nothing": ("FAILED", "DID NOT RAISE ValueError"),
    "test_that_raises_something_odd": ("FAILED", "an odd error"),
    "test_that_crashes": ("FAILED", f"the process of the test ended with {-signal.SIGSEGV}"),
    "test_that_exits": ("FAILED", "SystemExit: 0"),
    "test_of[1]": ("PASSED", ""),
    "test_of[2]": ("FAILED", "AssertionError"),
    "test_that_should_fail_and_does": ("XFAIL", ""),
    "test_that_should_fail": ("FAILED", "XPASS(strict)"),
    "test_that_is_last": ("PASSED", ""),
}


def started(folder: Path, tests: str) -> subprocess.Popen[str]:
    (folder / "vulkan").mkdir()
    for name in ("apart.py", "conftest.py"):
        shutil.copy(FOLDER / name, folder / "vulkan")
    (folder / "vulkan" / "test_some.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\nxfail_strict = true\n")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-v", "--import-mode=importlib", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_outcomes(tmp_path: Path) -> None:
    output, _ = started(tmp_path, TESTS).communicate()
    found = dict(re.findall(r"test_some\.py::(\S+) (\w+)", output))
    assert found == {name: outcome for name, (outcome, _) in OUTCOMES.items()}
    for name, (_, text) in OUTCOMES.items():
        assert text in output, name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=lambda n: n.name)
def test_the_process_ends_with_pytest_in_the_middle_of_a_test(tmp_path: Path, number: signal.Signals) -> None:
    told = tmp_path / "process"
    outer = started(
        tmp_path,
        f"import os, pathlib, time\ndef test_that_hangs():\n    told = pathlib.Path({str(told)!r})\n"
        "    told.with_name('whole').write_text(str(os.getpid()))\n    told.with_name('whole').rename(told)\n"
        "    time.sleep(3600)\n",
    )
    try:
        _until(told.exists)
        process = Path("/proc") / told.read_text()
        assert process.exists()
        outer.send_signal(number)
        _until(lambda: not process.exists())
    finally:
        outer.kill()
        outer.wait()


def _until(happens: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.05)
