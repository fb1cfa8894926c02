# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The regions of the kernel report: those of `benchmarks/kernels/regions.py`, which is not on the tests' path."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "benchmarks" / "kernels" / "regions.py"


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("report_regions_of_benchmarks", _FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


#: Each region by its name; see `benchmarks.kernels.regions.Region`.
REGIONS: dict[str, Any] = _load().REGIONS
