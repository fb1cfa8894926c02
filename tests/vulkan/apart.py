# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What runs in the process of the tests here; `conftest.py` cannot be imported there."""

from __future__ import annotations

import importlib
from typing import Any

import torch


def call(module: str, test: str, parameters: dict[str, Any]) -> None:
    """Call a test."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    getattr(importlib.import_module(f"vulkan.{module}"), test)(**parameters)
