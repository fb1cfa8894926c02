# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways to devices that run program images, by the names that `backends/drivers.py` gives them."""

from __future__ import annotations

from fanfold.errors import FanfoldError

from .level_zero import LevelZeroDriver
from .opencl import OpenClDriver
from .protocol import ComputeDriver, DeviceProperties

DRIVERS: dict[str, ComputeDriver] = {"level_zero": LevelZeroDriver(), "opencl": OpenClDriver()}


def answers(name: str) -> bool:
    """Return whether a driver has a device here; one that is not installed or does not work has none."""
    try:
        return bool(list_devices(name))
    except FanfoldError:
        return False


def list_devices(name: str) -> list[DeviceProperties]:
    """Return the devices of a driver, by index.

    Raises:
        MissingDependencyError: If a package that it needs is not installed.
        TargetError: If it does not work here.
    """
    return DRIVERS[name].devices()
