# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From MLIR to a ``.vmfb`` with iree-compile, in a process of its own: its crash is an error here, not our end."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fanfold.errors import CompileError, MissingDependencyError

from .diagnostics import first_error, op_of
from .dispatch_count import dispatches_per_call
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
    try:
        return _compile_in_folder(binary, mlir, target, workdir, timeout)
    except OSError as error:
        raise CompileError(
            f"cannot run iree-compile: {error}",
            stage="compile",
            expected="a folder with room for the compiler's input, output and log",
            found=type(error).__name__,
            remedy=f"free some space, or name another folder in {'TMPDIR' if workdir is None else 'dump_dir'}",
        ) from error


def _compile_in_folder(
    binary: Path, mlir: bytes, target: Target, workdir: str | os.PathLike[str] | None, timeout: float | None
) -> CompiledModule:
    folder = Path(workdir) if workdir is not None else Path(tempfile.mkdtemp(prefix="fanfold-"))
    keep = workdir is not None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / ("input.mlirbc" if mlir.startswith(b"ML\xefR") else "input.mlir")
        source.write_bytes(mlir)
        command = [str(binary), str(source), *target.compiler_flags()]
        try:
            result = _compile(command, folder, timeout)
        except CompileError:
            keep = True
            raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    return result


def _compile(command: list[str], folder: Path, timeout: float | None) -> CompiledModule:
    output, statistics, log = folder / "module.vmfb", folder / "statistics.csv", folder / "iree-compile.log"
    extra = ["--iree-scheduling-dump-statistics-format=csv", f"--iree-scheduling-dump-statistics-file={statistics}"]
    try:
        code = _run([*command, *extra, "-o", str(output)], log, timeout)
        if code != 0:
            raise _failure(code, command, log)
        return CompiledModule(output.read_bytes(), dispatches_per_call(statistics.read_text(encoding="utf-8")))
    except subprocess.TimeoutExpired as error:
        raise CompileError(
            f"iree-compile took longer than {timeout:g} s",
            stage="compile",
            remedy="raise the timeout, or report the module of the replay command",
            replay=_replay(command),
        ) from error
    finally:
        output.unlink(missing_ok=True)
        statistics.unlink(missing_ok=True)


def _run(command: list[str], log: Path, timeout: float | None) -> int:
    """Run to the end and return the exit status; whatever interrupts us ends the compiler and its linker too."""
    with log.open("wb") as stream:
        # A session of its own: the linker is the compiler's child, and both must go together.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            return process.wait(timeout)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def _failure(code: int, command: list[str], log: Path) -> CompileError:
    text = log.read_text(encoding="utf-8", errors="replace")
    diagnostic = first_error(text)
    replay = _replay(command)
    # A shell or a container reports a signal as 128 + its number.
    number = -code if code < 0 else code - 128
    if number in signal.valid_signals():
        name = signal.Signals(number).name
        killed = "it was probably ended for lack of memory" if name == "SIGKILL" else "this is a bug of the compiler"
        return CompileError(
            f"iree-compile crashed with {name}",
            stage="compile",
            op=op_of(diagnostic),
            location=diagnostic.location if diagnostic else None,
            found=diagnostic.summary if diagnostic else f"no diagnostic; its log is {log}",
            remedy=f"{killed}; keep the module of the replay command for a report",
            replay=replay,
        )
    op = op_of(diagnostic)
    advice = "replace the op in the model, or give its decomposition to ExportedProgram.run_decompositions; "
    return CompileError(
        "iree-compile rejected the module",
        stage="compile",
        op=op,
        location=diagnostic.location if diagnostic else None,
        found=diagnostic.summary if diagnostic else f"exit status {code}",
        remedy=(advice if op else "") + f"the whole log is {log}",
        replay=replay,
    )


def _replay(command: list[str]) -> str:
    return shlex.join([*command, "-o", os.devnull])
