# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest
import torch

import fanfold
from fanfold.backends.compiling import compile_for_target
from fanfold.backends.image import build
from fanfold.backends.image.build import compile_image, make_image
from fanfold.backends.image.codec import decode, encode
from fanfold.backends.image.program import Kernel
from fanfold.backends.iree_compiler import CompiledModule
from fanfold.backends.target import parse_target
from fanfold.errors import CompileError, TargetError

from .schedules import TARGET, module, schedule_of
from .test_refusals import STATE
from .test_schedule import DYNAMIC_ADD, HOISTED

ADD = module(DYNAMIC_ADD).encode()
UNKNOWN = b"func.func @main() { nobody.knows return }"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of its own, to see what is left in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def image_in(compiled: CompiledModule) -> bytes:
    """Return the bytes of an image in a module."""
    begin = compiled.vmfb.index(b"\x89FANFOLD")
    return compiled.vmfb[begin : begin + int.from_bytes(compiled.vmfb[begin + 16 : begin + 24], "little")]


def test_a_module_has_an_image_with_its_kernels(temporary: Path) -> None:
    compiled = compile_image(ADD, TARGET)
    image = decode(image_in(compiled))
    assert image.target == "xpu"
    (kernel,) = image.kernels
    assert (kernel.workgroup, kernel.subgroup, kernel.bindings, kernel.constants) == ((16, 1, 1), 16, (4, 4, 4), 4)
    assert kernel.name.encode() in bytes(image.modules[0])
    assert image.main == schedule_of(DYNAMIC_ADD).main
    assert compiled.dispatches == 1
    assert list(temporary.iterdir()) == []


def test_the_same_module_has_the_same_image_in_every_folder(tmp_path: Path) -> None:
    images = [image_in(compile_image(ADD, TARGET, workdir=tmp_path / name)) for name in ("a", "b")]
    assert images[0] == images[1]


def test_a_tensor_of_more_elements_than_a_kernel_can_number(temporary: Path) -> None:
    shape = "65536x32769xf32"
    text = f"""
      func.func @main(%x: tensor<{shape}>) -> tensor<{shape}> {{
        %y = arith.negf %x : tensor<{shape}>
        return %y : tensor<{shape}>
      }}
    """
    with pytest.raises(CompileError, match=r"elements, which SPIR-V's 32 bits can number") as caught:
        compile_image(module(text).encode(), TARGET)
    assert caught.value.found == "buffer 0 has 8590196736 bytes, which are 2147549184 elements"
    fits = text.replace("32769", "32768")
    assert compile_image(module(fits).encode(), TARGET).dispatches == 1


def test_a_part_of_an_element_is_one_too_many() -> None:
    kernel = Kernel(0, "k", (1, 1, 1), 16, (4, 0, 1), 0)
    assert kernel.beyond([4 << 31, 9 << 40, None]) is None
    assert kernel.beyond([(4 << 31) + 1, 0, 0]) == "buffer 0 has 8589934593 bytes, which are 2147483649 elements"


def test_dispatches_of_initializers_are_not_counted() -> None:
    assert compile_image(module(HOISTED).encode(), TARGET).dispatches == 0


def test_a_workdir_keeps_input_log_and_kernels(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for _ in range(2):
        compile_image(ADD, TARGET, workdir=folder)
        assert {path.name for path in folder.iterdir()} == {"input.mlir", "iree-compile.log", "host.log", "kernels"}
        assert sorted(path.suffix for path in (folder / "kernels").iterdir()) == [".mlir", ".spv"]


def test_kernels_of_another_model_in_the_workdir_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "module_old_old.spirv.mlir").write_text("")
    compile_image(ADD, TARGET, workdir=tmp_path)
    assert len(list((tmp_path / "kernels").glob("*.mlir"))) == 1


def test_a_rejected_module_is_explained_and_can_be_replayed(temporary: Path) -> None:
    with pytest.raises(CompileError, match="rejected") as caught:
        compile_image(UNKNOWN, TARGET)
    again = subprocess.run(shlex.split(str(caught.value.replay)), capture_output=True, text=True, check=False)
    assert again.returncode != 0
    assert "nobody" in again.stderr
    (kept,) = temporary.iterdir()
    assert {path.name for path in kept.iterdir()} == {"input.mlir", "iree-compile.log"}


def test_a_program_that_cannot_be_keeps_the_input_that_its_location_is_in(temporary: Path) -> None:
    with pytest.raises(CompileError) as caught:
        compile_image(module(STATE).encode(), TARGET)
    assert caught.value.stage == "schedule"
    file, line, _column = str(caught.value.location).rsplit(":", 2)
    assert "util.global" in Path(file).read_text().splitlines()[int(line) - 1]
    assert not list(temporary.glob("*/*.vmfb"))
    assert not list(temporary.glob("*/schedule*"))


def test_a_kernel_that_cannot_be_converted_keeps_its_code(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CompileError("no", stage="spirv")

    monkeypatch.setattr("fanfold.passes.spirv.conversion.convert", refuse)
    with pytest.raises(CompileError, match=r"\[spirv\] no"):
        compile_image(ADD, TARGET)
    assert len(list(temporary.glob("*/kernels/*.spirv.mlir"))) == 1
    assert not list(temporary.glob("*/*.vmfb"))


def test_a_kernel_that_iree_did_not_write(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="did not write the code") as caught:
        make_image("xpu", schedule_of(DYNAMIC_ADD), tmp_path, 16)
    assert str(caught.value.expected).endswith(".spirv.mlir")
    assert caught.value.found == "nothing"


def test_a_host_module_that_fails_leaves_nothing(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fanfold.backends.image.host._FLAGS", ("--no-such-flag",))
    with pytest.raises(CompileError, match="rejected"):
        compile_image(ADD, TARGET)
    (kept,) = temporary.iterdir()
    assert not list(kept.glob("*.vmfb"))


def test_a_timeout_is_one_of_each_run(temporary: Path) -> None:
    with pytest.raises(CompileError, match=r"took longer than 0\.01 s"):
        compile_image(ADD, TARGET, timeout=0.01)
    assert not list(temporary.glob("*/schedule*"))


def test_an_interrupt_leaves_nothing(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "read_schedule", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compile_image(ADD, TARGET)
    assert list(temporary.iterdir()) == []


def test_a_target_that_is_no_gpu_is_refused() -> None:
    with pytest.raises(TargetError, match="no GPU"):
        compile_image(ADD, parse_target("cpu"))


def test_each_target_is_compiled_in_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    made = CompiledModule(b"", 0)
    monkeypatch.setattr(build, "compile_image", lambda *_, **__: made)
    assert compile_for_target(ADD, TARGET) is made
    monkeypatch.setattr("fanfold.backends.compiling.compile_module", lambda *_, **__: CompiledModule(b"other", 0))
    assert compile_for_target(ADD, parse_target("cuda:sm_90")).vmfb == b"other"


class Norm(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(64)
        self.linear = torch.nn.Linear(64, 32)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.norm(x)
        return y, torch.softmax(self.linear(y), -1)


def test_a_model_is_compiled_to_an_image(tmp_path: Path) -> None:
    shapes = {"x": {0: torch.export.Dim("rows")}}
    model = Norm()
    executable = fanfold.compile(model, (torch.randn(4, 64),), target="xpu", dynamic_shapes=shapes, dump_dir=tmp_path)
    assert executable.target == "xpu"
    executable.save(tmp_path / "model.vmfb")
    saved = (tmp_path / "model.vmfb").read_bytes()
    image = decode(image_in(CompiledModule(saved, 0)))
    weights = {step.attributes["key"] for f in image.initializers for step in f.steps if step.name == "parameter"}
    assert weights == {"norm.weight", "linear.weight", "linear.bias"}
    # The weights themselves are beside the program, not in it.
    assert model.linear.weight.detach().numpy().tobytes() not in encode(image)
    assert executable.report.dispatches == sum(step.name == "dispatch" for step in image.main.steps)
    assert len(list((tmp_path / "iree" / "kernels").glob("*.spv"))) == len(image.kernels)


def test_a_crash_is_an_error(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.mktemp("bin") / "iree-compile"
    path.write_text("#!/bin/sh\nkill -SEGV $$\n")
    path.chmod(0o755)
    monkeypatch.setattr(build, "find_compiler", lambda: path)
    with pytest.raises(CompileError, match="crashed with SIGSEGV"):
        compile_image(ADD, TARGET)
