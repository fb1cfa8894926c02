# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the report says of each row-wise op, `explain`, `strict`, and what is logged."""

from __future__ import annotations

import gc
import inspect
import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

import fanfold
from fanfold.errors import CompileError, TargetError
from fanfold.report import Report


class Fused(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(256, eps=1e-6, dtype=torch.bfloat16)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y = self.norm(x)
        return (*torch.ops.fanfold.group_quant(y, 128), *torch.ops.fanfold.group_quant(y, 64))


class Missed(Fused):
    """The same, and norms over two dims at once, which no kernel of rows can compute.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        whole = [torch.nn.functional.rms_norm(x * (i + 2), x.shape) for i in range(self.count)]
        return (*super().forward(x), *whole)


X = torch.zeros(4, 256).bfloat16()


@pytest.fixture
def without_iree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a test fail that starts a process, as iree-compile is one."""
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a process was started"))


@pytest.fixture
def explained(without_iree: None) -> Report:
    return fanfold.explain(Missed(1), (X,))


def line_of(function: Any, text: str) -> str:
    lines, first = inspect.getsourcelines(function)
    return f"{__file__}:{first + next(i for i, line in enumerate(lines) if text in line)}"


def test_each_op_is_fused_into_a_kernel_with_others_or_has_a_reason(explained: Report) -> None:
    (kernel,) = explained.kernels
    places = {d.location: d for d in explained.decisions}
    norm = places[line_of(Fused.forward, "self.norm")]
    assert "rms_norm" in norm.op
    assert norm.kernel == kernel.name
    assert norm.fused_with == ("fanfold.group_quant",) * 2
    assert not norm.missed
    (missed,) = explained.missed
    assert missed.location == line_of(Missed.forward, "rms_norm")
    assert missed.kernel is None
    assert "over the" in missed.reason


def test_a_kernel_says_what_it_reads_and_writes(explained: Report) -> None:
    (kernel,) = explained.kernels
    assert kernel.dispatches == 1
    assert kernel.operands == ("bf16[4, 256]", "bf16[256]")
    assert kernel.results == ("f8E4M3FN[4, 256]", "f32[4, 2]", "f8E4M3FN[4, 256]", "f32[4, 4]")


def test_dims_that_vary_are_marked() -> None:
    rows = torch.export.Dim("rows", min=2)
    (kernel,) = fanfold.explain(Fused(), (X,), dynamic_shapes=({0: rows},)).kernels
    assert kernel.operands == ("bf16[?, 256]", "bf16[256]")


def test_explain_is_compile_without_iree() -> None:
    explained = fanfold.explain(Missed(1), (X,))
    compiled = fanfold.compile(Missed(1), (X,)).report
    assert explained.dispatches is None
    assert "compile" not in explained.timings
    assert (compiled.key, compiled.kernels, compiled.decisions) == (
        explained.key,
        explained.kernels,
        explained.decisions,
    )
    assert "dispatches per call" in str(compiled)
    assert "dispatches per call" not in str(explained)


@pytest.mark.usefixtures("without_iree")
def test_explain_dumps_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_DUMP", str(tmp_path / "dump"))
    fanfold.explain(Fused(), (X,))
    assert list((tmp_path / "dump").glob("*-form-rows.mlir"))
    monkeypatch.setenv("FANFOLD_DUMP", __file__)
    with pytest.raises(fanfold.errors.ArtifactError):
        fanfold.explain(Fused(), (X,))


def test_collection_of_cycles_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("fanfold.passes.pipeline.standard_pipeline", lambda: seen.append(gc.isenabled()) or [])
    fanfold.explain(Fused(), (X,))
    assert gc.isenabled()
    gc.disable()
    try:
        fanfold.explain(Fused(), (X,))
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(fanfold.ExportError):
        fanfold.explain("not even a model")  # type: ignore[arg-type]
    assert gc.isenabled()
    assert not any(seen[:1])


def test_explain_refuses_an_unknown_target() -> None:
    with pytest.raises(TargetError):
        fanfold.explain(Fused(), (X,), target="gpu")


def test_strict_lets_a_model_pass_in_which_all_is_fused() -> None:
    assert fanfold.compile(Fused(), (X,), strict=True).report.missed == ()


@pytest.mark.usefixtures("without_iree")
def test_strict_refuses_a_missed_fusion_before_iree_runs() -> None:
    missed, _ = fanfold.explain(Missed(2), (X,)).missed
    with pytest.raises(CompileError, match="2 of 5 row-wise ops missed a fusion") as caught:
        fanfold.compile(Missed(2), (X,), strict=True)
    assert caught.value.stage == "passes"
    assert caught.value.remedy
    assert str(caught.value).count(f"{missed.op} at {missed.location}: {missed.reason}") == 2
    with pytest.raises(CompileError, match="missed a fusion"):
        fanfold.compile_and_run(Missed(1), (X,), strict=True)


@pytest.mark.usefixtures("without_iree")
def test_strict_lists_the_first_and_counts_the_rest() -> None:
    with pytest.raises(CompileError) as caught:
        fanfold.compile(Missed(13), (X,), strict=True)
    assert str(caught.value).count(line_of(Missed.forward, "rms_norm")) == 10
    assert "and 3 more" in str(caught.value)


@pytest.mark.usefixtures("without_iree")
def test_strict_refuses_an_op_that_is_not_in_the_kernel_of_its_producer() -> None:
    class Many(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            y = torch.ops.fanfold.rms_norm(x, None, 1e-6)
            return [t for group in range(1, 13) for t in torch.ops.fanfold.group_quant(y, group)]

    missed = fanfold.explain(Many(), (X,)).missed
    assert missed
    assert all(d.kernel and "one kernel has at most" in d.reason for d in missed)
    with pytest.raises(CompileError, match="one kernel has at most"):
        fanfold.compile(Many(), (X,), strict=True)


def test_the_report_survives_saving_and_json(tmp_path: Path) -> None:
    executable = fanfold.compile(Fused(), (X,))
    executable.save(tmp_path / "m.vmfb")
    report = executable.report
    assert fanfold.load(tmp_path / "m.vmfb").report == report
    data = json.loads(json.dumps(report.to_json()))
    assert Report.from_json(data) == report
    assert len(report.key) == 64
    # Artifacts that were made before there were these stay readable.
    del data["key"], data["kernels"]
    old = Report.from_json(data)
    assert (old.key, old.kernels) == ("", ())
    assert old.decisions == report.decisions


@pytest.mark.usefixtures("without_iree")
def test_counts_are_logged_at_debug_level_and_nothing_above(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="fanfold"):
        fanfold.explain(Missed(1), (X,))
    records = [record for record in caplog.records if record.name.startswith("fanfold")]
    assert {record.levelno for record in records} == {logging.DEBUG}
    messages = [record.getMessage() for record in records]
    assert any(message.startswith("form-rows: 1 rewrites") for message in messages)
    assert "1 kernels for 4 row-wise ops, 1 fusions missed" in messages


def test_compiling_is_silent_at_info_level(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fanfold.compile(Missed(1), (X,))
    assert [record for record in caplog.records if record.name.startswith("fanfold")] == []
