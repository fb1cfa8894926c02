# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one grammar of devices: ``cpu``, ``cuda``, ``cuda:1``, ``rocm:0``, ``hip:0``, or a ``torch.device``."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from fanfold.errors import TargetError

from .drivers import DRIVERS, Driver
from .target import BACKENDS, driver_of

#: Python refuses to read numbers of thousands of digits.
_INDEX = re.compile("[0-9]{1,9}")


@dataclass(frozen=True)
class Placement:
    """Where a program runs.

    Attributes:
        driver: The HAL driver.
        index: Which of the driver's devices, in the order in which it lists them.
    """

    driver: Driver
    index: int = 0

    def __str__(self) -> str:
        name = self.driver.devices[0]
        return f"{name}:{self.index}" if self.driver.is_gpu else name

    def torch_device(self) -> torch.device | None:
        """Return torch's name for the device, or ``None`` if this build of torch cannot use it."""
        if not self.driver.is_gpu:
            return torch.device("cpu")
        if self.driver.name == "level_zero":
            return torch.device("xpu", self.index) if torch.xpu.is_available() else None
        built_for = {"cuda": torch.version.cuda, "hip": torch.version.hip}.get(self.driver.name)
        # Torch calls AMD's devices cuda too.
        return torch.device("cuda", self.index) if built_for else None

    def input_devices(self) -> tuple[torch.device, ...]:
        """Return where the inputs of a program here may be, in torch's words: on the device, or on the CPU."""
        cpu, own = torch.device("cpu"), self.torch_device()
        return (cpu,) if own is None or own == cpu else (own, cpu)


def choose_device(device: str | torch.device | None, target: str) -> Placement:
    """Return where a program for ``target`` (canonical) runs.

    By default that is the first device of its driver, or, if that has none, of the driver that stands in for it.
    Whether there is such a device is found out when it is opened.

    Raises:
        TargetError: If ``device`` is malformed, or its driver does not run code for the target.
    """
    drivers = drivers_for(DRIVERS[driver_of(target)])
    if device is None:
        return Placement(drivers[0] if len(drivers) == 1 else _first_that_answers(drivers))
    kind, index = _parse(device)
    driver = next((driver for driver in drivers if kind in _names(driver)), None)
    if driver is None:
        theirs = [
            name if row.default else f"{name}:<arch>"
            for name, row in BACKENDS.items()
            if any(kind in _names(driver) for driver in drivers_for(DRIVERS[row.driver]))
        ]
        raise TargetError(
            f"the device {str(device)!r} does not run code for {target!r}",
            stage="load",
            expected=" or ".join(text for driver in drivers for text in _spellings(driver)),
            found=str(device),
            remedy=f"compile the model for {' or '.join(theirs)}, or leave the device out",
        )
    if index and not driver.is_gpu:
        # Known without the machine.
        raise TargetError(
            f"there is no device {str(device)!r}",
            stage="load",
            expected=" or ".join(_spellings(driver)),
            found=f"index {index}",
            remedy="leave the index out: a program uses all cores that the process may use",
        )
    return Placement(driver, index)


def drivers_for(driver: Driver) -> list[Driver]:
    """Return a driver with that which stands in for it."""
    return [driver] if driver.stand_in is None else [driver, DRIVERS[driver.stand_in]]


def _first_that_answers(drivers: list[Driver]) -> Driver:
    """Return the first driver with a device here; the first of all if none has one, whose error then says so."""
    from .compute.drivers import answers

    return next((driver for driver in drivers if answers(driver.name)), drivers[0])


def _parse(device: str | torch.device) -> tuple[str, int]:
    if not isinstance(device, str | torch.device):
        raise TargetError(
            "a device is a string or a torch.device",
            stage="load",
            expected="cpu, cuda:<index> or rocm:<index>",
            found=repr(device),
        )
    kind, colon, index = str(device).strip().lower().partition(":")
    known = [name for row in DRIVERS.values() for name in row.devices]
    if kind not in known or (colon and not _INDEX.fullmatch(index)):
        raise TargetError(
            f"there is no device {str(device)!r}",
            stage="load",
            expected=", ".join(dict.fromkeys(text for row in DRIVERS.values() for text in _spellings(row))),
            found=str(device),
            remedy="`fanfold targets` lists the devices of this machine",
        )
    return kind, int(index or 0)


def _names(driver: Driver) -> tuple[str, ...]:
    # A torch that is built for AMD calls its devices cuda.
    return (*driver.devices, "cuda") if driver.name == "hip" and torch.version.hip else driver.devices


def _spellings(driver: Driver) -> list[str]:
    return [f"{name}:<index>" if driver.is_gpu else name for name in driver.devices]
