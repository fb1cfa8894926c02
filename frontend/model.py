# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The frontend as one call."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.export import ExportedProgram
from torch_mlir import ir

from fanfold.signature import Signature

from .export import export_model
from .importer import decompose, import_program
from .signature import make_signature
from .sizes import declared_dims

# torch traces in one thread at a time, and the filters of warnings belong to the process.
_TRACING = threading.Lock()


@dataclass(frozen=True)
class ImportedModel:
    """A model in the `torch` dialect.

    Attributes:
        module: A module with one public function ``main``; custom ops are ``torch.operator``.
        parameters: The values of its ``util.global`` parameters by name.
        signature: Its inputs and outputs.
        timings: Seconds by stage: ``export`` and ``import``.
    """

    module: ir.Module
    parameters: dict[str, torch.Tensor]
    signature: Signature
    timings: dict[str, float] = field(default_factory=dict)


def import_model(
    model: torch.nn.Module | ExportedProgram,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
) -> ImportedModel:
    """Export `model` if it is not exported yet, decompose it and import it.

    Args:
        model: An ``nn.Module``, a ``GraphModule`` or an ``ExportedProgram``.
        args: Example inputs; not used with an ``ExportedProgram``.
        kwargs: Example keyword inputs; not used with an ``ExportedProgram``.
        dynamic_shapes: As for ``torch.export.export``. Example inputs need sizes of at least 2 in dynamic dims.

    Raises:
        ExportError: If the model does not export, or uses what the compiler does not take.
    """
    with _TRACING, warnings.catch_warnings():
        start = time.perf_counter()
        # torch.export warns about the use that it makes of its own internals.
        warnings.filterwarnings("ignore", message=".isinstance.treespec, LeafSpec.", category=FutureWarning)
        exported = export_model(model, args, kwargs, dynamic_shapes=dynamic_shapes)
        exported_at = time.perf_counter()
        program = decompose(exported)
        entries = [] if isinstance(model, ExportedProgram) else declared_dims(model, args, kwargs, dynamic_shapes)
        signature = make_signature(program, entries)
    module, parameters = import_program(program)
    timings = {"export": exported_at - start, "import": time.perf_counter() - exported_at}
    return ImportedModel(module, parameters, signature, timings)
