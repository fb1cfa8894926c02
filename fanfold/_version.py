# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The version of fanfold, and the only place that states it."""

from __future__ import annotations

__version__ = "0.1.0"
