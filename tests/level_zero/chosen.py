# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The test driver for Level Zero: a small C library between the real loader and Intel's OpenCL CPU runtime.

It is built once for each state of its sources, and taken by every test of the session in place of a machine's own
drivers: the loader reads the environment at its first call, and only then. Who sets ZE_ENABLE_ALT_DRIVERS before keeps
what it names; on a machine with an Intel GPU `ZE_ENABLE_ALT_DRIVERS=libze_intel_gpu.so.1 pytest tests/compute` runs the
same tests there.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from fanfold.backends.compute.opencl_runtimes import pip_runtime
from fanfold.backends.compute.ze_api import LIBRARY

SOURCES = Path(__file__).parent / "driver"
CHOICE = "ZE_ENABLE_ALT_DRIVERS"
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g")
LINK = ("-shared", "-fPIC", "-fvisibility=hidden", "-ldl", "-lpthread")

INCLUDES = ("/usr/include", "/usr/local/include")

#: The kinds of objects, as the driver numbers them.
KINDS = ("context", "queue", "list", "pool", "event", "module", "log", "kernel", "memory")


def compiler() -> str | None:
    """The C compiler, if there is one."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def header(name: str = "ze_api.h") -> Path | None:
    """A header of Level Zero's, if it is where compilers look."""
    paths = (Path(folder) / "level_zero" / name for folder in INCLUDES)
    return next((path for path in paths if path.is_file()), None)


def why_not() -> str:
    """What this machine lacks to build the test driver and run it; empty if nothing."""
    if compiler() is None:
        return "no C compiler, which builds the test driver"
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return f"no Level Zero loader, {LIBRARY} (Debian: libze1)"
    if header("ze_ddi.h") is None:
        return "no headers of Level Zero (Debian: libze-dev)"
    if pip_runtime() is None:
        return "no Intel OpenCL CPU runtime (pip install fanfold[xpu-test])"
    return ""


def build(folder: Path) -> Path:
    """Build the driver into a folder, unless it is there, and return the library."""
    sources = sorted(SOURCES.glob("*.[ch]"))
    state = hashlib.sha256(b"".join(path.read_bytes() for path in sources) + repr(FLAGS).encode()).hexdigest()[:16]
    library = folder / f"libfanfold_level_zero_{state}.so"
    if not library.is_file():
        fresh = library.with_suffix(f".{os.getpid()}")
        units = [str(path) for path in sources if path.suffix == ".c"]
        command = [compiler() or "cc", *FLAGS, *units, *LINK, "-o", str(fresh)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        fresh.replace(library)
    return library


def choose(folder: Path) -> None:
    """Let the loader take the test driver, with its validation layer, where both can be had."""
    if CHOICE in os.environ or why_not():
        return
    try:
        library = build(folder)
    except subprocess.CalledProcessError:
        # `test_build.py` fails with what the compiler says; the other tests go on without it.
        return
    os.environ["FANFOLD_TEST_OPENCL"] = str(pip_runtime())
    for variable in ("VALIDATION_LAYER", "PARAMETER_VALIDATION", "HANDLE_LIFETIME"):
        os.environ[f"ZE_ENABLE_{variable}"] = "1"
    os.environ[CHOICE] = str(library)


def is_chosen() -> bool:
    """Whether Level Zero's driver in this process is the test driver."""
    return "libfanfold_level_zero_" in os.environ.get(CHOICE, "")


def why_no_driver() -> str:
    """Why Level Zero has no driver in this process; empty if one is named, whose own devices it then has.

    A machine's driver needs nothing of what the test driver is built with.
    """
    return "" if CHOICE in os.environ else why_not() or "the test driver does not build, see test_build.py"


def require() -> TestDriver:
    """Return the test driver's own functions, or skip the test."""
    if not is_chosen():
        pytest.skip(why_not() or f"{CHOICE} names another driver, or the test driver does not build")
    return TestDriver()


class TestDriver:
    """What the driver tells of itself."""

    __test__ = False

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ[CHOICE])
        self._library.fanfold_test_last_report.restype = ctypes.c_char_p

    def live(self) -> dict[str, int]:
        """How many objects of each kind there are."""
        counts = {kind: int(self._library.fanfold_test_live(number)) for number, kind in enumerate(KINDS)}
        return {kind: count for kind, count in counts.items() if count}

    def reports(self) -> int:
        """How many misuses there were."""
        return int(self._library.fanfold_test_reports())

    def last_report(self) -> str:
        """The last of them."""
        return str(self._library.fanfold_test_last_report().decode())
