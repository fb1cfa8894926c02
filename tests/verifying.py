# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""IREE's verifier between its passes, which fanfold switches off: it must have nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fanfold.backends import target as targets

_OFF = "--verify=false"


@contextmanager
def verified_by_iree() -> Iterator[None]:
    """Let IREE verify the module after each of its passes; what is invalid then is a CompileError."""
    assert _OFF in targets._COMMON_FLAGS
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(targets, "_COMMON_FLAGS", tuple(flag for flag in targets._COMMON_FLAGS if flag != _OFF))
        yield
