# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How Level Zero is initialised, and what its failures say, with a library made here."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from fanfold.backends.compute import ze_api
from fanfold.backends.compute.drivers import DRIVERS, answers
from fanfold.backends.compute.ze_codes import describe
from fanfold.errors import CallError, TargetError


class FakeFunction:
    """A function of a library, which answers what it is told."""

    def __init__(self, name: str, library: FakeLibrary) -> None:
        self._name, self._library = name, library

    def __call__(self, *arguments: Any) -> int:
        self._library.called.append(self._name)
        if self._name in ("zeDriverGet", "zeInitDrivers", "zeDeviceGet"):
            count, found = arguments[-2:] if self._name != "zeInitDrivers" else arguments[:2]
            count._obj.value = 1
            if found is not None:
                found[0] = 0x1234
        return self._library.answers.get(self._name, 0)


class FakeLibrary:
    """A loader.

    Args:
        lacks: Functions that it does not have.
        **answers: Codes that functions answer.
    """

    def __init__(self, *lacks: str, **answers: int) -> None:
        self._lacks, self.answers = lacks, answers
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name in self._lacks:
            raise AttributeError(name)
        return FakeFunction(name, self)


def test_old_loaders_are_initialised_by_the_old_function() -> None:
    library = FakeLibrary("zeInitDrivers")
    assert ze_api.LevelZero(library).drivers == [0x1234]
    assert library.called == ["zeInit", "zeDriverGet", "zeDriverGet"]


def test_new_loaders_are_initialised_by_the_new_function() -> None:
    library = FakeLibrary()
    assert ze_api.LevelZero(library).drivers == [0x1234]
    assert library.called == ["zeInitDrivers", "zeInitDrivers"]


def test_the_old_function_is_asked_where_the_new_one_fails() -> None:
    library = FakeLibrary(zeInitDrivers=0x78000003)
    assert ze_api.LevelZero(library).drivers == [0x1234]
    assert library.called == ["zeInitDrivers", "zeInit", "zeDriverGet", "zeDriverGet"]


def test_a_machine_without_a_driver() -> None:
    with pytest.raises(TargetError, match="zeInit failed with ZE_RESULT_ERROR_UNINITIALIZED") as caught:
        ze_api.LevelZero(FakeLibrary(zeInit=0x78000001, zeInitDrivers=0x78000001))
    assert "libze_loader.so.1" in str(caught.value.expected)
    assert "sycl-ls" in str(caught.value.remedy)


@pytest.mark.parametrize("fails", ["zeDriverGet", "zeDeviceGet", "zeDeviceGetProperties"])
def test_a_driver_that_does_not_work_is_none(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    library = FakeLibrary("zeInitDrivers", **{fails: 0x70000001})
    monkeypatch.setattr(ze_api, "load", lambda: ze_api.LevelZero(library))
    with pytest.raises(TargetError, match=f"finds no GPU on this machine: {fails} failed with ZE_RESULT_ERROR_DEVICE_"):
        DRIVERS["level_zero"].devices()
    with pytest.raises(TargetError, match=f"{fails} failed"):
        DRIVERS["level_zero"].open(0)
    assert not answers("level_zero")


def test_devices_that_are_no_gpu_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    # The library writes no properties: the device's type is not that of a GPU.
    monkeypatch.setattr(ze_api, "load", lambda: ze_api.LevelZero(FakeLibrary()))
    assert DRIVERS["level_zero"].devices() == []
    with pytest.raises(TargetError, match="its drivers list no GPU"):
        DRIVERS["level_zero"].open(0)
    assert not answers("level_zero")


def test_a_machine_without_a_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", absent)
    with pytest.raises(TargetError, match=r"Level Zero finds no GPU .* libze_loader\.so\.1: cannot open"):
        ze_api.load.__wrapped__()


def test_a_loader_that_is_too_old() -> None:
    with pytest.raises(TargetError, match="it has no function zeMemAllocHost"):
        ze_api.LevelZero(FakeLibrary("zeMemAllocHost"))


def test_a_failure_names_the_function_the_code_and_its_meaning() -> None:
    api = ze_api.LevelZero(FakeLibrary(zeMemFree=0x78000004))
    with pytest.raises(CallError) as caught:
        api.zeMemFree(1, 2)
    assert caught.value.message == "zeMemFree failed with ZE_RESULT_ERROR_INVALID_ARGUMENT (an argument is invalid)"
    assert describe(0x123) == "0x123 (a code that this version does not know)"
    with pytest.raises(AttributeError):
        api.zeNothing  # noqa: B018 - the access is what fails
