# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import errno
import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fanfold.backends import iree_compiler
from fanfold.backends.diagnostics import first_error, op_of
from fanfold.backends.dispatch_count import dispatches_per_call
from fanfold.backends.iree_compiler import CompiledModule, compile_module
from fanfold.backends.target import parse_target
from fanfold.errors import CompileError, MissingDependencyError

CPU = parse_target("cpu")

BROKEN = b"""
module {
  func.func @main(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f32> {
    %0 = torch.operator "torch.nobody.knows"(%x)
      : (!torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f32> loc("model.py":12:3)
    return %0 : !torch.vtensor<[4],f32>
  }
}
"""


INVALID = b"""
func.func @main(%x: tensor<4xf32>) -> tensor<5xf32> {
  "func.return"(%x) : (tensor<4xf32>) -> ()
}
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of its own, to see what is left in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def fake_compiler(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replace iree-compile by a shell script."""

    def replace(script: str) -> None:
        path = tmp_path_factory.mktemp("bin") / "iree-compile"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(iree_compiler, "find_compiler", lambda: path)

    return replace


def test_success_leaves_nothing_behind(temporary: Path, sample_text: Callable[[str], bytes]) -> None:
    result = compile_module(sample_text("fanout"), CPU)
    assert result.vmfb.startswith(b"PK\x03\x04")
    assert result.dispatches == 3
    assert list(temporary.iterdir()) == []


def test_dispatches_of_initializers_are_not_counted(compiled: Callable[[str], CompiledModule]) -> None:
    assert compiled("initializer").dispatches == 1


def test_statistics_in_another_form_are_an_error() -> None:
    with pytest.raises(CompileError, match="unknown form"):
        dispatches_per_call("{}")


def test_a_workdir_keeps_input_and_log(tmp_path: Path, sample_text: Callable[[str], bytes]) -> None:
    compile_module(sample_text("fanout"), CPU, workdir=tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"input.mlir", "iree-compile.log"}


def test_a_rejected_module_is_explained_and_can_be_replayed(temporary: Path) -> None:
    with pytest.raises(CompileError) as caught:
        compile_module(BROKEN, CPU)
    error = caught.value
    assert error.op == "torch.nobody.knows"
    assert error.location.endswith("model.py:12:3")
    assert "failed to legalize" in error.found
    assert "replace the op" in error.remedy
    again = subprocess.run(shlex.split(error.replay), capture_output=True, check=False)
    assert again.returncode != 0
    assert b"torch.nobody.knows" in again.stderr
    (kept,) = temporary.iterdir()
    assert {path.name for path in kept.iterdir()} == {"input.mlir", "iree-compile.log"}


def test_text_that_does_not_parse(temporary: Path) -> None:
    with pytest.raises(CompileError, match="rejected") as caught:
        compile_module(b"this is not MLIR", CPU)
    assert caught.value.found


def test_what_iree_is_given_is_verified(temporary: Path) -> None:
    """Only its checks between its own passes are switched off."""
    with pytest.raises(CompileError) as caught:
        compile_module(INVALID, CPU)
    assert "doesn't match function result type" in caught.value.found


def test_a_crash_is_an_error_with_a_replay_command(temporary: Path, fake_compiler: Callable[[str], None]) -> None:
    fake_compiler("echo 'm.py:7:1: error: assertion of some kind' >&2; kill -SEGV $$")
    with pytest.raises(CompileError, match="crashed with SIGSEGV") as caught:
        compile_module(b"module {}", CPU)
    assert caught.value.location == "m.py:7:1"
    kept = Path(shlex.split(caught.value.replay)[1])
    assert kept.read_bytes() == b"module {}"


def test_the_reason_of_an_abort_is_told(temporary: Path, fake_compiler: Callable[[str], None]) -> None:
    fake_compiler("echo 'LLVM ERROR: out of registers' >&2; kill -ABRT $$")
    with pytest.raises(CompileError, match="crashed with SIGABRT") as caught:
        compile_module(b"module {}", CPU)
    assert caught.value.found == "out of registers"


@pytest.mark.parametrize("broken", ["write_bytes", "open"])
def test_a_full_disk_is_an_error(
    temporary: Path, fake_compiler: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    fake_compiler("exit 0")
    monkeypatch.setattr(Path, broken, full)
    with pytest.raises(CompileError, match=r"No space left[^$]*TMPDIR"):
        compile_module(b"module {}", CPU)
    assert list(temporary.iterdir()) == []


def test_a_workdir_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CompileError, match=r"Not a directory[^$]*dump_dir"):
        compile_module(b"module {}", CPU, workdir=tmp_path / "file" / "sub")


def test_a_kill_hints_at_memory(temporary: Path, fake_compiler: Callable[[str], None]) -> None:
    fake_compiler("kill -KILL $$")
    with pytest.raises(CompileError, match="lack of memory"):
        compile_module(b"module {}", CPU)


def _running(pid: int) -> bool:
    try:
        # A zombie that init has not collected yet counts as gone.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while _running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _running(pid)


def test_a_timeout_ends_the_compiler_and_its_children(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, fake_compiler: Callable[[str], None]
) -> None:
    pids = tmp_path_factory.mktemp("pids") / "pids"
    fake_compiler(f"sleep 60 & echo $$ $! > {pids}; wait")
    with pytest.raises(CompileError, match=r"took longer than 0\.5 s") as caught:
        compile_module(b"module {}", CPU, timeout=0.5)
    assert caught.value.replay
    for pid in pids.read_text().split():
        _wait_until_gone(int(pid))


def test_an_interrupt_ends_the_compiler_and_leaves_nothing(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, fake_compiler: Callable[[str], None]
) -> None:
    pids = tmp_path_factory.mktemp("pids") / "pids"
    fake_compiler(f"echo $$ > {pids}; sleep 60")

    def interrupt() -> None:
        while not (pids.exists() and pids.read_text().strip()):
            time.sleep(0.01)
        # The child runs before its parent is out of fork.
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    # A shell's background job, such as this process may be, ignores interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            compile_module(b"module {}", CPU)
        thread.join()
    finally:
        signal.signal(signal.SIGINT, before)
    _wait_until_gone(int(pids.read_text()))
    assert list(temporary.iterdir()) == []


def test_a_missing_compiler_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'fanfold\[compiler\]'"):
        compile_module(b"module {}", CPU)


def test_diagnostics_are_read_from_the_log() -> None:
    log = (
        "in.mlir:3:10: warning: while creating CPU target\n"
        "model.py:4:2: error: failed to legalize operation 'torch.operator' that was explicitly marked illegal\n"
        'model.py:4:2: note: see current operation: %1 = "torch.operator"(%0) <{name = "torch.aten.histc"}> : ...\n'
        "other.py:9:9: error: 'func.func' op is sad\n"
    )
    diagnostic = first_error(log)
    assert diagnostic.location == "model.py:4:2"
    assert op_of(diagnostic) == "torch.aten.histc"
    assert first_error("all fine\n") is None
    assert op_of(None) is None
    assert first_error("iree-compile: error: no such option\n").location is None
    assert op_of(first_error("a.py:1:1: error: 'tosa.add' op unhappy\n")) == "tosa.add"
