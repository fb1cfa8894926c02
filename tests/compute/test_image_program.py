# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Images called with torch tensors, as executables do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import fanfold
from compute.samples import GROUP, Writer, image, scale_and_add
from fanfold.backends import image_program
from fanfold.backends.compute.drivers import DRIVERS as COMPUTE
from fanfold.backends.compute.protocol import ComputeDriver
from fanfold.backends.drivers import DRIVERS
from fanfold.backends.image.codec import encode
from fanfold.backends.image.host import compile_host
from fanfold.backends.image.program import Image
from fanfold.backends.image_program import ImageProgram
from fanfold.backends.iree_compiler import find_compiler
from fanfold.backends.placement import Placement
from fanfold.errors import ArtifactError, CallError, TargetError


def placement(driver: ComputeDriver) -> Placement:
    (name,) = (name for name, found in COMPUTE.items() if found is driver)
    return Placement(DRIVERS[name])


def vmfb(program: Image, folder: Path) -> bytes:
    return compile_host(find_compiler(), encode(program), program.main, folder, None)


def test_tensors_go_in_and_come_out(driver: ComputeDriver, tmp_path: Path) -> None:
    module = vmfb(image(scale_and_add()), tmp_path)
    program = ImageProgram(module, ["float32"], ["float32"] * 2, {}, placement(driver))
    wide = torch.randn(4 * GROUP, 2)
    for x in (wide[:, 0], wide.t().contiguous()[0], torch._neg_view(torch.randn(GROUP)), torch.empty(0)):
        total, doubled = program.call([x])
        assert torch.equal(doubled, x * 2)
        assert torch.equal(total, x * 2 + x)
    program.executor.close()


def test_weights_of_dtypes_that_numpy_does_not_have(driver: ComputeDriver, tmp_path: Path) -> None:
    write = Writer()
    size = write.index(2 * GROUP)
    weight = write.do("parameter", write.index(0), size, scope="model", key="w")
    view = write.do("view", weight, write.index(0), size, write.index(GROUP), dtype="bf16")
    program_image = image(write.function(view))
    w = torch.randn(GROUP).bfloat16()
    program = ImageProgram(vmfb(program_image, tmp_path), [], ["bfloat16"], {"w": w}, placement(driver))
    (result,) = program.call([])
    assert torch.equal(result, w)
    program.executor.close()


def test_errors_at_load_are_those_of_the_device(driver: ComputeDriver, tmp_path: Path) -> None:
    write = Writer()
    weight = write.do("parameter", write.index(0), write.index(4), scope="model", key="w")
    write.do("store", weight, name="g")
    module = vmfb(image(Writer().function(), initializers=[write.function()]), tmp_path)
    with pytest.raises(ArtifactError, match="needs the weight 'w'"):
        ImageProgram(module, [], [], {}, placement(driver))
    with pytest.raises(TargetError, match="there is no device"):
        ImageProgram(module, [], [], {}, Placement(placement(driver).driver, 99))
    with pytest.raises(ArtifactError, match="IREE cannot load the module"):
        ImageProgram(b"nothing", [], [], {}, placement(driver))


def _fail(_tensor: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("no memory is left")


def test_errors_of_a_call(driver: ComputeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = vmfb(image(scale_and_add()), tmp_path)
    program = ImageProgram(module, ["float32"], ["float32"] * 2, {}, placement(driver))
    with pytest.raises(CallError, match="the tensor does not fit"):
        program.call([torch.zeros(4, 4)])
    with monkeypatch.context() as patched:
        patched.setattr(image_program, "_dense", _fail)
        with pytest.raises(CallError, match="the execution failed: no memory is left"):
            program.call([torch.zeros(16)])
    program.executor.close()
    with pytest.raises(CallError, match="was closed"):
        program.call([torch.zeros(16)])


def test_results_are_on_the_cpu_whatever_torchs_default_device_is(driver: ComputeDriver, tmp_path: Path) -> None:
    program = ImageProgram(vmfb(image(scale_and_add()), tmp_path), ["float32"], ["float32"] * 2, {}, placement(driver))
    x = torch.randn(GROUP)
    # Memory of a meta tensor is at 0, that of a GPU's where the processor does not write.
    with torch.device("meta"):
        _, doubled = program.call([x])
    assert torch.equal(doubled, x * 2)
    program.executor.close()


def test_results_of_another_size_than_the_signature_says(driver: ComputeDriver, tmp_path: Path) -> None:
    program = ImageProgram(vmfb(image(scale_and_add()), tmp_path), ["float32"], ["float16"] * 2, {}, placement(driver))
    with pytest.raises(CallError, match="result 0 does not fit") as caught:
        program.call([torch.zeros(GROUP)])
    assert (caught.value.expected, caught.value.found) == ("float16", "float32")
    program.executor.close()


def test_torchs_queue_is_waited_for_after_the_copies_that_are_made_on_it(
    driver: ComputeDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = ImageProgram(vmfb(image(scale_and_add()), tmp_path), ["float32"], ["float32"] * 2, {}, placement(driver))
    done: list[str] = []
    monkeypatch.setattr(torch.xpu, "synchronize", lambda _device: done.append("waited"))
    monkeypatch.setattr(image_program, "_dense", lambda tensor: done.append("copied") or tensor)
    monkeypatch.setattr(program.executor, "call", lambda *_arguments, **_options: done.append("called"))
    # It stands for a tensor on a GPU; without elements, so that nobody asks where it is.
    program.call([torch.empty(0, device="meta")])
    assert done == ["copied", "waited", "called"]
    program.executor.close()


class Model(torch.nn.Module):
    """A norm and a product, with weights."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(64, eps=1e-6)
        self.linear = torch.nn.Linear(64, 32, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a product of the normalised rows."""
        return self.linear(self.norm(x))


def test_an_executable_runs_where_it_is_told(driver: ComputeDriver, tmp_path: Path) -> None:
    where, model = placement(driver), Model().eval()
    rows = torch.export.Dim("rows", min=1, max=64)
    compiled = fanfold.compile(model, (torch.randn(4, 64),), target="xpu", dynamic_shapes=({0: rows},))
    compiled.save(tmp_path / "model.vmfb")
    executable = fanfold.load(tmp_path / "model.vmfb", device=str(where))
    assert executable.device == f"{where.driver.name}:0"
    for count in (1, 4, 33):
        x = torch.randn(count, 64)
        torch.testing.assert_close(executable(x), model(x).detach())
