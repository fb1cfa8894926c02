# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks of the arguments of a call."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch

from .errors import CallError
from .signature import SizeExpression, TensorSpec, parse_size

#: Only these are sure to have memory that can be read. A subclass may stand for another tensor, or for none.
PLAIN = (torch.Tensor, torch.nn.Parameter)


_OTHER_SIZES = "compile with dynamic_shapes for the sizes that vary"


class InputCheck:
    """Decides whether a value fits an input.

    Args:
        spec: The input.
        number: Its position among the inputs, from 0.
        devices: Where its tensor may be, the program's own device first.
    """

    def __init__(self, spec: TensorSpec, number: int, devices: Sequence[torch.device] = (torch.device("cpu"),)) -> None:
        self._spec = spec
        self._number = number
        self._devices = tuple(devices)
        #: What its tensor must be.
        self.dtype: torch.dtype = getattr(torch, spec.dtype)

    def passes(self, value: Any) -> bool:
        """Return whether ``value`` can be given to the compiled model."""
        if not (
            type(value) in PLAIN
            and value.dtype is self.dtype
            and value.device in self._devices
            and value.layout is torch.strided
        ):
            return False
        shape, sizes = value.shape, self._spec.shape
        if len(shape) != len(sizes) or any(w is not None and w != s for s, w in zip(shape, sizes, strict=True)):
            return False
        return self._outside(shape) is None

    def error(self, value: Any) -> CallError:
        """Return the error for a value that did not pass."""
        spec = self._spec
        dim = self._outside(value.shape) if type(value) in PLAIN and value.dim() == len(spec.shape) else None
        if dim is not None and self._remedy(value) == _OTHER_SIZES:
            least, greatest = spec.ranges[dim] or (0, None)
            size = f"{spec.name}.shape[{dim}]"
            return CallError(
                f"input {self._number} ({spec.name}) has a size that the model was not compiled for",
                stage="call",
                expected=f"{least} <= {size}" + (f" <= {greatest}" if greatest is not None else ""),
                found=f"{size} == {value.shape[dim]}",
                remedy="compile with a Dim of another min or max; a limit that no Dim gives comes from the model",
            )
        return CallError(
            f"input {self._number} ({spec.name}) does not fit",
            stage="call",
            expected=f"{spec} on {' or '.join(str(device) for device in self._devices)}",
            found=_describe(value),
            remedy=self._remedy(value),
        )

    def _remedy(self, value: Any) -> str:
        if not isinstance(value, torch.Tensor):
            return "pass a torch.Tensor"
        if type(value) not in PLAIN:
            return "pass a plain tensor; a subclass that holds its data itself is one after .as_subclass(torch.Tensor)"
        if value.dtype is not self.dtype:
            return f"convert it with .to(torch.{self._spec.dtype})"
        if value.device not in self._devices:
            return self._move(value.device)
        if value.layout is not torch.strided:
            return "convert it with .to_dense()"
        return _OTHER_SIZES

    def _move(self, found: torch.device) -> str:
        own = self._devices[0]
        if own.type == "cpu":
            return "move it with .cpu(): the results of this program are on the CPU"
        move = f"move it with .to({str(own)!r})"
        return f"{move}, or load the model with device={str(found)!r}" if found.type == own.type else move

    def _outside(self, shape: torch.Size) -> int | None:
        """Return the first dim whose size is outside its range."""
        for dim, (size, ends) in enumerate(zip(shape, self._spec.ranges, strict=False)):
            if ends is not None and (size < ends[0] or (ends[1] is not None and size > ends[1])):
                return dim
        return None


def check_symbols(specs: Sequence[TensorSpec], values: Sequence[torch.Tensor]) -> dict[str, int]:
    """Check that dims of one symbol have one size, and that sizes are related as the model was compiled for.

    Returns:
        The named sizes.

    Raises:
        CallError: If they do not, or are not.
    """
    sizes: dict[str, tuple[int, str]] = {}
    derived: list[tuple[str, int, str]] = []
    for spec, value in zip(specs, values, strict=True):
        for dim, symbol in enumerate(spec.symbols):
            if symbol is None:
                continue
            if not symbol.isidentifier():
                derived.append((symbol, value.shape[dim], f"{spec.name}.shape[{dim}]"))
                continue
            size, first = sizes.setdefault(symbol, (value.shape[dim], f"{spec.name}.shape[{dim}]"))
            if size != value.shape[dim]:
                raise CallError(
                    f"the inputs disagree about the size {symbol}",
                    stage="call",
                    expected=f"{spec.name}.shape[{dim}] == {first} == {size}",
                    found=f"{spec.name}.shape[{dim}] == {value.shape[dim]}",
                )
    known = {symbol: size for symbol, (size, _) in sizes.items()}
    if derived:
        _check_derived(derived, known)
    for spec in specs:
        if spec.conditions:
            _check_conditions(spec.conditions, tuple(known.items()))
    return known


def _check_derived(derived: list[tuple[str, int, str]], known: dict[str, int]) -> None:
    """Check the sizes that are computed from others, and add to the known ones what follows from them."""
    while derived:
        waiting = []
        for text, size, where in derived:
            expression = parse_size(text)
            unknown = expression.names - known.keys()
            if len(unknown) > 1:
                waiting.append((text, size, where))
                continue
            for name in unknown:
                # The frontend lets no other than a*n + c pass here.
                offset, next_value = (expression.value({**known, name: n}) for n in (0, 1))
                known[name] = max((size - offset) // max(next_value - offset, 1), 0)
            wanted = expression.value(known)
            if size != wanted:
                given = ", ".join(f"{name} == {known[name]}" for name in sorted(expression.names - unknown))
                raise CallError(
                    f"a size is not {text}" + (f" with {given}" if given else ""),
                    stage="call",
                    expected=f"{where} == {text}" + (f" == {wanted}" if given else ""),
                    found=f"{where} == {size}",
                )
        if len(waiting) == len(derived):
            return  # nothing determines the rest, and the frontend lets no such signature pass
        derived = waiting


@functools.lru_cache(maxsize=1024)  # remembers the sizes that passed: a large model has many conditions
def _check_conditions(conditions: tuple[str, ...], known: tuple[tuple[str, int], ...]) -> None:
    for condition in conditions:
        _check_condition(parse_size(condition), dict(known))


def _check_condition(condition: SizeExpression, known: dict[str, int]) -> None:
    sizes = {name: known[name] for name in condition.names if name in known}
    if len(sizes) < len(condition.names):
        return
    try:
        if condition.value(sizes):
            return
    except ZeroDivisionError:
        return
    # torch traces as if no size were 0 or 1, and notes that products are not what they are only for those. What the
    # model computes is right for them.
    if set(sizes.values()) == {0} or (
        min(sizes.values()) <= 1 and condition.multiplies() and not condition.is_equality()
    ):
        return
    raise CallError(
        "the model was not compiled for these sizes",
        stage="call",
        expected=condition.text,
        found=", ".join(f"{name} == {size}" for name, size in sorted(sizes.items())),
        remedy="the model, or an op in it, is only defined or was only traced for such sizes: compile with example "
        "inputs of the sizes that you pass",
    )


def _describe(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return type(value).__name__
    if type(value) not in PLAIN:
        return f"{type(value).__name__}, a subclass of torch.Tensor"
    layout = "" if value.layout is torch.strided else f", {str(value.layout).removeprefix('torch.')}"
    return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)} on {value.device}{layout}"
