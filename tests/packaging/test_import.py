# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ``import fanfold`` does not load, and what a machine that only loads and calls can do without."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import run_python

LOADED = """
import json, sys, fanfold
print(json.dumps(sorted(sys.modules)))
"""

# `None` in sys.modules makes an import fail as if the package were not installed.
WITHOUT_COMPILER = """
import sys
sys.modules["torch_mlir"] = sys.modules["iree.compiler"] = None
import fanfold
from fanfold import load
import fanfold.api, fanfold.artifact, fanfold.executable, fanfold.cli
import fanfold.backends.runtime, fanfold.backends.target
print(fanfold.backends.target.parse_target("cpu"))
"""


def test_import_loads_no_compiler_and_no_runtime(tmp_path: Path) -> None:
    loaded = set(json.loads(run_python("-c", LOADED, cwd=tmp_path)))
    assert not loaded & {"torch_mlir", "iree.compiler", "iree.runtime", "rich", "transformers"}


def test_loading_needs_no_compiler_package(tmp_path: Path) -> None:
    assert run_python("-c", WITHOUT_COMPILER, cwd=tmp_path).strip() == "cpu"
