# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a kernel reads of memory, in the code that IREE made of it for an Intel GPU: each byte of a row once."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import torch

import fanfold
from xpu.report_regions import REGIONS
from xpu.test_models import WIDTH, One, draw

_LOAD = re.compile(r'spirv\.Load "StorageBuffer" .* : vector<(\d+)x[if](\d+)>')
_ANY_LOAD = 'spirv.Load "StorageBuffer"'
_LOCAL_SIZE = re.compile(r'"LocalSize", (\d+), (\d+), (\d+)')


@pytest.mark.filterwarnings("ignore:.*lacks features:UserWarning")
@pytest.mark.parametrize("name", ["norm, group", "norm, 2 x group", "add, norm, group"])
def test_a_row_is_read_once_16_bytes_at_a_time(name: str, tmp_path: Path) -> None:
    region = REGIONS[name]
    executable = fanfold.compile(One(region), draw(region, 4), target="xpu:bmg", strict=True, dump_dir=tmp_path)
    assert executable.report.dispatches == 1
    (path,) = (tmp_path / "iree" / "kernels").glob("*.spirv.mlir")
    code = path.read_text(encoding="utf-8")
    # What stands once is run once.
    assert "spirv.mlir.loop" not in code
    loads = [int(lanes) * int(bits) // 8 for lanes, bits in _LOAD.findall(code)]
    assert set(loads) == {16}
    assert len(loads) == code.count(_ANY_LOAD)
    found = _LOCAL_SIZE.search(code)
    assert found is not None
    fewest, _ = region.fewest_bytes(WIDTH, torch.float8_e4m3fn)
    assert math.prod(map(int, found.groups())) * sum(loads) == fewest
