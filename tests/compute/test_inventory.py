# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which devices are listed, and what is said on a machine that has none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fanfold.backends.compute.protocol import ComputeDriver
from fanfold.backends.inventory import list_targets, take_inventory
from level_zero import chosen

_LOAD = """
import sys
from fanfold.backends.placement import choose_device
from fanfold.backends.image_program import ImageProgram
from fanfold.errors import FanfoldError
where = choose_device(None, "xpu")
print(where)
from fanfold.backends.compute.drivers import DRIVERS
try:
    DRIVERS[where.driver.name].open(where.index)
except FanfoldError as error:
    print(error)
"""


def test_devices_are_listed_by_the_names_that_load_takes(driver: ComputeDriver) -> None:
    here = take_inventory()
    found = here["opencl"] if driver.__class__.__name__.startswith("OpenCl") else here["xpu"]
    assert found.lacks == ""
    assert [name for name, _ in found.placements()] == [
        f"{found.driver.name}:{index}" for index in range(len(driver.devices()))
    ]
    assert [device.name for device in found.devices] == [device.name for device in driver.devices()]
    missing = {listing.target: listing.missing for listing in list_targets(here)}
    assert missing["xpu"] == missing["xpu:bmg"] == ()


def without(folder: Path, **environment: str) -> list[str]:
    """What a process says that has no driver, but for what the environment names."""
    none = {chosen.CHOICE: str(folder / "absent.so"), "OCL_ICD_VENDORS": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", _LOAD],
        env={**os.environ, **none, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()


def test_a_machine_without_any_device_says_what_it_lacks(tmp_path: Path) -> None:
    where, message, expected, *_, remedy = without(tmp_path)
    assert where == "level_zero:0"
    assert "Level Zero finds no GPU on this machine" in message
    assert "libze_loader.so.1" in expected
    assert "sycl-ls" in remedy
    assert "intel-opencl-rt" in remedy


def test_opencl_stands_in_where_level_zero_has_no_device(tmp_path: Path) -> None:
    runtime = os.environ.get("FANFOLD_TEST_OPENCL")
    if not runtime:
        pytest.skip(chosen.why_not() or "another driver of Level Zero was chosen")
    (where,) = without(tmp_path, OCL_ICD_VENDORS=runtime)
    assert where == "opencl:0"
