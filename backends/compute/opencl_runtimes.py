# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds OpenCL runtimes: those of the system, and Intel's CPU runtime where pip installed it.

Its wheel puts the library where no linker and no OpenCL loader looks. OpenCL's loaders read the variable
OCL_ICD_VENDORS at their first call; who has set it knows better and is left alone.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

from fanfold.errors import MissingDependencyError

PACKAGE = "intel-opencl-rt"
RUNTIME = "libintelocl.so"
VENDORS = "OCL_ICD_VENDORS"
_SYSTEM_VENDORS = Path("/etc/OpenCL/vendors")
#: The variable is the whole process's.
_LOCK = threading.Lock()


@functools.cache
def load_pyopencl() -> Any:
    """Return pyopencl, which then knows the system's runtimes and Intel's from PyPI.

    Raises:
        MissingDependencyError: If it is not installed, or does not work.
    """
    if importlib.util.find_spec("pyopencl") is None:
        raise MissingDependencyError(
            "running on OpenCL needs pyopencl, which is not installed",
            stage="load",
            expected="the package pyopencl, and an OpenCL runtime that takes SPIR-V",
            remedy="pip install pyopencl; on a machine without a GPU also intel-opencl-rt and intel-cmplr-lib-rt",
        )
    with _LOCK:
        return _look()


def _look() -> Any:
    runtime = pip_runtime()
    if VENDORS in os.environ or runtime is None:
        return _import_pyopencl()
    with tempfile.TemporaryDirectory(prefix="fanfold-opencl-") as folder:
        # The variable is read in place of the system's folder.
        for entry in _SYSTEM_VENDORS.glob("*.icd") if _SYSTEM_VENDORS.is_dir() else ():
            (Path(folder) / entry.name).symlink_to(entry)
        (Path(folder) / "fanfold-intel-cpu.icd").write_text(f"{runtime}\n", encoding="utf-8")
        os.environ[VENDORS] = folder
        try:
            pyopencl = _import_pyopencl()
            _ask_for_platforms(pyopencl)
        finally:
            del os.environ[VENDORS]
    return pyopencl


def _import_pyopencl() -> Any:
    try:
        import pyopencl
    except ImportError as error:
        raise MissingDependencyError(
            f"pyopencl is installed and cannot be imported: {error}",
            stage="load",
            expected="a package pyopencl that works",
            remedy="pip install --force-reinstall pyopencl",
        ) from error
    return pyopencl


def _ask_for_platforms(pyopencl: Any) -> None:
    """Let the loader read the variable, which it does once."""
    try:
        pyopencl.get_platforms()
    except pyopencl.Error:
        # No platform, which is told to who asks for a device.
        return


def pip_runtime() -> Path | None:
    """Return Intel's CPU runtime where pip installed it, if it did."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())).resolve() for file in files if file.name == RUNTIME)
    return next((path for path in found if path.is_file()), None)
