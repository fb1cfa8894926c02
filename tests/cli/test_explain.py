# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`fanfold explain`, `fanfold key` and `fanfold compile --strict`."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

import fanfold
from fanfold.cli import main


class Model(torch.nn.Module):
    """Two layers whose norms and quantisations fuse, and perhaps a norm over two dims at once, which does not.

    Args:
        whole: Whether that norm is there.
    """

    def __init__(self, whole: bool) -> None:
        super().__init__()
        self.whole = whole
        self.between = torch.nn.Linear(256, 256, bias=False, dtype=torch.bfloat16)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        results: list[torch.Tensor] = []
        for _ in range(2):
            results += torch.ops.fanfold.group_quant(torch.ops.fanfold.rms_norm(x, None, 1e-6), 128)
            x = self.between(x)
        return [*results, torch.nn.functional.rms_norm(x, x.shape)] if self.whole else results


def invoke(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    paths = {name: folder / f"{name}.pt2" for name in ("fused", "missed")}
    for name, path in paths.items():
        program = torch.export.export(Model(name == "missed"), (torch.zeros(4, 256).bfloat16(),))
        torch.export.save(program, path)
    return paths


def test_explain_says_who_is_in_a_kernel_and_what_is_missed(programs: dict[str, Path]) -> None:
    result = invoke("explain", programs["missed"], "--target", "cpu")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{programs['missed']} for cpu: 4 of 5 row-wise ops in 1 kernel"
    assert "kernel rms_norm_quantize_256, 2 dispatches per call" in lines
    assert "  reads   bf16[4, 256]" in lines
    assert "  writes  f8E4M3FN[4, 256], f32[4, 2]" in lines
    # The layers of a model come from one line each.
    quantized = next(line for line in lines if line.startswith("  fanfold.group_quant"))
    assert f"{__file__}:" in quantized
    assert quantized.endswith("  x2")
    missed = lines.index("missed: 1")
    assert f"  {__file__}:" in lines[missed + 1]
    assert lines[missed + 2].startswith("    ")
    assert "over the" in lines[missed + 2]
    assert not any("per call" in line for line in lines if not line.startswith("kernel"))


def test_explain_prints_the_report_as_json(programs: dict[str, Path]) -> None:
    data = json.loads(invoke("explain", programs["missed"], "--json").stdout)
    assert data["dispatches"] is None
    assert sum(kernel["dispatches"] for kernel in data["kernels"]) == 2
    assert len(data["decisions"]) == 5
    assert fanfold.Report.from_json(data).key == data["key"]


def test_explain_is_strict_on_request(programs: dict[str, Path]) -> None:
    assert invoke("explain", programs["missed"], "--strict").exit_code == 1
    assert json.loads(invoke("explain", programs["missed"], "--strict", "--json").stdout)["decisions"]
    done = invoke("explain", programs["fused"], "--strict")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "missed: nothing"


def test_explain_takes_an_artifact(programs: dict[str, Path], tmp_path: Path) -> None:
    # The content decides what a file is, not its name.
    artifact = tmp_path / "model.pt2"
    assert invoke("compile", programs["missed"], "-o", artifact, "-q").exit_code == 0
    before, after = (invoke("explain", path).stdout.splitlines()[1:] for path in (programs["missed"], artifact))
    assert after[0].endswith("dispatches per call")
    assert after[1:] == before
    shown = invoke("report", artifact).stdout
    assert f"key {json.loads(invoke('explain', artifact, '--json').stdout)['key']}\n" in shown
    refused = invoke("explain", artifact, "--target", "cpu")
    assert refused.exit_code == 2
    assert "compiled already" in refused.stderr


def test_explain_refuses_what_is_no_model(programs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "text.pt2").write_text("text")
    for arguments, message in {
        (tmp_path / "none.pt2",): "none.pt2",
        (tmp_path / "text.pt2",): "cannot load",
        (programs["fused"], "--target", "gpu"): "there is no target 'gpu'",
    }.items():
        result = invoke("explain", *arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("error: [")
        assert message in result.stderr


def test_explain_says_what_is_wrong_with_an_artifact(programs: dict[str, Path], tmp_path: Path) -> None:
    whole, renamed = tmp_path / "whole.vmfb", tmp_path / "renamed.vmfb"
    assert invoke("compile", programs["fused"], "-o", whole, "-q").exit_code == 0
    content = whole.read_bytes()
    with zipfile.ZipFile(whole) as archive:
        module = archive.read("module.fb")
    with zipfile.ZipFile(tmp_path / "iree.pt2", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("module.fb", module)
    for name, data, message in (
        ("cut.vmfb", content[: len(content) // 2], "cut.vmfb is damaged"),
        # Whatever it is called.
        ("cut.pt2", content[:-100], "cut.pt2 is damaged"),
        ("flipped.vmfb", content[:-60] + bytes(60), "flipped.vmfb is damaged"),
        ("start.vmfb", content[:20], "start.vmfb is damaged"),
        ("empty.vmfb", b"", "empty.vmfb is damaged"),
        ("text.vmfb", b"text", "text.vmfb was not written by fanfold"),
        ("iree.pt2", None, "iree.pt2 was not written by fanfold"),
        ("none.vmfb", None, "expected: a .vmfb file"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        result = invoke("explain", tmp_path / name)
        assert result.exit_code == 1, name
        assert message in result.stderr, result.stderr
        assert "torch.export" not in result.stderr
    renamed.write_bytes(programs["fused"].read_bytes())
    assert invoke("explain", renamed).exit_code == 0


def test_compile_is_strict_on_request(programs: dict[str, Path], tmp_path: Path) -> None:
    result = invoke("compile", programs["missed"], "-o", tmp_path / "m.vmfb", "--strict")
    assert result.exit_code == 1
    assert "1 of 5 row-wise ops missed a fusion" in result.stderr
    assert f" at {__file__}:" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert invoke("compile", programs["fused"], "-o", tmp_path / "m.vmfb", "--strict", "-q").exit_code == 0


def test_key_prints_a_hash_and_what_it_is_of(programs: dict[str, Path]) -> None:
    key = invoke("key", "--target", "cpu").stdout
    text = invoke("key", "--text").stdout
    assert hashlib.sha256(text.encode()).hexdigest() == key.strip()
    assert json.loads(invoke("explain", programs["fused"], "--json").stdout)["key"] == key.strip()
    assert invoke("key", "--target", "cpu:generic").stdout != key


def test_fp8_of_the_other_flavour_is_refused_or_converted(programs: dict[str, Path], tmp_path: Path) -> None:
    for command in (("explain",), ("compile", "-o", tmp_path / "x.vmfb")):
        refused = invoke(*command, programs["fused"], "--target", "rocm:mi300x")
        assert refused.exit_code == 1
        assert "has no float8_e4m3fn in hardware" in refused.stderr
        assert f"location: {__file__}:" in refused.stderr
        assert "--fp8 native" in refused.stderr
    converted = invoke("explain", programs["fused"], "--target", "rocm:mi300x", "--fp8", "native")
    assert converted.exit_code == 0, converted.output
    assert "  writes  f8E4M3FNUZ[4, 256], f32[4, 2]" in converted.stdout.splitlines()
    assert invoke("explain", programs["fused"], "--fp8", "nativ").exit_code == 2


def test_the_key_has_the_fp8_policy() -> None:
    keys = {invoke("key", "--target", "rocm:gfx942", "--fp8", fp8).stdout for fp8 in ("exact", "native")}
    assert len(keys) == 2
    assert '"converts": true' in invoke("key", "--target", "rocm:gfx942", "--fp8", "native", "--text").stdout
