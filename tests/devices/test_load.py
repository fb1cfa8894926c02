# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that this machine can run, and files that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import fanfold
from devices.samples import executable
from fanfold.backends import cpu, gpu
from fanfold.errors import TargetError


@pytest.mark.parametrize("device", [None, "cpu", torch.device("cpu")])
def test_a_cpu_file_runs_on_the_cpu(tmp_path: Path, device: str | torch.device | None) -> None:
    executable("cpu").save(tmp_path / "m.vmfb")
    loaded = fanfold.load(tmp_path / "m.vmfb", device=device)
    x = torch.randn(3, 256)
    assert loaded.device == "cpu"
    assert torch.equal(loaded(x)[0], x + x)


def test_there_is_one_cpu(tmp_path: Path) -> None:
    executable("cpu").save(tmp_path / "m.vmfb")
    with pytest.raises(TargetError, match="there is no device 'cpu:1'") as caught:
        fanfold.load(tmp_path / "m.vmfb", device="cpu:1")
    assert caught.value.expected == "cpu"


@pytest.mark.parametrize(
    ("target", "library", "tool"),
    [("cuda:sm_90", "libcuda.so", "nvidia-smi"), ("rocm:gfx942", "libamdhip64.so", "rocminfo")],
)
def test_a_gpu_file_without_the_gpu(tmp_path: Path, target: str, library: str, tool: str) -> None:
    if not gpu.missing_libraries(library):
        pytest.skip(f"this machine has {library}")
    executable(target).save(tmp_path / "m.vmfb")
    kind = target.partition(":")[0]
    driver = {"cuda": "cuda", "rocm": "hip"}[kind]
    for device in (None, f"{kind}:0", f"{kind}:7"):
        with pytest.raises(TargetError, match=f"driver '{driver}' finds no device") as caught:
            fanfold.load(tmp_path / "m.vmfb", device=device)
        assert library in str(caught.value.expected)
        assert tool in str(caught.value.remedy)
    with pytest.raises(TargetError, match=f"'cpu' does not run code for '{target}'"):
        fanfold.load(tmp_path / "m.vmfb", device="cpu")


def test_a_file_for_another_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable("cpu:znver4", features=frozenset({"avx2", "avx512_f"})).save(tmp_path / "m.vmfb")
    monkeypatch.setattr(cpu, "host_features", lambda: frozenset({"avx2"}))
    with pytest.raises(TargetError, match="cannot run code compiled for 'cpu:znver4'") as caught:
        fanfold.load(tmp_path / "m.vmfb")
    assert caught.value.found == "a processor without avx512_f"
    assert "cpu:generic" in str(caught.value.remedy)


def test_a_wrong_device_is_refused_before_seconds_of_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanfold.api.lower", None)
    with pytest.raises(TargetError, match="does not run code"):
        fanfold.compile(torch.nn.ReLU(), (torch.zeros(2),), target="cuda:sm_90", device="cpu")
