# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""fanfold compiles PyTorch models into IREE executables, with one kernel for every cluster of row-wise ops.

Importing it registers ``torch.ops.fanfold.*``. Everything else is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import ops
from ._version import __version__

if TYPE_CHECKING:
    from .api import compile, compile_and_run, explain, load  # noqa: A004 - the name that users of torch.compile expect
    from .errors import (
        ArtifactError,
        CallError,
        CompileError,
        ExportError,
        FanfoldError,
        MissingDependencyError,
        TargetError,
    )
    from .executable import Executable
    from .report import Report

__all__ = [
    "ArtifactError",
    "CallError",
    "CompileError",
    "Executable",
    "ExportError",
    "FanfoldError",
    "MissingDependencyError",
    "Report",
    "TargetError",
    "__version__",
    "compile",
    "compile_and_run",
    "explain",
    "load",
    "ops",
]

_MODULES = {"Executable": ".executable", "Report": ".report"}
_MODULES |= dict.fromkeys(("compile", "compile_and_run", "explain", "load"), ".api")
_MODULES |= dict.fromkeys((name for name in __all__ if name.endswith("Error")), ".errors")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
