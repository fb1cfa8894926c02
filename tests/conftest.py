# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every test gets: the same random numbers each run, and a stated skip where there is no GPU."""

from __future__ import annotations

import pytest
import torch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``gpu`` on a machine without a GPU that fanfold has a target for."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    from gpu.devices import present_targets, why_none

    if not present_targets():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=why_none()))


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
