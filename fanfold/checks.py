# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks of the arguments of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .errors import CallError
from .signature import TensorSpec


class InputCheck:
    """Decides whether a value fits an input; the shape that fitted last is accepted without looking at its sizes.

    Args:
        spec: The input.
        number: Its position among the inputs, from 0.
    """

    def __init__(self, spec: TensorSpec, number: int) -> None:
        self._spec = spec
        self._number = number
        self._dtype = getattr(torch, spec.dtype)
        self._last_shape: torch.Size | None = None

    def passes(self, value: Any) -> bool:
        """Return whether ``value`` can be given to the compiled model."""
        if not (
            isinstance(value, torch.Tensor)
            and value.dtype is self._dtype
            and value.is_cpu
            and value.layout is torch.strided
        ):
            return False
        shape = value.shape
        if shape == self._last_shape:
            return True
        sizes = self._spec.shape
        if len(shape) != len(sizes) or any(w is not None and w != s for s, w in zip(shape, sizes, strict=True)):
            return False
        self._last_shape = shape
        return True

    def error(self, value: Any) -> CallError:
        """Return the error for a value that did not pass."""
        spec = self._spec
        return CallError(
            f"input {self._number} ({spec.name}) does not fit",
            stage="call",
            expected=f"{spec} on cpu",
            found=_describe(value),
            remedy=self._remedy(value),
        )

    def _remedy(self, value: Any) -> str:
        if not isinstance(value, torch.Tensor):
            return "pass a torch.Tensor"
        if value.dtype is not self._dtype:
            return f"convert it with .to(torch.{self._spec.dtype})"
        if not value.is_cpu:
            return "move it with .cpu()"
        if value.layout is not torch.strided:
            return "convert it with .to_dense()"
        return "compile with dynamic_shapes for the sizes that vary"


def check_symbols(specs: Sequence[TensorSpec], values: Sequence[torch.Tensor]) -> None:
    """Check that dims of one symbol have one size.

    Raises:
        CallError: If they do not.
    """
    sizes: dict[str, tuple[int, str]] = {}
    for spec, value in zip(specs, values, strict=True):
        for dim, symbol in enumerate(spec.symbols):
            if symbol is None:
                continue
            size, first = sizes.setdefault(symbol, (value.shape[dim], f"{spec.name}.shape[{dim}]"))
            if size != value.shape[dim]:
                raise CallError(
                    f"the inputs disagree about the size {symbol}",
                    stage="call",
                    expected=f"{spec.name}.shape[{dim}] == {first} == {size}",
                    found=f"{spec.name}.shape[{dim}] == {value.shape[dim]}",
                )


def _describe(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    layout = "" if value.layout is torch.strided else f", {str(value.layout).removeprefix('torch.')}"
    return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)} on {value.device}{layout}"
