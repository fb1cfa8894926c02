# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How OpenCL's runtimes are found, each case in a process of its own: the loader looks once."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fanfold.backends.compute import opencl, opencl_runtimes
from fanfold.backends.compute.opencl_context import OpenClContext
from fanfold.backends.compute.protocol import DeviceProperties
from fanfold.errors import CallError, MissingDependencyError, TargetError

pytest.importorskip("pyopencl", reason="pyopencl comes with the extra `xpu-test`")

_LIST = """
import os
from fanfold.backends.compute.opencl import OpenClDriver
from fanfold.errors import TargetError
try:
    print(len(OpenClDriver().devices()))
except TargetError as error:
    print(error.found)
print(os.environ.get("OCL_ICD_VENDORS"))
"""


def listed(**environment: str) -> list[str]:
    """What a fresh process finds: how many devices or why none, and what the variable is afterwards."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OCL_ICD_")}
    done = subprocess.run(
        [sys.executable, "-c", _LIST], env={**clean, **environment}, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(opencl_runtimes.pip_runtime() is None, reason="intel-opencl-rt comes with the extra `xpu-test`")
def test_intels_runtime_is_found_where_pip_put_it() -> None:
    devices, variable = listed()
    assert int(devices) >= 1
    assert variable == "None"


def test_who_sets_the_variable_is_left_alone(tmp_path: Path) -> None:
    assert listed(OCL_ICD_VENDORS=str(tmp_path)) == ["no platform", str(tmp_path)]


def test_without_pyopencl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencl_runtimes.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match="needs pyopencl") as caught:
        opencl_runtimes.load_pyopencl.__wrapped__()
    assert "pip install pyopencl" in str(caught.value.remedy)


def test_two_threads_look_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(opencl_runtimes.VENDORS, raising=False)
    both, failed = threading.Barrier(2), []

    def meet(_pyopencl: object = None) -> Path:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=0.2)
        return tmp_path / "libintelocl.so"

    def look() -> None:
        try:
            opencl_runtimes.load_pyopencl.__wrapped__()
        except KeyError as error:
            failed.append(error)

    monkeypatch.setattr(opencl_runtimes, "pip_runtime", meet)
    monkeypatch.setattr(opencl_runtimes, "_ask_for_platforms", meet)
    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The one that ended first took the variable from the other.
    assert not failed
    assert opencl_runtimes.VENDORS not in os.environ


def test_a_pyopencl_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyopencl.py").write_text("raise ImportError('libOpenCL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyopencl", raising=False)
    with pytest.raises(MissingDependencyError, match="cannot be imported: libOpenCL") as caught:
        opencl_runtimes.load_pyopencl.__wrapped__()
    assert "pip install" in str(caught.value.remedy)


class FakeError(Exception):
    """pyopencl's."""


def fake(*devices: Any) -> Any:
    """Return a pyopencl with one platform."""
    platform = SimpleNamespace(name="Some CL", get_devices=lambda: devices)
    return SimpleNamespace(
        Error=FakeError,
        get_platforms=lambda: [platform],
        device_type=SimpleNamespace(CPU=2, GPU=4),
        device_svm_capabilities=SimpleNamespace(COARSE_GRAIN_BUFFER=1),
    )


def device(**changes: Any) -> Any:
    """Return a device that takes our modules, but for what is changed."""
    fields = {
        "name": "a chip ",
        "type": 4,
        "extensions": "cl_intel_required_subgroup_size",
        "il_version": "SPIR-V_1.4",
        "svm_capabilities": 1,
    }
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ([], "Some CL: no GPU or CPU"),
        ([device(type=8)], "Some CL: no GPU or CPU"),
        ([device(il_version="")], "Some CL, a chip: lacks SPIR-V"),
        ([device(svm_capabilities=0)], "Some CL, a chip: lacks shared virtual memory"),
        ([device(extensions="")], "Some CL, a chip: lacks the choice of the size of subgroups"),
    ],
)
def test_why_a_platform_is_not_taken(found: list[Any], reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencl, "load_pyopencl", lambda: fake(*found))
    with pytest.raises(TargetError, match="finds no device on this machine that takes SPIR-V") as caught:
        opencl.OpenClDriver().devices()
    assert caught.value.found == reason


def test_a_device_that_cannot_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_devices: object) -> None:
        raise FakeError("out of resources")

    properties = DeviceProperties("a chip", (16,), 64, 1 << 30)
    with pytest.raises(TargetError, match="OpenCL cannot open a chip: out of resources"):
        OpenClContext(SimpleNamespace(Error=FakeError, Context=refuse), device(), properties)


@pytest.mark.skipif(opencl_runtimes.pip_runtime() is None, reason="intel-opencl-rt comes with the extra `xpu-test`")
def test_memory_of_the_host_that_is_not_there() -> None:
    context = opencl.OpenClDriver().open(0)
    with pytest.raises(CallError, match="cannot allocate"):
        context.allocate_host(1 << 60)
    context.close()


def test_gpus_come_first() -> None:
    cpu, gpu = device(type=2, name="cpu"), device(name="gpu")
    assert opencl.OpenClDriver()._devices(fake(cpu, gpu)) == [gpu, cpu]
