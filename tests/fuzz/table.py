# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of all kinds of steps."""

from __future__ import annotations

from .kind import Kind
from .norms import NORMS
from .plain import PLAIN
from .quants import QUANTS
from .views import VIEWS

#: Kinds that the compiler is not ready for; the command says so.
NOT_YET: frozenset[str] = frozenset()

_ALL = {**NORMS, **QUANTS, **PLAIN, **VIEWS}

#: Every other kind by its name.
KINDS: dict[str, Kind] = {name: kind for name, kind in _ALL.items() if name not in NOT_YET}
