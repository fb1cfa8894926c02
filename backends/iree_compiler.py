# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From MLIR to a ``.vmfb`` with iree-compile."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from fanfold.errors import MissingDependencyError

from .dispatch_count import dispatches_per_call
from .iree_process import run_compiler, working_folder
from .target import Target


@dataclass(frozen=True)
class CompiledModule:
    """What iree-compile made.

    Attributes:
        vmfb: The module: a flatbuffer that is also a zip file.
        dispatches: Device dispatches in one call; those that run once at load are not counted.
    """

    vmfb: bytes
    dispatches: int


def find_compiler() -> Path:
    """Return the iree-compile binary of the installed ``iree.compiler`` package, without importing it.

    Raises:
        MissingDependencyError: If the package is not installed.
    """
    try:
        spec = importlib.util.find_spec("iree.compiler")
    except ModuleNotFoundError:
        spec = None
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in ("iree-compile", "iree-compile.exe"):
            binary = Path(folder) / "_mlir_libs" / name
            if binary.is_file():
                return binary
    raise MissingDependencyError(
        "compiling needs the IREE compiler, which is not installed",
        stage="compile",
        expected="the package iree-base-compiler",
        remedy="pip install 'fanfold[compiler]'",
    )


def compile_module(
    mlir: bytes, target: Target, *, workdir: str | os.PathLike[str] | None = None, timeout: float | None = None
) -> CompiledModule:
    """Compile a module, as MLIR text or bytecode.

    Args:
        mlir: The module.
        target: What to compile for.
        workdir: A folder that gets the compiler's input and log and keeps them. Without it they are kept only when
            the compiler fails, in a fresh temporary folder that the error names.
        timeout: Seconds after which the compiler is ended; ``None`` waits for ever.

    Raises:
        CompileError: If the compiler fails, crashes or takes too long, or its files cannot be written.
        MissingDependencyError: If it is not installed.
    """
    binary = find_compiler()
    with working_folder(workdir) as folder:
        output = folder / "module.vmfb"
        try:
            dispatches = compile_input(binary, mlir, [*target.compiler_flags()], ["-o", str(output)], folder, timeout)
            return CompiledModule(output.read_bytes(), dispatches)
        finally:
            output.unlink(missing_ok=True)


def compile_input(
    binary: Path, mlir: bytes, flags: list[str], options: list[str], folder: Path, timeout: float | None
) -> int:
    """Run iree-compile on a module in a folder that keeps it and the log, and return the dispatches of a call.

    Args:
        binary: The compiler.
        mlir: The module.
        flags: The target's flags.
        options: Where the output goes, and what else a replay does not need.
        folder: The folder.
        timeout: As of :func:`compile_module`.

    Raises:
        CompileError: If the compiler fails, crashes or takes too long.
    """
    source = folder / ("input.mlirbc" if mlir.startswith(b"ML\xefR") else "input.mlir")
    statistics = folder / "statistics.csv"
    extra = ["--iree-scheduling-dump-statistics-format=csv", f"--iree-scheduling-dump-statistics-file={statistics}"]
    source.write_bytes(mlir)
    try:
        run_compiler([str(binary), str(source), *flags], [*extra, *options], folder / "iree-compile.log", timeout)
        return dispatches_per_call(statistics.read_text(encoding="utf-8"))
    finally:
        statistics.unlink(missing_ok=True)
