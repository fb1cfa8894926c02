# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compile, compile_and_run and load, through every stage."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import fanfold
from fanfold.errors import CallError, ExportError, MissingDependencyError, TargetError


class Tiny(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(256, eps=1e-6, dtype=torch.bfloat16)

    def forward(self, x: torch.Tensor, *, residual: torch.Tensor) -> dict[str, torch.Tensor]:
        y = self.norm(x + residual)
        q, scales = torch.ops.fanfold.group_quant(y, 128)
        return {"q": q, "scales": scales}


def example(rows: int) -> tuple[tuple[torch.Tensor], dict[str, torch.Tensor]]:
    return (torch.randn(rows, 256).bfloat16(),), {"residual": torch.randn(rows, 256).bfloat16()}


def assert_close(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(wanted)
    assert found["q"].dtype is torch.float8_e4m3fn
    torch.testing.assert_close(found["scales"], wanted["scales"], rtol=1e-2, atol=0)
    torch.testing.assert_close(found["q"].float(), wanted["q"].float(), rtol=0.13, atol=2**-9)


def test_compile_run_save_and_load(tmp_path: Path) -> None:
    model = Tiny()
    args, kwargs = example(8)
    executable = fanfold.compile(model, args, kwargs)
    wanted = model(*args, **kwargs)
    assert_close(executable(*args, **kwargs), wanted)
    executable.save(tmp_path / "m.vmfb")
    loaded = fanfold.load(tmp_path / "m.vmfb")
    assert_close(loaded(*args, **kwargs), wanted)
    report = executable.report
    assert report.target == "cpu"
    assert report.dispatches >= 1
    assert set(report.timings) == {"export", "import", "passes", "compile"}
    assert {"fanfold", "torch", "torch-mlir", "iree-base-compiler"} == set(report.versions)
    assert report.passes


def test_sizes_of_one_name_are_checked_through_the_whole_path() -> None:
    args, kwargs = example(8)
    rows = torch.export.Dim("rows", min=1)
    executable = fanfold.compile(Tiny(), args, kwargs, dynamic_shapes={"x": {0: rows}, "residual": {0: rows}})
    for count in (0, 1, 40):
        args, kwargs = example(count)
        assert executable(*args, **kwargs)["scales"].shape == (count, 2)
    with pytest.raises(CallError, match="disagree"):
        executable(*example(8)[0], **example(7)[1])


def test_compile_and_run() -> None:
    args, kwargs = example(4)
    model = Tiny()
    assert_close(fanfold.compile_and_run(model, args, kwargs, target="cpu:host"), model(*args, **kwargs))


def test_compile_and_run_refuses_what_does_not_fit_before_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    args, kwargs = example(4)
    program = torch.export.export(Tiny(), args, kwargs)
    assert_close(fanfold.compile_and_run(program, args, kwargs), Tiny()(*args, **kwargs))
    monkeypatch.setattr("fanfold.api.compile", lambda *_, **__: pytest.fail("it compiles"))
    with pytest.raises(CallError, match="1 positional argument and the keywords residual") as caught:
        fanfold.compile_and_run(program)
    assert "0 positional arguments" in caught.value.found
    with pytest.raises(CallError, match="wrong arguments"):
        fanfold.compile_and_run(program, args)


def test_the_environment_names_a_dump_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FANFOLD_DUMP", str(tmp_path / "dump"))
    fanfold.compile(Tiny(), *example(4))
    names = {str(path.relative_to(tmp_path / "dump")) for path in (tmp_path / "dump").rglob("*") if path.is_file()}
    assert any(name.endswith(".mlir") for name in names)
    assert "iree/iree-compile.log" in names


def test_an_unknown_target_is_refused_before_exporting() -> None:
    with pytest.raises(TargetError):
        fanfold.compile("not even a model", target="gpu")  # type: ignore[arg-type]


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ExportError):
        fanfold.compile("not even a model")  # type: ignore[arg-type]


def test_without_torch_mlir_compiling_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch_mlir" else find(name))
    with pytest.raises(MissingDependencyError, match=r"pip install 'fanfold\[compiler\]'"):
        fanfold.compile(Tiny(), *example(4))


BLOCKER = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch_mlir" or name.startswith("iree.compiler"):
            raise ModuleNotFoundError(f"blocked: {name}", name=name)
sys.meta_path.insert(0, Block())
"""


def test_loading_and_calling_need_no_compiler(linear: fanfold.Executable, tmp_path: Path) -> None:
    linear.save(tmp_path / "m.vmfb")
    x = torch.randn(3, 256).bfloat16()
    torch.save([x, linear(x)], tmp_path / "expected.pt")
    script = f"""{BLOCKER}
import torch, fanfold
x, expected = torch.load({str(tmp_path / "expected.pt")!r})
assert torch.equal(fanfold.load({str(tmp_path / "m.vmfb")!r})(x), expected)
loaded = {{name.partition(".")[0] for name in sys.modules}}
assert not loaded & {{"torch_mlir", "rich", "click", "safetensors"}}, loaded
try:
    fanfold.compile(torch.nn.Identity(), (x,))
except fanfold.MissingDependencyError as error:
    print(error.remedy)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "pip install 'fanfold[compiler]'\n")


def test_the_package_has_what_it_lists() -> None:
    for name in fanfold.__all__:
        assert getattr(fanfold, name) is not None
        assert name in dir(fanfold)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fanfold.nothing
