# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs iree-compile in a process of its own: its crash is an error here, not our end."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fanfold.errors import CompileError

from .diagnostics import first_error, op_of


@contextlib.contextmanager
def working_folder(workdir: str | os.PathLike[str] | None) -> Iterator[Path]:
    """Give a folder for the compiler's files: one that is kept, or a fresh one that is kept only on a `CompileError`.

    Raises:
        CompileError: If the folder cannot be made or written to.
    """
    try:
        folder = Path(workdir) if workdir is not None else Path(tempfile.mkdtemp(prefix="fanfold-"))
        keep = workdir is not None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            yield folder
        except CompileError:
            keep = True
            raise
        finally:
            if not keep:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise CompileError(
            f"cannot run iree-compile: {error}",
            stage="compile",
            expected="a folder with room for the compiler's input, output and log",
            found=type(error).__name__,
            remedy=f"free some space, or name another folder in {'TMPDIR' if workdir is None else 'dump_dir'}",
        ) from error


def run_compiler(command: list[str], options: list[str], log: Path, timeout: float | None) -> None:
    """Run iree-compile to its end.

    Args:
        command: The compiler with what a replay needs.
        options: What else it is told, such as where its output goes.
        log: A file that gets what it prints.
        timeout: Seconds after which it is ended; ``None`` waits for ever.

    Raises:
        CompileError: If it fails, crashes or takes too long.
    """
    try:
        code = _run([*command, *options], log, timeout)
    except subprocess.TimeoutExpired as error:
        raise CompileError(
            f"iree-compile took longer than {timeout:g} s",
            stage="compile",
            remedy="raise the timeout, or report the module of the replay command",
            replay=_replay(command),
        ) from error
    if code != 0:
        raise _failure(code, command, log)


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
