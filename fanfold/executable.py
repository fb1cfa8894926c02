# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled model that can be called and saved."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from torch.utils import _pytree as pytree

from . import artifact as artifacts
from .arguments import Arguments
from .artifact import Artifact
from .errors import ArtifactError
from .inputs import UNKNOWN, Fit, Inputs
from .layouts import show_in_shape
from .report import Report
from .signature import Signature

if TYPE_CHECKING:
    import torch

    from fanfold.backends.program import Call
    from fanfold.backends.runtime import LoadedModule


class Executable:
    """A compiled model: call it with torch tensors, get torch tensors in the model's own output structure.

    Several threads may call it at once: small calls run side by side on the CPU, others one at a time, each on all
    cores or on the GPU. Inputs are used where they lie when they are on the program's device, contiguous and on a
    64-byte boundary, else copied; they are never written to. A program for a GPU takes inputs on the CPU too, all of
    them: they are copied there, and the results back. Results are where the inputs are, and complete when the call
    returns. Each owns its memory, also where eager's is a view of an input or of another result, and carries no
    gradient. What the model takes by position can be given by name too. Right after compiling, the weights are the
    model's own tensors: writing to them in place may change the executable's results until it is saved and loaded.

    Args:
        artifact: What to run.
        device: Where to run it, see :func:`fanfold.load`.

    Raises:
        ArtifactError: If a container among its arguments or results is of a type that this process does not know.
        TargetError: If the device is malformed or does not run such code.
    """

    def __init__(self, artifact: Artifact, device: str | torch.device | None = None) -> None:
        from fanfold.backends.placement import choose_device

        self._artifact = artifact
        self._placement = choose_device(device, artifact.target)
        signature = artifact.signature
        self._in_spec = _structure("arguments", signature.in_spec)
        self._out_spec = _structure("results", signature.out_spec)
        self._inputs = Inputs(signature.inputs, self._placement.input_devices())
        self._arguments = Arguments(self._in_spec, [spec.name for spec in signature.inputs])
        self._flat_count = self._arguments.flat_count
        self._single_result = self._out_spec.is_leaf()
        self._tuple_result = self._out_spec.type is tuple and all(c.is_leaf() for c in self._out_spec.children())
        self._has_layouts = any(spec.layout != "row" for spec in signature.outputs)
        self._load_lock = threading.Lock()
        self._loaded: LoadedModule | None = None
        self._last_call: tuple[Fit, Call] = (UNKNOWN, list)

    @property
    def report(self) -> Report:
        """How the model was compiled: passes, dispatches per call, one decision for each row-wise op."""
        return self._artifact.report

    @property
    def target(self) -> str:
        """The canonical target."""
        return self._artifact.target

    @property
    def device(self) -> str:
        """Where it runs: ``cpu``, or the driver's name and the index of the device, such as ``cuda:0``."""
        return str(self._placement)

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
        flat = args if len(args) == self._flat_count and not kwargs else self._arguments.flatten(args, kwargs)
        fit, call = self._last_call
        if not fit.alike(*flat):
            fit, call = self._fit(flat)
        outputs = call(flat)
        if self._has_layouts:
            outputs = show_in_shape(outputs, self.signature.outputs, fit.sizes)
        if self._single_result:
            return outputs[0]
        return tuple(outputs) if self._tuple_result else pytree.tree_unflatten(outputs, self._out_spec)

    def _fit(self, flat: Sequence[Any]) -> tuple[Fit, Call]:
        fit = self._inputs.fit(flat)
        found = self._last_call
        if fit is not found[0]:
            # Both at once: other threads read them.
            found = self._last_call = (fit, (self._loaded or self.load()).program_for(fit.input_bytes).call)
        return found

    def load(self) -> LoadedModule:
        """Put the module on its device now; the first call does it otherwise.

        Raises:
            ArtifactError: If IREE rejects the module.
            TargetError: If this machine cannot run what it was compiled for.
        """
        from fanfold.backends.runnable import check_device, check_runnable
        from fanfold.backends.runtime import LoadedModule
        from fanfold.backends.target import inline_driver_of

        with self._load_lock:
            if self._loaded is None:
                check_runnable(self.target, self._artifact.required_features)
                check_device(self.target, self._placement)
                self._loaded = LoadedModule(
                    self._artifact.module,
                    self._placement.driver.name,
                    [spec.dtype for spec in self.signature.inputs],
                    [spec.dtype for spec in self.signature.outputs],
                    self._artifact.parameters,
                    index=self._placement.index,
                    inline_driver=inline_driver_of(self.target),
                    byte_results=[i for i, spec in enumerate(self.signature.outputs) if spec.as_bytes],
                    results_apart=self.signature.results_apart,
                    only_row_kernels=self.report.kernel_dispatches == self.report.dispatches,
                )
            return self._loaded

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a ``.vmfb`` that :func:`fanfold.load` reads; it appears complete or not at all.

        Raises:
            ArtifactError: If it cannot be written.
        """
        artifacts.write(path, self._artifact)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an Executable cannot be pickled or copied: call its save, and fanfold.load the file where it is needed"
        )


def _structure(role: str, text: str) -> pytree.TreeSpec:
    try:
        return pytree.treespec_loads(text)
    except NotImplementedError as error:
        raise ArtifactError(
            f"this process does not know the type of a container among the model's {role}",
            stage="load",
            expected=f"what the model was compiled with: {', '.join(_container_types(json.loads(text)[1]))}",
            found=str(error),
            remedy="import or register it before loading, under the same serialized_type_name; `fanfold run` cannot",
        ) from error


def _container_types(node: dict[str, Any]) -> list[str]:
    """Return the types in the JSON of a pytree structure that torch does not register itself."""
    kind = node["type"]
    # A namedtuple's own type is its context.
    named = [] if kind is None else [node["context"] if kind == "collections.namedtuple" else kind]
    names = [name for name in named if not name.startswith(("builtins.", "collections."))]
    return list(dict.fromkeys(names + [name for child in node["children_spec"] for name in _container_types(child)]))
