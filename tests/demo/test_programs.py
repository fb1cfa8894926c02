# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo, the example and the benchmark run as a reader would run them, with fewer rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fanfold.trial import why_no_torch_compile
from level_zero import chosen

ROOT = Path(__file__).resolve().parents[2]

#: Times nothing for long, then runs what comes after it.
BRIEFLY = "import runpy, sys; from fanfold import trial; trial.SECONDS = 0.01; "


def run(*args: str) -> str:
    done = subprocess.run([sys.executable, *args], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_demo() -> None:
    output = run("-c", BRIEFLY + "from fanfold.cli import main; main()", "demo", "--rows", "16", "--no-torch-compile")
    assert output.count(": ok") == 8
    assert "switched off" in output


@pytest.mark.slow
def test_llama_decoder_layer() -> None:
    pytest.importorskip("transformers", reason="transformers comes with the extra `examples`")
    example = "runpy.run_path('examples/llama_decoder_layer.py', run_name='__main__')"
    output = run("-c", BRIEFLY + example, "--tokens", "4", "--no-torch-compile")
    # Three quantisations; a sum and two; the layer.
    assert output.count(": ok") == 6 + 5 + 1


@pytest.mark.slow
def test_compile_time() -> None:
    output = run("-m", "benchmarks.compile_time", "--layers", "2", "--rounds", "1", "--rows", "4")
    assert "demo" in output
    (line,) = (line.split() for line in output.splitlines() if line.strip().startswith("2 "))
    # Layers and target, then start, four stages, their total, and the share of a layer.
    assert line[1] == "cpu"
    assert all(float(number) > 0 for number in line[2:8])


@pytest.mark.slow
def test_recorded_list(monkeypatch: pytest.MonkeyPatch) -> None:
    if chosen.why_not():
        pytest.skip(chosen.why_not())
    # As in a shell: these tests have chosen a driver for themselves.
    for name in [name for name in os.environ if name.startswith(("ZE_", "FANFOLD_TEST_"))]:
        monkeypatch.delenv(name)
    options = ["level_zero", "--test-driver", "--rounds", "10", "--batch", "1"]
    (line,) = (line for line in run("-m", "benchmarks.recorded_list", *options).splitlines() if "level_zero" in line)
    # A launch is the difference of two times, of which noise in so few rounds may make anything.
    call, _launch, median, _median_launch = (float(column) for column in line.split("|")[2:6])
    assert 0 < call <= median


@pytest.mark.slow
def test_benchmark(tmp_path: Path) -> None:
    peers = "fanfold,stock,eager,copy" + ("" if why_no_torch_compile() else ",torch.compile")
    options = ["--rows", "4", "--widths", "256", "--rounds", "3", "--peers", peers, "--output", str(tmp_path / "cpu")]
    output = run("-m", "benchmarks.cpu", *options)
    assert "geometric" in output
    (shape,) = json.loads((tmp_path / "cpu.json").read_text(encoding="utf-8"))["shapes"]
    assert set(shape["peers"]) == set(peers.split(","))
    assert shape["peers"]["fanfold"]["equal"] >= 0.999
    assert all(sample["milliseconds"] > 0 for sample in shape["peers"].values())
    assert "| 4 | 256 |" in (tmp_path / "cpu.md").read_text(encoding="utf-8")
