# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ways in which code for XPU runs on a machine without one: two drivers, both on Intel's OpenCL CPU runtime."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fanfold.backends.device import list_devices
from fanfold.backends.drivers import DRIVERS
from fanfold.errors import FanfoldError
from level_zero import chosen


@dataclass(frozen=True)
class Way:
    """A target with a driver that runs its code here.

    Attributes:
        target: The target.
        driver: The driver, which is also what its first device is called.
    """

    target: str
    driver: str

    def __str__(self) -> str:
        return self.driver


OPENCL, LEVEL_ZERO = Way("xpu", "opencl"), Way("xpu", "level_zero")
WAYS = (OPENCL, LEVEL_ZERO)


def require(way: Way) -> None:
    """Skip the test if this machine does not have the way."""
    if way is LEVEL_ZERO and (reason := chosen.why_no_driver()):
        pytest.skip(reason)
    try:
        devices = list_devices(DRIVERS[way.driver])
    except FanfoldError as error:
        pytest.skip(f"{way}: {error.message}, expected {error.expected}")
    if not devices:
        pytest.skip(f"{way}: no device")
