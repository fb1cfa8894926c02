# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every test gets: the same random numbers, Level Zero's test driver, and a stated skip where there is no GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch._export import utils
from torch.export import exported_program


def pytest_configure(config: pytest.Config) -> None:
    """Choose Level Zero's driver, before anything in this process or its workers asks for one.

    There is a worker for each core: torch has one thread here, and in the processes that tests start.
    """
    from level_zero import chosen

    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    chosen.choose(config.cache.mkdir("level_zero"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first, so that no worker ends alone on one; skip those marked ``gpu`` where there is no GPU."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
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


@pytest.fixture(autouse=True, scope="session")
def _composite_ops_are_sought_once_an_export() -> Iterator[None]:
    """Let torch fill its list of composite ops once for each decomposition, not once for each of thirty namespaces.

    That takes a third of the time of an export, and there are a thousand in these tests. The list is the same.
    """
    collect, fill = exported_program._collect_all_valid_cia_ops, utils._materialize_cpp_cia_ops

    def collect_once() -> set[Any]:
        fill()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(utils, "_materialize_cpp_cia_ops", lambda: None)
            return collect()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(exported_program, "_collect_all_valid_cia_ops", collect_once)
        yield
