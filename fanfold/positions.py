# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whose source a position is in: the line that is of help to a user is their own, not one of PyTorch's layers."""

from __future__ import annotations

import os
from pathlib import Path

import torch

#: Where PyTorch's sources are: here, on the machine that exported a program, and in traces without a folder.
_TORCH_ROOTS = (f"{Path(torch.__file__).parent}{os.sep}", "torch/")
_INSTALLED = ("/site-packages/torch/", "/dist-packages/torch/")


def is_of_user(file: str) -> bool:
    """Return whether a source file is neither PyTorch's own nor generated code, which has a name in angle brackets."""
    return not file.startswith((*_TORCH_ROOTS, "<")) and not any(part in file for part in _INSTALLED)
