# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

from typing import Any

import pytest
import torch

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
    ],
)
def test_devices_and_their_canonical_names(device: Any, target: str, driver: str, canonical: str) -> None:
    placement = choose_device(device, target)
    assert (placement.driver.name, str(placement)) == (driver, canonical)
    assert choose_device(str(placement), target) == placement


@pytest.mark.parametrize(
    "device",
    ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1:2", "cuda:¹", "cpu:", "tpu:0", "1", "cuda:" + "9" * 5000],
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
        ("cuda:0", "cpu", "cpu", "for cuda"),
        (torch.device("cuda"), "rocm:gfx942", "rocm:<index> or hip:<index>", "for cuda"),
        ("hip:1", "cuda:sm_90", "cuda:<index>", "for rocm"),
    ],
)
def test_a_device_that_does_not_fit_is_refused(device: Any, target: str, expected: str, compile_for: str) -> None:
    with pytest.raises(TargetError, match=f"does not run code for '{target}'") as caught:
        choose_device(device, target)
    assert caught.value.expected == expected
    assert compile_for in str(caught.value.remedy)


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
