# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiled samples: hand-written modules, so that these tests need no frontend and no passes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from fanfold.backends.iree_compiler import CompiledModule, compile_module
from fanfold.backends.target import parse_target

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def sample_text() -> Callable[[str], bytes]:
    """Return a function from a sample's name to its MLIR."""
    return lambda name: (SAMPLES / f"{name}.mlir").read_bytes()


@pytest.fixture(scope="session")
def compiled(sample_text: Callable[[str], bytes]) -> Callable[[str], CompiledModule]:
    """Return a function that compiles a sample for this machine, once."""
    return functools.cache(lambda name: compile_module(sample_text(name), parse_target("cpu")))
