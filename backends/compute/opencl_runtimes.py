# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds OpenCL runtimes: those of the system, and Intel's CPU runtime where pip installed it.

Its wheel puts the library where no linker and no OpenCL loader looks. The loader that comes with pyopencl reads the
variable OCL_ICD_VENDORS at its first call; who has set it knows better and is left alone.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import tempfile
from pathlib import Path
from typing import Any

from fanfold.errors import MissingDependencyError

PACKAGE = "intel-opencl-rt"
RUNTIME = "libintelocl.so"
VENDORS = "OCL_ICD_VENDORS"
_SYSTEM_VENDORS = Path("/etc/OpenCL/vendors")


def load_pyopencl() -> Any:
    """Return pyopencl, which from now on finds the system's runtimes and Intel's from PyPI.

    Raises:
        MissingDependencyError: If it is not installed.
    """
    if importlib.util.find_spec("pyopencl") is None:
        raise MissingDependencyError(
            "running on OpenCL needs pyopencl, which is not installed",
            stage="load",
            expected="the package pyopencl, and an OpenCL runtime that takes SPIR-V",
            remedy="pip install pyopencl; on a machine without a GPU also intel-opencl-rt and intel-cmplr-lib-rt",
        )
    if VENDORS not in os.environ and (runtime := pip_runtime()) is not None:
        os.environ[VENDORS] = _vendors_with(runtime)
    import pyopencl

    return pyopencl


def pip_runtime() -> Path | None:
    """Return Intel's CPU runtime where pip installed it, if it did."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = (Path(str(file.locate())).resolve() for file in files if file.name == RUNTIME)
    return next((path for path in found if path.is_file()), None)


def _vendors_with(runtime: Path) -> str:
    """Return a value of the variable that names the runtime beside those of the system."""
    system = sorted(_SYSTEM_VENDORS.glob("*.icd")) if _SYSTEM_VENDORS.is_dir() else []
    if not system:
        return str(runtime)
    # The variable is one folder or one library, so that both need a folder of their own, which lasts as the process.
    folder = Path(tempfile.mkdtemp(prefix="fanfold-opencl-"))
    for entry in system:
        (folder / entry.name).symlink_to(entry)
    (folder / "fanfold-intel-cpu.icd").write_text(f"{runtime}\n", encoding="utf-8")
    return f"{folder}/"
