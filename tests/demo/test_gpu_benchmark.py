# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The GPU benchmark with the CPU as its device: made, moved, run and judged, all but the GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str, cwd: Path = ROOT, code: int = 0) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_folder_is_made_and_run_elsewhere(tmp_path: Path) -> None:
    made, moved = tmp_path / "made", tmp_path / "moved"
    grid = ["--widths", "256", "--ops", "add_norm", "--quants", "group", "--fan-outs", "2"]
    run("-m", "benchmarks.gpu", "--target", "cpu", *grid, "--no-wheels", "--output", str(made))
    made.rename(moved)
    # One peer's program is damaged: that is recorded, and the others go on.
    (moved / "programs" / "stock" / "add_norm-group-x2-256.vmfb").write_bytes(b"damaged")
    options = ["--device", "cpu", "--tokens", "1", "300", "--seconds", "0.01", "--peers", "eager", "fanfold", "stock"]
    output = run("run.py", *options, cwd=moved)
    assert "PASS: the numbers are eager's on the same device: 2 of 2 cells" in output
    assert "PASS: one launch a region: 1 to 1 in 2 cells" in output
    results = json.loads((moved / "results.json").read_text(encoding="utf-8"))
    for cell, tokens in zip(results["cells"], (1, 300), strict=True):
        assert (cell["tokens"], cell["agreement"]["fanfold"], cell["dispatches"]) == (tokens, "ok", {"fanfold": 1})
        assert set(cell["times"]) == {"fanfold", "eager", "copy"}
        assert all(times[kind] > 0 for times in cell["times"].values() for kind in ("latency", "throughput"))
        assert cell["times"]["fanfold"]["kernel"] > 0
        assert set(cell["errors"]) == {"stock"}
        # x, the residual and their sum in bf16; two quantisations with two scales each; the weight.
        assert cell["bytes"] == tokens * (3 * 512 + 2 * (256 + 2 * 4)) + 512
    assert "- stock: ArtifactError" in (moved / "results.md").read_text(encoding="utf-8")
    # A process that is lost takes its program's numbers with it, and no more.
    with (moved / "benchmarks" / "gpu" / "runner.py").open("a", encoding="utf-8") as stream:
        stream.write("import os\nRunner.run = lambda self, program, tokens: os.kill(os.getpid(), 9)\n")
    assert "FAIL: the numbers are eager's" in run("run.py", *options, cwd=moved, code=1)
    results = json.loads((moved / "results.json").read_text(encoding="utf-8"))
    assert [cell["errors"] for cell in results["cells"]] == [{"process": "it ended with -9"}] * 2
    assert results["machine"]["device"] == "cpu"
    assert "nothing of that is here" in run("run.py", "--device", "cpu", "--widths", "512", cwd=moved, code=2)


JUDGED = """
from benchmarks.gpu.aims import verdicts
from benchmarks.gpu.clock import Times
from benchmarks.gpu.grid import Program
from benchmarks.gpu.results import Cell

def times(device, kernel=None, throughput=1.0):
    return Times(throughput, throughput, device, 1.0, kernel)

def cell(tokens, agreement="ok", launches=1, **by_peer):
    found = {name.replace("_", "."): value for name, value in by_peer.items()}
    return Cell(Program("norm", "group", 1, 8192), tokens, found, {"fanfold": launches}, {"fanfold": agreement})

small = cell(16, fanfold=times(2.0, throughput=2.0), torch_compile=times(3.0), copy=times(0.1))
large = cell(16384, fanfold=times(100.0), torch_compile=times(96.0), copy=times(86.0))
slow = cell(32768, fanfold=times(None, kernel=200.0), copy=times(86.0))
wrong = cell(16, agreement="result 0: far off", launches=2, fanfold=times(1.0))
for cells in ([small, large], [small, large, slow, wrong], []):
    print(*verdicts(cells), sep="\\n")
"""

VERDICTS = """\
PASS: the numbers are eager's on the same device: 2 of 2 cells
PASS: one launch a region: 1 to 1 in 2 cells
PASS: at least 85% of a copy's bandwidth from 64 MiB on, on the device alone, in every cell: 0 of 1 cells below; \
mean 86%, least 86% (norm-group-x1-8192 at 16384)
PASS: 1.2 times torch.compile in geometric mean, on the device alone: 1.20
FAIL: 1.2 times torch.compile in geometric mean, a call among many: 0.71
FAIL: the numbers are eager's on the same device: 3 of 4 cells
FAIL: one launch a region: 1 to 2 in 4 cells
FAIL: at least 85% of a copy's bandwidth from 64 MiB on, on the device alone, in every cell: 1 of 2 cells below; \
mean 61%, least 43% (norm-group-x1-8192 at 32768)
PASS: 1.2 times torch.compile in geometric mean, on the device alone: 1.20
FAIL: 1.2 times torch.compile in geometric mean, a call among many: 0.71
not measured: the numbers are eager's on the same device: 0 of 0 cells
not measured: one launch a region: nothing ran
not measured: at least 85% of a copy's bandwidth from 64 MiB on, on the device alone, in every cell: no cell of this \
size has both times
not measured: 1.2 times torch.compile in geometric mean, on the device alone: no cell has both times
not measured: 1.2 times torch.compile in geometric mean, a call among many: no cell has both times
"""


def test_aims_are_judged() -> None:
    assert run("-c", JUDGED) == VERDICTS


WHEELS = """
from benchmarks.gpu.run import fits
for tags in ("cp312-abi3", "cp310-cp310", "cp310-abi3", "py3-none"):
    print(fits(f"a_name-1.0-{tags}-manylinux_2_28_x86_64.whl"))
"""


def test_wheels_for_this_python_are_taken() -> None:
    newer = sys.version_info >= (3, 12)
    assert run("-c", WHEELS).split() == [str(newer), "False", "True", "True"]


PROFILER = """
import torch
from benchmarks.gpu.clock import Clock

def refuse(**_):
    raise RuntimeError("CUPTI is not allowed")

torch.cuda.synchronize, torch.profiler.profile = lambda: None, refuse
clock = Clock("cuda:0", 0.001)
times = clock.measure(torch.neg, [(torch.ones(4),)])
print(times.latency > 0, times.throughput > 0, times.device, times.launches, clock.profiler_error)
"""


def test_where_the_profiler_is_refused_the_other_times_are_measured() -> None:
    assert run("-c", PROFILER).strip() == "True True None None RuntimeError: CUPTI is not allowed"
