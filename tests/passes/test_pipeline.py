# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pipeline as a whole: idempotent, dumped in order, with kernels switched off on request."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_mlir import ir

import fanfold.ops
from fanfold.dialect.context import parse_module
from fanfold.errors import CompileError
from fanfold.frontend import import_model
from fanfold.passes.base import Pass, PassState
from fanfold.passes.kernel.cpu import CpuKernels
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.kernel_records import kernel_records
from fanfold.passes.pipeline import PipelineResult, run, run_passes, standard_pipeline
from fanfold.report import Decision

KERNELS = CpuKernels(vector_bits=256, is_x86=True)
NAMES = [pass_.name for pass_ in standard_pipeline()]


class Model(nn.Module):
    """A norm of each kind, and quantisations behind different views."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(256, dtype=torch.bfloat16)
        self.weight = nn.Parameter(torch.randn(256).bfloat16())

    def forward(self, x: Tensor, r: Tensor) -> tuple[Tensor, ...]:
        f = x.float()
        spelled = self.weight * (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + 1e-6)).bfloat16()
        y, total = fanfold.ops.add_rms_norm(self.norm(x), r, self.weight, 1e-6)
        a = fanfold.ops.group_quant(spelled.view(-1, 256), 128)
        b = fanfold.ops.group_quant(spelled.unsqueeze(1), 64)
        c = fanfold.ops.token_quant(y.flatten(0, 1))
        d = fanfold.ops.silu_and_mul(y.transpose(0, 1))
        return *a, *b, *c, d, total, torch.relu(total)


@pytest.fixture(scope="module")
def imported() -> str:
    x = torch.randn(2, 4, 256).bfloat16()
    dynamic = ({1: torch.export.Dim("s", min=2)}, {1: torch.export.Dim("s", min=2)})
    return str(import_model(Model().eval(), (x, x), dynamic_shapes=dynamic).module)


@pytest.fixture
def module(imported: str) -> ir.Module:
    return parse_module(imported)


def text(module: ir.Module) -> str:
    return str(module)


def ours(result: PipelineResult) -> list[Decision]:
    """Return the decisions on all but the ReLU, which no kernel needs."""
    return [decision for decision in result.decisions if not decision.left]


@pytest.mark.parametrize("kernels", [KERNELS, NoKernels()], ids=["kernel", "linalg"])
def test_pipeline_leaves_nothing_of_ours(module: ir.Module, kernels: CpuKernels | NoKernels) -> None:
    result = run(module, kernels)
    assert [record.name for record in result.passes] == NAMES
    assert "fanfold." not in text(module)
    assert ("hal.executable.source" in text(module)) == (kernels is KERNELS)
    assert len(result.decisions) == 8
    assert all((d.kernel is None) == (kernels is not KERNELS) for d in ours(result))


@pytest.mark.parametrize("kernels", [KERNELS, NoKernels()], ids=["kernel", "linalg"])
def test_pipeline_is_idempotent(module: ir.Module, kernels: CpuKernels | NoKernels) -> None:
    run(module, kernels)
    once = text(module)
    again = run(module, kernels)
    assert text(module) == once
    assert {record.name: record.rewrites for record in again.passes} == dict.fromkeys(NAMES, 0)
    assert ours(again) == []


@pytest.mark.parametrize("last", range(1, len(NAMES) + 1), ids=lambda i: NAMES[i - 1])
def test_each_pass_is_idempotent(module: ir.Module, last: int) -> None:
    """After the passes before it, a pass that has run has nothing left to do."""
    passes: list[Pass] = standard_pipeline()[:last]
    state = PassState(KERNELS)
    run_passes(module, passes, state)
    once, decided = text(module), list(state.decisions)
    again = run_passes(module, [passes[-1]], state)
    assert text(module) == once
    assert again.passes[0].rewrites == 0
    assert [d for d in state.decisions if d not in decided] == []


def test_each_pass_leaves_an_empty_module_alone() -> None:
    module = parse_module("")
    result = run(module, KERNELS)
    assert [record.rewrites for record in result.passes] == [0] * len(NAMES)
    assert result.decisions == []


def test_dumps_are_numbered_and_replay(module: ir.Module, tmp_path: Path) -> None:
    run(module, KERNELS, dump_dir=tmp_path / "new" / "folder")
    files = sorted((tmp_path / "new" / "folder").iterdir())
    assert [file.name for file in files] == [f"{i:02}-{name}.mlir" for i, name in enumerate(["input", *NAMES])]
    # The weights are parameters and small constants are kept: each dump is an input of fanfold-opt.
    assert all(parse_module(file.read_text()).operation.verify() for file in files)


def test_kernels_can_be_switched_off(module: ir.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_KERNELS", "off")
    result = run(module, KERNELS)
    assert "hal.executable.source" not in text(module)
    assert {d.reason for d in ours(result)} == {"kernels are switched off"}


def test_kernels_are_on_by_default_and_on_request(module: ir.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_KERNELS", "on")
    assert all(d.kernel for d in ours(run(module, KERNELS)))


def test_another_value_of_the_switch_is_an_error(module: ir.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_KERNELS", "no")
    with pytest.raises(CompileError, match="FANFOLD_KERNELS"):
        run(module, KERNELS)


def test_each_kernel_is_recorded_with_what_it_reads_and_writes(module: ir.Module) -> None:
    result = run(module, KERNELS)
    assert {kernel.name for kernel in result.kernels} == {d.kernel for d in ours(result)}
    assert sum(kernel.dispatches for kernel in result.kernels) == text(module).count('"flow.dispatch"')
    assert all(kernel.operands and kernel.results for kernel in result.kernels)
    assert all("[?, " in kernel.results[0] for kernel in result.kernels)


def test_without_kernels_none_is_recorded(module: ir.Module) -> None:
    assert run(module, NoKernels()).kernels == []


SHARED = """
func.func @main(%r: index, %c: i32, %a: tensor<4x8xf32>, %b: tensor<2x8xf32>, %w: tensor<8xf32>)
    -> (tensor<4x8xbf16>, tensor<2x8xbf16>) {
  %0 = "flow.dispatch"(%r, %c, %a, %w) {entry_points = [@k::@k], operandSegmentSizes = array<i32: 1, 3, 0, 0>}
    : (index, i32, tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xbf16>
  %1 = "flow.dispatch"(%r, %c, %b, %w) {entry_points = [@k::@k], operandSegmentSizes = array<i32: 1, 3, 0, 0>}
    : (index, i32, tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xbf16>
  return %0, %1 : tensor<4x8xbf16>, tensor<2x8xbf16>
}
"""


def test_a_kernel_of_several_dispatches_is_one_record() -> None:
    (kernel,) = kernel_records(parse_module(SHARED))
    assert (kernel.name, kernel.dispatches) == ("k", 2)
    # The row count is what the two do not share.
    assert kernel.operands == ("f32[?, 8]", "f32[8]")
    assert kernel.results == ("bf16[?, 8]",)


def test_rewrites_are_logged_at_debug_level_only(module: ir.Module, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="fanfold"):
        result = run(module, KERNELS)
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert [record.getMessage().partition(":")[0] for record in caplog.records][:-1] == NAMES
    assert caplog.records[-1].getMessage().startswith(f"{len(result.kernels)} kernels for 8 row-wise ops")


class Breaks:
    """A pass that leaves an invalid module."""

    name = "breaks"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002 - a pass's signature
        with module.context, ir.Location.unknown(), ir.InsertionPoint(module.body):
            ir.Operation.create("func.return", operands=[])
        return 1


def test_an_invalid_module_is_an_error_that_names_the_pass() -> None:
    with pytest.raises(CompileError, match="pass breaks failed"):
        run_passes(parse_module(""), [Breaks()], PassState(KERNELS))
