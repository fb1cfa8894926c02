# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

from typing import Any

import pytest
import torch

from fanfold.backends.compute import drivers as compute_drivers
from fanfold.backends.drivers import DRIVERS
from fanfold.backends.placement import choose_device
from fanfold.backends.target import BACKENDS
from fanfold.errors import TargetError


@pytest.mark.parametrize(
    ("device", "target", "driver", "canonical"),
    [
        (None, "cpu", "local-task", "cpu"),
        ("cpu", "cpu:znver4", "local-task", "cpu"),
        (torch.device("cpu"), "cpu", "local-task", "cpu"),
        (None, "cuda:sm_90", "cuda", "cuda:0"),
        ("cuda", "cuda:sm_90", "cuda", "cuda:0"),
        (" CUDA:1 ", "cuda:sm_80", "cuda", "cuda:1"),
        (torch.device("cuda", 3), "cuda:sm_80", "cuda", "cuda:3"),
        (None, "rocm:gfx942", "hip", "rocm:0"),
        ("rocm:2", "rocm:gfx942", "hip", "rocm:2"),
        ("hip:12", "rocm:gfx950", "hip", "rocm:12"),
        ("vulkan:1", "vulkan", "vulkan", "vulkan:1"),
        ("level_zero", "xpu:pvc", "level_zero", "level_zero:0"),
        ("level_zero:1", "xpu", "level_zero", "level_zero:1"),
        (torch.device("xpu", 2), "xpu", "level_zero", "level_zero:2"),
        ("opencl", "xpu", "opencl", "opencl:0"),
    ],
)
def test_devices_and_their_canonical_names(device: Any, target: str, driver: str, canonical: str) -> None:
    placement = choose_device(device, target)
    assert (placement.driver.name, str(placement)) == (driver, canonical)
    assert choose_device(str(placement), target) == placement


@pytest.mark.parametrize(
    "device",
    ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2", "cuda:¹", "cpu:", "npu:0", "1", "cuda:" + "9" * 5000],
)
def test_malformed_names_are_refused_with_what_there_is(device: str) -> None:
    with pytest.raises(TargetError, match="there is no device") as caught:
        choose_device(device, "cuda:sm_90")
    names = ("cuda", "rocm", "hip", "level_zero", "xpu", "opencl", "vulkan")
    assert caught.value.expected == ", ".join(["cpu", *(f"{name}:<index>" for name in names)])
    assert "fanfold targets" in str(caught.value.remedy)


@pytest.mark.parametrize("device", [0, b"cuda", object()])
def test_what_is_no_name_is_refused(device: Any) -> None:
    with pytest.raises(TargetError, match=r"a string or a torch\.device"):
        choose_device(device, "cpu")


@pytest.mark.parametrize(
    ("device", "target", "expected", "compile_for"),
    [
        ("cpu", "cuda:sm_90", "cuda:<index>", "for cpu"),
        ("cuda:0", "cpu", "cpu", "for cuda:<arch>"),
        (torch.device("cuda"), "rocm:gfx942", "rocm:<index> or hip:<index>", "for cuda"),
        ("hip:1", "cuda:sm_90", "cuda:<index>", "for rocm:<arch>"),
        ("opencl", "cpu", "cpu", "for xpu"),
        ("cpu", "xpu:bmg", "level_zero:<index> or xpu:<index> or opencl:<index>", "for cpu"),
    ],
)
def test_a_device_that_does_not_fit_is_refused(device: Any, target: str, expected: str, compile_for: str) -> None:
    with pytest.raises(TargetError, match=f"does not run code for '{target}'") as caught:
        choose_device(device, target)
    assert caught.value.expected == expected
    assert compile_for in str(caught.value.remedy)


@pytest.mark.parametrize("device", ["cpu:1", torch.device("cpu", 1)])
def test_the_processor_is_one_device(device: Any) -> None:
    with pytest.raises(TargetError, match="there is no device 'cpu:1'") as caught:
        choose_device(device, "cpu")
    assert (caught.value.expected, caught.value.found) == ("cpu", "index 1")
    assert str(choose_device("cpu:0", "cpu")) == "cpu"


def test_torch_built_for_amd_calls_its_devices_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "hip", "7.0")
    monkeypatch.setattr(torch.version, "cuda", None)
    placement = choose_device(torch.device("cuda:1"), "rocm:gfx942")
    assert str(placement) == "rocm:1"
    assert placement.input_devices() == (torch.device("cuda", 1), torch.device("cpu"))
    # The same build cannot hold a tensor on NVIDIA's.
    assert choose_device("cuda:1", "cuda:sm_90").input_devices() == (torch.device("cpu"),)


def test_where_inputs_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.version, "hip", None)
    assert choose_device(None, "cpu").input_devices() == (torch.device("cpu"),)
    assert choose_device("cuda:1", "cuda:sm_90").input_devices() == (torch.device("cuda", 1), torch.device("cpu"))
    assert choose_device(None, "rocm:gfx942").input_devices() == (torch.device("cpu"),)


@pytest.mark.parametrize(
    ("answering", "driver"),
    [({"level_zero", "opencl"}, "level_zero"), ({"opencl"}, "opencl"), (set(), "level_zero")],
)
def test_the_default_is_the_first_driver_with_a_device(
    answering: set[str], driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute_drivers, "answers", answering.__contains__)
    assert str(choose_device(None, "xpu")) == f"{driver}:0"


def test_tensors_of_torchs_xpu_devices_are_on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.xpu, "is_available", lambda: True)
    assert choose_device("level_zero:1", "xpu").input_devices() == (torch.device("xpu", 1), torch.device("cpu"))
    assert choose_device("opencl", "xpu").input_devices() == (torch.device("cpu"),)
    monkeypatch.setattr(torch.xpu, "is_available", lambda: False)
    assert choose_device("level_zero:1", "xpu").input_devices() == (torch.device("cpu"),)


def test_every_backend_has_a_driver_that_says_how_to_check_it() -> None:
    for row in BACKENDS.values():
        driver = DRIVERS[row.driver]
        assert driver.is_gpu == bool(driver.library) == bool(driver.tool)
    assert all(name == row.name for name, row in DRIVERS.items())


@pytest.mark.parametrize(
    ("driver", "arch", "on", "runs"),
    [
        ("cuda", "sm_90", "sm_90", True),
        ("cuda", "sm_90", "sm_100", True),
        ("cuda", "sm_90", "sm_89", False),
        ("cuda", "sm_120", None, True),
        ("hip", "gfx942", "gfx942", True),
        ("hip", "gfx942", "gfx950", False),
    ],
)
def test_what_runs_on_what(driver: str, arch: str, on: str | None, runs: bool) -> None:
    assert DRIVERS[driver].runs(arch, on) is runs
