# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled model that can be called and saved."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from torch.utils import _pytree as pytree

from . import artifact as artifacts
from .artifact import Artifact
from .checks import InputCheck, check_symbols
from .errors import CallError
from .report import Report
from .signature import Signature

if TYPE_CHECKING:
    from fanfold.backends.runtime import LoadedModule


class Executable:
    """A compiled model: call it with torch tensors, get torch tensors in the model's own output structure.

    Calls are safe from several threads; one runs at a time. Inputs are used where they lie when they are contiguous
    and on a 64-byte boundary, else copied; they are never written to. Results own their memory and carry no gradient.
    Right after compiling, the weights are the model's own tensors: writing to them in place changes the executable's
    results until it is saved and loaded.

    Args:
        artifact: What to run.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact
        signature = artifact.signature
        self._in_spec = pytree.treespec_loads(signature.in_spec)
        self._out_spec = pytree.treespec_loads(signature.out_spec)
        self._checks = [InputCheck(spec, number) for number, spec in enumerate(signature.inputs)]
        self._flat_count = _flat_argument_count(self._in_spec)
        self._single_result = self._out_spec.is_leaf()
        self._tuple_result = self._out_spec.type is tuple and all(c.is_leaf() for c in self._out_spec.children())
        self._symbolic = any(any(spec.symbols) for spec in signature.inputs)
        self._load_lock = threading.Lock()
        self._loaded: LoadedModule | None = None

    @property
    def report(self) -> Report:
        """How the model was compiled: passes, dispatches per call, one decision for each row-wise op."""
        return self._artifact.report

    @property
    def target(self) -> str:
        """The canonical target."""
        return self._artifact.target

    @property
    def signature(self) -> Signature:
        """What it takes and gives."""
        return self._artifact.signature

    def __repr__(self) -> str:
        return f"<fanfold.Executable for {self.target}: {self.signature}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model.

        Args:
            *args: The model's arguments, as it was compiled for.
            **kwargs: The same by name.

        Returns:
            What the model returns.

        Raises:
            CallError: If the arguments do not fit, or the execution fails.
            TargetError: If this machine cannot run what it was compiled for.
        """
        flat = args if len(args) == self._flat_count and not kwargs else self._flatten(args, kwargs)
        for value, check in zip(flat, self._checks, strict=True):
            if not check.passes(value):
                raise check.error(value)
        if self._symbolic:
            check_symbols(self.signature.inputs, flat)
        loaded = self._loaded or self.load()
        outputs = loaded.call(flat)
        if self._single_result:
            return outputs[0]
        return tuple(outputs) if self._tuple_result else pytree.tree_unflatten(outputs, self._out_spec)

    def load(self) -> LoadedModule:
        """Put the module on its device now; the first call does it otherwise.

        Raises:
            ArtifactError: If IREE rejects the module.
            TargetError: If this machine cannot run what it was compiled for.
        """
        from fanfold.backends.runtime import LoadedModule
        from fanfold.backends.target import check_runnable, driver_of, inline_driver_of

        with self._load_lock:
            if self._loaded is None:
                check_runnable(self.target, self._artifact.required_features)
                self._loaded = LoadedModule(
                    self._artifact.module,
                    driver_of(self.target),
                    [spec.dtype for spec in self.signature.inputs],
                    [spec.dtype for spec in self.signature.outputs],
                    self._artifact.parameters,
                    inline_driver=inline_driver_of(self.target),
                    only_row_kernels=self.report.kernel_dispatches == self.report.dispatches,
                )
            return self._loaded

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.vmfb`` that :func:`fanfold.load` reads; it appears complete or not at all.

        Raises:
            ArtifactError: If it cannot be written.
        """
        artifacts.write(path, self._artifact)

    def _flatten(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        wanted_args, wanted_kwargs = self._in_spec.children()
        # Keyword order is the caller's choice; the spec has one.
        names = wanted_kwargs.context
        if len(args) != wanted_args.num_children or set(kwargs) != set(names):
            raise CallError(
                "called with the wrong arguments",
                stage="call",
                expected=_describe(wanted_args.num_children, names),
                found=_describe(len(args), list(kwargs)),
                remedy="pass the arguments as in the example inputs that the model was compiled with",
            )
        flat, spec = pytree.tree_flatten((args, {name: kwargs[name] for name in names}))
        if spec != self._in_spec:
            raise CallError(
                "called with arguments of another structure",
                stage="call",
                expected=str(self._in_spec),
                found=str(spec),
                remedy="pass tuples, lists and dicts as in the example inputs that the model was compiled with",
            )
        return flat


def _flat_argument_count(spec: pytree.TreeSpec) -> int:
    """Return how many arguments there are when each is a tensor given by position, so needs no flattening, else -1."""
    args, kwargs = spec.children()
    return args.num_children if kwargs.num_children == 0 and all(c.is_leaf() for c in args.children()) else -1


def _describe(positional: int, names: list[str]) -> str:
    keywords = f" and the keywords {', '.join(names)}" if names else ""
    return f"{positional} positional argument{'' if positional == 1 else 's'}{keywords}"
