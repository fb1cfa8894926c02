# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whether the tensors of a call fit the model, all together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch._C._dynamo.guards import TensorGuards

from .checks import PLAIN, InputCheck, check_symbols
from .errors import CallError
from .signature import TensorSpec

_STRIDED = torch.strided


def _never(*_values: object) -> bool:
    return False


@dataclass(frozen=True)
class Fit:
    """What was found out about tensors that fit.

    Attributes:
        shapes: Their shapes.
        device: Where they are.
        sizes: The values of the named sizes.
        input_bytes: Their bytes, in all.
        alike: Whether others, given one by one, are for sure of the same types, dtypes, shapes, strides and devices.
    """

    shapes: tuple[torch.Size | None, ...]
    device: torch.device
    sizes: Mapping[str, int]
    input_bytes: int
    alike: Callable[..., bool] = _never


#: Before the first call.
UNKNOWN = Fit((), torch.device("cpu"), {}, 0)


class Inputs:
    """Decides whether tensors fit the inputs of a model.

    Those with the shapes and the device of the last that did are taken without asking for ranges and relations again. A
    caller asks :attr:`Fit.alike` first: one call into torch, but it says no to other strides and to one tensor twice.

    Args:
        specs: The inputs.
        devices: Where the tensors may be; all must be on one device.
    """

    def __init__(self, specs: Sequence[TensorSpec], devices: Sequence[torch.device]) -> None:
        self._specs = specs
        self._checks = [InputCheck(spec, number, devices) for number, spec in enumerate(specs)]
        self._dtypes = [check.dtype for check in self._checks]
        self._symbolic = any(any(spec.symbols) for spec in specs)
        # Replaced as a whole: other threads read it.
        self._last = Fit((None,) * len(specs), devices[0], {}, 0)

    def fit(self, values: Sequence[Any]) -> Fit:
        """Return what is to be known about tensors that fit.

        Raises:
            CallError: If they do not.
        """
        last = self._last
        device = last.device
        for value, dtype, shape in zip(values, self._dtypes, last.shapes):  # noqa: B905 - strict takes as long as the loop
            if not (
                type(value) in PLAIN
                and value.dtype is dtype
                and value.device == device
                and value.layout is _STRIDED
                and value.shape == shape
            ):
                return self._fit(values)
        return last

    def _fit(self, values: Sequence[Any]) -> Fit:
        for value, check in zip(values, self._checks, strict=True):
            if not check.passes(value):
                raise check.error(value)
        first = values[0].device
        for value, spec in zip(values, self._specs, strict=True):
            if value.device != first:
                raise CallError(
                    "the inputs are on two devices",
                    stage="call",
                    expected=f"{spec.name} on {first}, as {self._specs[0].name} is",
                    found=f"{spec.name} on {value.device}",
                    remedy=f"move it with .to({str(first)!r}): the results are where the inputs are",
                )
        sizes = check_symbols(self._specs, values) if self._symbolic else {}
        shapes = tuple(value.shape for value in values)
        self._last = Fit(shapes, first, sizes, sum(value.nbytes for value in values), _alike(values))
        return self._last


def _alike(values: Sequence[torch.Tensor]) -> Callable[..., bool]:
    """Return a function that tells whether tensors are like these, with which it keeps no memory alive.

    It is what guards the code that ``torch.compile`` makes.
    """
    if not values:
        return _never
    sizes, strides = [list(value.shape) for value in values], [list(value.stride()) for value in values]
    guards: Any = TensorGuards  # its stub has other arguments than it takes
    alike: Callable[..., bool] = guards(*values, dynamic_dims_sizes=sizes, dynamic_dims_strides=strides).check
    return alike
