# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The signature of an imported program: its inputs and outputs, flat and as the user passes them."""

from __future__ import annotations

from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind, TensorArgument
from torch.utils import _pytree

from fanfold.errors import ExportError
from fanfold.signature import Signature, TensorSpec


def make_signature(program: ExportedProgram) -> Signature:
    """Return the signature of `program`: one spec for each leaf of its inputs and outputs.

    Raises:
        ExportError: If a leaf is not a tensor, or lies in a container that cannot be written down.
    """
    nodes = {node.name: node for node in program.graph.nodes}
    inputs = tuple(
        _tensor_spec("input", spec.arg, nodes)
        for spec in program.graph_signature.input_specs
        if spec.kind == InputKind.USER_INPUT
    )
    outputs = tuple(
        _tensor_spec("output", spec.arg, nodes)
        for spec in program.graph_signature.output_specs
        if spec.kind == OutputKind.USER_OUTPUT
    )
    call = program.call_spec
    return Signature(_dump("inputs", call.in_spec), _dump("outputs", call.out_spec), inputs, outputs)


def _tensor_spec(role: str, argument: Any, nodes: dict[str, torch.fx.Node]) -> TensorSpec:
    if isinstance(argument, TensorArgument):
        value = nodes[argument.name].meta["val"]
        return TensorSpec(
            name=argument.name,
            shape=tuple(None if isinstance(size, torch.SymInt) else int(size) for size in value.shape),
            dtype=str(value.dtype).removeprefix("torch."),
            symbols=tuple(str(size) if isinstance(size, torch.SymInt) else None for size in value.shape),
        )
    raise ExportError(
        f"the {role} {argument.name or '(unnamed)'} is not a tensor",
        stage="import",
        expected="tensors only",
        found=repr(getattr(argument, "value", type(argument).__name__)),
        remedy="wrap the model in an nn.Module that takes and returns tensors, with the rest fixed inside",
    )


def _dump(role: str, spec: _pytree.TreeSpec) -> str:
    try:
        return _pytree.treespec_dumps(spec)
    except NotImplementedError as error:
        raise ExportError(
            f"the structure of the {role} cannot be written down: {error}",
            stage="import",
            found=str(spec),
            remedy="register the container with torch.export.register_dataclass or "
            "torch.utils._pytree.register_pytree_node and a serialized_type_name, or use tuples, lists and dicts",
        ) from error
