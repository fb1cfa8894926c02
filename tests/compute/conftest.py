# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tests of running program images: each runs through OpenCL, and through Level Zero on the test driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fanfold.backends.compute.drivers import DRIVERS
from fanfold.backends.compute.protocol import ComputeDriver
from fanfold.errors import MissingDependencyError, TargetError
from level_zero import chosen


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> Iterator[ComputeDriver]:
    """A driver with a device; what a test takes from the test driver of Level Zero, it must give back."""
    name: str = request.param
    found = DRIVERS[name]
    if name == "level_zero" and (reason := chosen.why_no_driver()):
        pytest.skip(reason)
    try:
        found.devices()
    except (TargetError, MissingDependencyError) as error:
        pytest.skip(f"{name}: {error.message}, expected {error.expected}")
    if name != "level_zero" or not chosen.is_chosen():
        yield found
        return
    test_driver = chosen.require()
    live, reports = test_driver.live(), test_driver.reports()
    yield found
    assert test_driver.reports() == reports, test_driver.last_report()
    assert test_driver.live() == live
