# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From the arguments of a call to the flat list of tensors that a module takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils import _pytree as pytree

from .errors import CallError


class Arguments:
    """How a model is called.

    Attributes:
        flat_count: How many arguments there are when each is a tensor given by position, so needs no flattening, else
            -1.

    Args:
        spec: The structure of ``(args, kwargs)``.
        names: The name of each of its leaves.
    """

    def __init__(self, spec: pytree.TreeSpec, names: Sequence[str]) -> None:
        self._spec = spec
        args, kwargs = spec.children()
        self._count = args.num_children
        self._keywords: list[str] = kwargs.context
        # A container given by position has no name here.
        plain = all(child.is_leaf() for child in args.children())
        self._positional = list(names[: self._count]) if plain else []
        self.flat_count = self._count if plain and not self._keywords else -1

    def flatten(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """Return the leaves of a call's arguments; what the model takes by position may be given by name.

        Raises:
            CallError: If they are not those that the model takes.
        """
        by_name = [name for name in self._positional[len(args) :] if name in kwargs and name not in self._keywords]
        if len(args) + len(by_name) != self._count or set(kwargs) != {*self._keywords, *by_name}:
            raise CallError(
                "called with the wrong arguments",
                stage="call",
                expected=_describe(self._count, self._keywords),
                found=_describe(len(args), list(kwargs)),
                remedy="pass the arguments as in the example inputs that the model was compiled with",
            )
        args = (*args, *(kwargs[name] for name in by_name))
        # Keyword order is the caller's choice; the spec has one.
        flat, spec = pytree.tree_flatten((args, {name: kwargs[name] for name in self._keywords}))
        if spec != self._spec:
            raise CallError(
                "called with arguments of another structure",
                stage="call",
                expected=str(self._spec),
                found=str(spec),
                remedy="pass tuples, lists and dicts as in the example inputs that the model was compiled with",
            )
        return flat


def _describe(positional: int, names: list[str]) -> str:
    keywords = f" and the keywords {', '.join(names)}" if names else ""
    return f"{positional} positional argument{'' if positional == 1 else 's'}{keywords}"
