# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

import fanfold
from fanfold.cli import main

Invoke = Callable[..., Result]


class Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(128, eps=1e-6, dtype=torch.bfloat16)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        normed = self.norm(x)
        return *torch.ops.fanfold.group_quant(normed, 128), y + 1


@pytest.fixture
def invoke() -> Invoke:
    """Return a function that runs the command in this process; an error of ours never comes as a traceback."""

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "model.pt2"
    args = torch.zeros(4, 128).bfloat16(), torch.zeros(3)
    torch.export.save(torch.export.export(Tiny(), args), path)
    return path


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.vmfb"
    fanfold.compile(Tiny(), (torch.zeros(4, 128).bfloat16(), torch.zeros(3))).save(path)
    return path


def test_help_lists_the_commands_without_importing_them(tmp_path: Path) -> None:
    script = (
        "import sys; from fanfold.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not [m for m in sys.modules if m.startswith('fanfold.cli.')]\n"
        "assert 'torch_mlir' not in sys.modules and 'rich' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    for name in ("compile", "run", "report", "targets", "demo"):
        assert f"  {name} " in done.stdout


def test_every_command_has_help(invoke: Invoke) -> None:
    for name in main.list_commands(None):  # type: ignore[arg-type]
        result = invoke(name, "--help")
        assert result.exit_code == 0
        assert "Usage: main" in result.output
    assert invoke("nothing").exit_code == 2
    assert fanfold.__version__ in invoke("--version").output


def test_targets(invoke: Invoke) -> None:
    result = invoke("targets")
    assert result.exit_code == 0
    assert "cpu:generic" in result.output
    assert "evidence" in result.output
    assert " run" in result.output
    assert "worker threads" in result.output


def test_targets_say_which_drivers_do_not_work(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanfold.backends.gpu.missing_libraries", lambda name: [name] if name else [])
    output = " ".join(invoke("targets").output.split())
    assert "no cuda lacks libcuda.so; check with nvidia-smi cuda" in output
    assert "no rocm lacks libamdhip64.so; check with rocminfo hip" in output


def test_targets_claim_nothing_for_processors_that_nobody_tested(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    lines = invoke("targets").output.splitlines()
    processors = [line for line in lines[1 : lines.index("")] if line.split()[0].startswith("cpu")]
    assert [line.split()[0] for line in processors] == ["cpu", "cpu:generic"]
    assert all(line.split()[-1] == "none" for line in processors)


def test_compile_report_and_run(invoke: Invoke, program: Path, tmp_path: Path) -> None:
    output = tmp_path / "m.vmfb"
    result = invoke("compile", program, "-o", output, "--target", "cpu", "--dump", tmp_path / "dump")
    assert result.exit_code == 0, result.output
    assert "dispatches per call" in result.output
    assert (tmp_path / "dump" / "iree").is_dir()
    shown = invoke("report", output)
    assert "x: bfloat16[4, 128]" in shown.output
    assert "iree-base-compiler" in shown.output
    data = json.loads(invoke("report", output, "--json").output)
    assert data["target"] == "cpu"
    assert invoke("compile", program, "-o", output, "-q").output == ""


@pytest.mark.parametrize("kind", ["bits.npy", "ml_dtypes.npy", "pt", "safetensors"])
def test_run_takes_every_kind_of_file(invoke: Invoke, model: Path, tmp_path: Path, kind: str) -> None:
    x, y = torch.randn(4, 128).bfloat16(), torch.randn(3)
    file = tmp_path / f"x.{kind}"
    match kind:
        case "bits.npy":
            np.save(file, x.view(torch.uint16).numpy())
        case "ml_dtypes.npy":
            np.save(file, x.float().numpy().astype(ml_dtypes.bfloat16))
        case "pt":
            torch.save(x, file)
        case "safetensors":
            save_file({"anything": x}, file)
    np.save(tmp_path / "y.npy", y.numpy())
    out = tmp_path / "new" / "out"
    result = invoke("run", model, "-i", file, "-i", tmp_path / "y.npy", "-o", out, "--repeat", 2)
    assert result.exit_code == 0, result.output
    assert "2 calls" in result.output
    expected = fanfold.load(model)(x, y)
    manifest = json.loads((out / "manifest.json").read_text())["outputs"]
    assert [entry["dtype"] for entry in manifest] == ["float8_e4m3fn", "float32", "float32"]
    assert [entry["stored_as"] for entry in manifest] == ["uint8", "float32", "float32"]
    for entry, tensor in zip(manifest, expected, strict=True):
        stored = torch.from_numpy(np.load(out / entry["file"]))
        assert torch.equal(stored, tensor.view(stored.dtype))
    assert {path.name for path in out.iterdir()} == {"manifest.json", *(entry["file"] for entry in manifest)}


def test_run_takes_inputs_by_name(invoke: Invoke, model: Path, tmp_path: Path) -> None:
    torch.save(torch.zeros(4, 128).bfloat16(), tmp_path / "a.pt")
    np.save(tmp_path / "b.npy", np.zeros(3, np.float32))
    arguments = ("run", model, "-i", f"y={tmp_path / 'b.npy'}", "-i", tmp_path / "a.pt")
    assert invoke(*arguments).exit_code == 0
    assert invoke(*arguments, "--device", "cpu").exit_code == 0
    wrong = invoke(*arguments, "--device", "cuda:0")
    assert wrong.exit_code == 1
    assert "'cuda:0' does not run code for 'cpu'" in wrong.stderr


def test_run_refuses_what_does_not_fit(invoke: Invoke, model: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((4, 128), np.uint16))
    np.save(tmp_path / "y.npy", np.zeros(3))
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    torch.save({"a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path / "two.pt")
    (tmp_path / "x.csv").write_text("1,2")
    (tmp_path / "bad.safetensors").write_text("nonsense")
    x, y = tmp_path / "x.npy", tmp_path / "y.npy"
    cases = {
        (): "found: none\n",
        ("-i", x): "the number of input files",
        ("-i", x, "-i", y, "-i", y): "the number of input files",
        ("-i", x, "-i", y): ".to(torch.float32)",
        ("-i", tmp_path / "x.csv", "-i", y): "unknown kind of file",
        ("-i", tmp_path / "none.npy", "-i", y): "No such file",
        ("-i", tmp_path / "two.pt", "-i", y): "exactly one tensor",
        ("-i", tmp_path / "o.npy", "-i", y): "cannot read",
        ("-i", tmp_path / "bad.safetensors", "-i", y): "cannot read",
    }
    for arguments, message in cases.items():
        result = invoke("run", model, *arguments)
        assert result.exit_code == 1
        assert message in result.stderr, (arguments, result.stderr)
        assert result.stdout == ""


def test_errors_are_printed_without_a_traceback(invoke: Invoke, program: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.vmfb").write_text("text")
    (tmp_path / "file").write_text("")
    np.save(tmp_path / "y.npy", np.zeros(3, np.float32))
    torch.save(torch.zeros(4, 128).bfloat16(), tmp_path / "x.pt")
    inputs = ("-i", tmp_path / "x.pt", "-i", tmp_path / "y.npy")
    cases = {
        ("report", tmp_path / "none.vmfb"): "No such file",
        ("report", tmp_path / "bad.vmfb"): "not written by fanfold",
        ("run", tmp_path / "bad.vmfb"): "not written by fanfold",
        ("run", model, *inputs, "-o", tmp_path / "file"): "cannot write",
        ("compile", program, "-o", tmp_path / "none" / "m.vmfb"): "create the folder",
        ("compile", program, "-o", tmp_path): "not of a folder",
        ("compile", program, "-o", tmp_path / "m.vmfb", "--target", "gpu"): "there is no target 'gpu'",
        ("compile", tmp_path / "none.pt2", "-o", tmp_path / "m.vmfb"): "none.pt2",
        ("compile", tmp_path / "bad.vmfb", "-o", tmp_path / "m.vmfb"): "cannot load",
        ("compile", program, "-o", tmp_path / "m.vmfb", "--dump", tmp_path / "file"): "cannot write",
    }
    for arguments, message in cases.items():
        result = invoke(*arguments)
        assert result.exit_code == 1, arguments
        assert result.stderr.lstrip().startswith("error: ["), result.stderr
        assert message in result.stderr, (arguments, result.stderr)
    assert not (tmp_path / "m.vmfb").exists()
