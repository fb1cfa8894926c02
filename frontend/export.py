# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a model to an ``ExportedProgram`` of functional core ops that the importer takes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from fanfold.errors import ExportError, FanfoldError
from fanfold.positions import is_of_user

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
        _refuse_shared_examples(model)
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
            args, named = _unshared(model, args, dict(kwargs or {}))
            return torch.export.export(model, args, named, dynamic_shapes=dynamic_shapes)
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
    outside = [frame for frame in frames if is_of_user(frame[0])]
    return ":".join((outside or frames)[-1]) if frames else None


def _storage(value: Any) -> int | None:
    """Return what identifies the memory of a tensor; ``None`` for what is no tensor with memory of its own."""
    if (
        not isinstance(value, torch.Tensor)
        or value.layout is not torch.strided
        or is_traceable_wrapper_subclass(value)
        or value.numel() == 0
    ):
        return None
    storage = value.untyped_storage()
    own = int(storage._cdata)
    try:
        # Two tensors of one memory can have storages of their own, as from numpy.
        return storage.data_ptr() or own
    except RuntimeError:  # a FakeTensor has none
        return own


def _unshared(
    model: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the example inputs, each tensor in memory of its own.

    torch.export takes one tensor given twice for one input, and a weight given as an input for the weight, whatever is
    passed in their places later.
    """
    used = {_storage(tensor) for tensor in (*model.parameters(), *model.buffers(), *vars(model).values())} - {None}
    identities: set[int] = set()

    def own(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        storage = _storage(value)
        if id(value) in identities or storage in used:
            return value.detach().clone().requires_grad_(value.requires_grad)
        identities.add(id(value))
        if storage is not None:
            used.add(storage)
        return value

    result: tuple[tuple[Any, ...], dict[str, Any]] = pytree.tree_map(own, (args, kwargs))
    return result


def _refuse_shared_examples(program: ExportedProgram) -> None:
    """Refuse a program in which torch.export may have merged two inputs: one is read in the place of the other.

    Raises:
        ExportError: If an input is not read, and its example is that of another input or a weight.
    """
    names = [spec.arg.name for spec in program.graph_signature.input_specs if spec.kind == InputKind.USER_INPUT]
    nodes = {node.name: node for node in program.graph.nodes}
    unread = [name for name in names if name in nodes and not nodes[name].users]
    if not unread:
        return
    if program.example_inputs is None:
        _warn_of_unread(nodes, names, unread)
        return
    examples = dict(zip(names, pytree.tree_leaves(program.example_inputs), strict=False))
    weights = [*program.state_dict.values(), *program.constants.values()]
    for name in unread:
        storage = _storage(examples.get(name))
        others = [other for key, other in examples.items() if key != name]
        if storage is not None and any(_storage(other) == storage for other in [*others, *weights]):
            raise ExportError(
                f"the input {name} is not read: torch.export took it for the input or weight that shares its example",
                stage="export",
                expected="example inputs that share no memory with each other or with the weights",
                remedy="export again with a .clone() of each example input",
            )


def _warn_of_unread(nodes: dict[str, torch.fx.Node], names: list[str], unread: list[str]) -> None:
    def kind(name: str) -> tuple[Any, ...] | None:
        value = nodes[name].meta.get("val")
        return (value.dtype, tuple(map(str, value.shape))) if isinstance(value, torch.Tensor) else None

    for name in unread:
        alike = [other for other in names if other != name and other in nodes and kind(other) == kind(name)]
        if alike and kind(name) is not None:
            warnings.warn(
                f"the program does not read its input {name}: if one tensor was the example of {name} and of "
                f"{' or '.join(alike)}, torch.export merged them; then export again with a .clone() of each",
                stacklevel=2,
            )


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
