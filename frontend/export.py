# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to an ``ExportedProgram`` of functional core ops that the importer takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from fanfold.errors import ExportError, FanfoldError

from .vllm import fp8_flavour, register_vllm_ops

#: A hint for each kind of failure of ``torch.export``, by a pattern in its message. The first match counts.
_REMEDIES = (
    (
        r"specializ|[Cc]onstraint",
        (
            "a dynamic dim was found to be a constant: give example inputs a size of at least 2 in every dynamic dim, "
            "and do not compare or unpack that size in the model; or leave the dim out of dynamic_shapes"
        ),
    ),
    (
        r"[Dd]ata[- ]dependent|GuardOnDataDependentSymNode|unbacked",
        "the model branches on values that only exist when it runs: use torch.where, or torch._check for a size",
    ),
    (r"dynamic_shapes", "dynamic_shapes must have the structure of the inputs: one entry for each argument"),
)


def export_model(
    model: torch.nn.Module | ExportedProgram,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    dynamic_shapes: Any = None,
) -> ExportedProgram:
    """Return `model` as an ``ExportedProgram``; one that already is comes back as it is.

    Args:
        model: An ``nn.Module`` (a ``GraphModule`` is one), or an ``ExportedProgram``.
        args: Example inputs; ignored for an ``ExportedProgram``.
        kwargs: Example keyword inputs; ignored for an ``ExportedProgram``.
        dynamic_shapes: As for ``torch.export.export``.

    Raises:
        ExportError: If `model` is something else or does not export.
    """
    if isinstance(model, ExportedProgram):
        if dynamic_shapes is not None:
            raise ExportError(
                "dynamic_shapes given with a program that is already exported",
                stage="export",
                remedy="pass dynamic_shapes to torch.export.export, or pass the nn.Module here",
            )
        return model
    if not isinstance(model, torch.nn.Module):
        raise ExportError(
            "this is not a model",
            stage="export",
            expected="torch.nn.Module, torch.fx.GraphModule or torch.export.ExportedProgram",
            found=type(model).__name__,
            remedy="wrap a function in an nn.Module",
        )
    if not isinstance(args, tuple):
        raise ExportError(
            "example inputs must be a tuple",
            stage="export",
            expected="(x,) for a model of one input",
            found=type(args).__name__,
        )
    graph = model.graph if isinstance(model, torch.fx.GraphModule) else torch.fx.Graph()
    try:
        # Without no_grad, every torch.no_grad() in the model becomes a nested graph.
        with torch.no_grad(), fp8_flavour(graph):
            return torch.export.export(model, args, dict(kwargs or {}), dynamic_shapes=dynamic_shapes)
    except FanfoldError:
        raise
    except Exception as error:  # torch.export documents no common base of its errors
        raise _export_error(type(model).__name__, error) from error


def load_program(path: str | Path) -> ExportedProgram:
    """Load a ``.pt2`` file, also one with vLLM's ops where vLLM is not installed.

    Raises:
        ExportError: If it is missing, or is no exported program.
    """
    register_vllm_ops()
    try:
        return torch.export.load(path)
    except Exception as error:  # torch.export.load documents no common base of its errors
        raise ExportError(
            f"cannot load {path}: {_first_line(error)}",
            stage="export",
            expected="a file written by torch.export.save",
            remedy="export it again with this version of torch",
        ) from error


def user_location(node: torch.fx.Node) -> str | None:
    """Return ``file:line`` of the user's code that made `node`: its innermost frame outside torch."""
    frames = re.findall(r'File "([^"]+)", line ([0-9]+),', node.meta.get("stack_trace") or "")
    root = str(Path(torch.__file__).parent)
    # Generated code has names in angle brackets.
    outside = [frame for frame in frames if not frame[0].startswith((root, "<"))]
    return ":".join((outside or frames)[-1]) if frames else None


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _export_error(name: str, error: Exception) -> ExportError:
    text = f"{type(error).__name__}: {error}"
    remedy = next((hint for pattern, hint in _REMEDIES if re.search(pattern, text)), None)
    return ExportError(
        f"torch.export cannot export {name}: {_first_line(error)}",
        stage="export",
        found=type(error).__name__,
        remedy=remedy or "make torch.export.export(model, args) work first; its own error is shown above this one",
    )
