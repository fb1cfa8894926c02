# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a kind of step is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from .bounds import Bounds

#: Names of the operands, and the options.
Proposal = tuple[tuple[str, ...], dict[str, Any]]


@dataclass(frozen=True)
class Type:
    """What the generator knows of a value.

    Attributes:
        shape: Its shape in the example.
        moving: Which of its dims are dynamic.
        dtype: Its dtype.
    """

    shape: tuple[int, ...]
    moving: tuple[bool, ...]
    dtype: torch.dtype

    @property
    def width(self) -> int:
        """The size of its last dim."""
        return self.shape[-1]

    @property
    def is_rows(self) -> bool:
        """Whether norms and quantisations take it."""
        return self.dtype in (torch.bfloat16, torch.float16, torch.float32)


class Site(Protocol):
    """Where a step is proposed: the values so far."""

    rng: random.Random

    def pick(self, accept: Callable[[Type], bool] = ...) -> str | None:
        """Choose a value that is accepted, rather a recent one."""

    def type_of(self, name: str) -> Type:
        """Return what is known of a value."""

    def partner(self, name: str) -> str:
        """Choose a value of the same type, which may be the same value."""

    def constant(self, shape: tuple[int, ...], dtype: torch.dtype, exponent: int = 0) -> str:
        """Choose a weight of that shape and dtype, new or used before."""


@dataclass(frozen=True)
class Kind:
    """A kind of step: one line of the table.

    Attributes:
        propose: Chooses operands and options, or returns None where the kind has no place.
        run: Computes it, in eager and in the compiled model alike.
        bound: The bounds of its results, from those of its operands; None if it is monotone in every operand.
        plain: Whether IREE may compute it outside of a kernel of ours, and so flush denormals.
    """

    propose: Callable[[Site], Proposal | None]
    run: Callable[..., Any]
    bound: Callable[..., tuple[Bounds, ...]] | None = None
    plain: bool = False


def results(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return one result or several as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def dtype_of(name: str) -> torch.dtype:
    """Return the dtype of that name: graphs name dtypes, so that they print as Python."""
    found = getattr(torch, name)
    assert isinstance(found, torch.dtype)
    return found


def name_of(dtype: torch.dtype) -> str:
    """Return the name of a dtype in torch."""
    return str(dtype).removeprefix("torch.")
