# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The device that kernels run on, and the validator: what is not installed skips a test with a reason."""

from __future__ import annotations

import pytest

from spirv.intel_cpu import IntelCpu


@pytest.fixture(scope="session")
def intel() -> IntelCpu:
    try:
        return IntelCpu()
    except LookupError as error:
        pytest.skip(str(error))
