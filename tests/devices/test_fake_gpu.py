# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How a GPU is opened and how tensors get there and back, with fakes in its place: not run on a GPU yet."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from devices.samples import executable, vmfb
from fanfold.backends import gpu_context
from fanfold.backends import program as programs
from fanfold.backends.device import list_devices, open_device
from fanfold.backends.drivers import DRIVERS
from fanfold.backends.gpu_context import GpuContext
from fanfold.backends.inventory import list_targets, take_inventory
from fanfold.backends.placement import choose_device
from fanfold.backends.runtime import LoadedModule
from fanfold.errors import TargetError

DTYPES = ["int64", "bool", "uint8", "float8_e4m3fn", "float32", "int32", "float16"]


def test_several_devices_are_open_at_once_and_each_is_opened_once(fake_gpu: Any) -> None:
    first, second = (choose_device(f"cuda:{index}", "cuda:sm_80") for index in (0, 1))
    assert open_device(first).hal is open_device(first).hal
    assert open_device(second).hal is not open_device(first).hal
    assert fake_gpu.created == [0, 1]
    assert open_device(second).info.arch == "sm_80"


def test_an_index_out_of_range_names_what_there_is(fake_gpu: Any) -> None:
    with pytest.raises(TargetError, match="no device cuda:2 on this machine") as caught:
        executable("cuda:sm_80", "cuda:2").load()
    assert caught.value.expected == "one of cuda:0 (NVIDIA H200), cuda:1 (NVIDIA A100)"
    assert fake_gpu.created == []


def test_no_device_names_driver_library_and_tool(fake_gpu: Any) -> None:
    fake_gpu.library.devices = 0
    with pytest.raises(TargetError, match="'cuda' finds no device") as caught:
        executable("cuda:sm_90").load()
    assert "libcuda.so" in str(caught.value.expected)
    assert "nvidia-smi" in str(caught.value.remedy)


def test_a_device_of_another_architecture_is_refused(fake_gpu: Any) -> None:
    with pytest.raises(TargetError, match="cuda:1 cannot run code compiled for 'cuda:sm_90'") as caught:
        executable("cuda:sm_90", "cuda:1").load()
    assert caught.value.found == "NVIDIA A100, sm_80"
    assert "cuda:sm_80" in str(caught.value.remedy)
    executable("cuda:sm_80", "cuda:0").load()
    assert fake_gpu.created == [1, 0]


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_tensors_on_the_cpu_are_copied_there_and_back(fake_gpu: Any, rows: int) -> None:
    exe = executable("cuda:sm_80", "cuda:1")
    assert exe.device == "cuda:1"
    x = torch.randn(rows, 512)[:, ::2].requires_grad_()
    for result, wanted in zip(exe(x), (x + x, (x + x).bfloat16(), x.relu(), -x), strict=True):
        assert result.device.type == "cpu"
        assert torch.equal(result, wanted.detach())
        assert not result.requires_grad
    assert fake_gpu.created == [1]
    # The context was current while the device was opened, loaded and called.
    assert fake_gpu.library.deepest == 1


@pytest.mark.usefixtures("fake_gpu")
def test_results_of_tensors_on_the_cpu_are_there_whatever_torchs_default_device_is() -> None:
    exe, x = executable("cuda:sm_80", "cuda:1"), torch.randn(3, 256)
    with torch.device("meta"):
        results = exe(x)
    assert torch.equal(results[0], x + x)


@pytest.mark.usefixtures("fake_gpu")
@pytest.mark.parametrize("rows", [5, 0])
def test_every_dtype_is_copied_both_ways(rows: int) -> None:
    module = LoadedModule(vmfb("dtypes"), "cuda", DTYPES, [*DTYPES[:6], "bool", "int64", "float16"], {})
    a, b = torch.arange(rows) - 2, torch.arange(rows) % 2 == 0
    fp8 = torch.randn(rows).to(torch.float8_e4m3fn)
    i = torch.arange(rows, dtype=torch.int32)
    inputs = [a, b, torch.arange(rows, dtype=torch.uint8) + 250, fp8, torch.tensor(3.5), i, torch.randn(rows).half()]
    for r, e in zip(module.call(inputs), [*inputs[:6], ~b, a + a, inputs[6]], strict=True):
        assert r.dtype is e.dtype
        assert r.shape == e.shape
        assert torch.equal(r.reshape(-1).view(torch.uint8), e.reshape(-1).view(torch.uint8))


def test_torchs_stream_is_waited_for_before_iree_reads(fake_gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[Any] = []
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    stream = SimpleNamespace(synchronize=lambda: order.append("wait"))
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: order.append(device) or stream)
    program = LoadedModule(vmfb("fanout"), "cuda", ["float32"], [], {}, index=1).program_for(0)

    def run(way: str) -> Callable[[Any], list[Any]]:
        return lambda _: order.append((way, list(fake_gpu.library.stack))) or []

    # Copies that the crossing needs are torch's work too.
    monkeypatch.setattr(programs, "importable", lambda tensor: order.append("copy") or tensor)
    call: Any = program._on_gpu(run("shared"), run("staged"))
    call([SimpleNamespace(is_cpu=False)])
    assert order == ["copy", torch.device("cuda", 1), "wait", ("shared", [1])]
    order.clear()
    call([torch.zeros(1)])
    assert order == [("staged", [1])]


def test_targets_are_listed_with_the_devices(fake_gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [info.name for info in list_devices(DRIVERS["cuda"])] == ["NVIDIA H200", "NVIDIA A100"]
    here = take_inventory()
    assert [name for name, _ in here["cuda"].placements()] == ["cuda:0", "cuda:1"]
    missing = {line.target: line.missing for line in list_targets(here) if line.target.startswith("cuda")}
    assert missing["cuda:sm_80"] == missing["cuda:sm_90"] == ()
    assert missing["cuda:sm_120"] == ("a device of sm_120",)
    fake_gpu.library.devices = 0
    assert take_inventory()["cuda"].lacks == "a device"

    def broken() -> Any:
        raise RuntimeError("CUDA_ERROR_NO_DEVICE (100)")

    monkeypatch.setattr(fake_gpu, "query_available_devices", broken)
    found = take_inventory()["cuda"]
    assert found.lacks == "a driver that works"
    assert "CUDA_ERROR_NO_DEVICE" in found.detail


def test_a_context_of_a_device_that_is_not_there(fake_gpu: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TargetError, match="cuDeviceGet failed with code 101") as caught:
        GpuContext(DRIVERS["cuda"], 2)
    assert "nvidia-smi" in str(caught.value.remedy)
    assert fake_gpu.library.stack == []

    def absent(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(gpu_context.ctypes, "CDLL", absent)
    with pytest.raises(TargetError, match=r"cannot load libcuda\.so"):
        GpuContext(DRIVERS["cuda"], 0)
