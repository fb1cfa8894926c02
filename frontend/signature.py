# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The signature of an imported program: its inputs and outputs, flat and as the user passes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind, TensorArgument
from torch.utils import _pytree

from fanfold.errors import ExportError
from fanfold.signature import Signature, TensorSpec

from .sizes import DimEntries, Sizes

#: What inputs and outputs may be: the dtypes that can be passed to and from the runtime.
DTYPES = frozenset(
    {
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.float8_e4m3fn,
        torch.float8_e4m3fnuz,
        torch.float8_e5m2,
        torch.float8_e5m2fnuz,
        torch.float8_e8m0fnu,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    }
)

_DTYPE_REMEDIES = {
    **dict.fromkeys(
        (torch.complex32, torch.complex64, torch.complex128),
        "pass torch.view_as_real(x) and call torch.view_as_complex in the model; the same for results",
    ),
    **dict.fromkeys((torch.uint16, torch.uint32, torch.uint64), "use a signed dtype, for example torch.int32"),
}


def make_signature(program: ExportedProgram, declared: DimEntries | None = None) -> Signature:
    """Return the signature of `program`: one spec for each leaf of its inputs and outputs.

    Args:
        program: The program.
        declared: What the user's dynamic_shapes says about each input, for the names of sizes.

    Raises:
        ExportError: If a leaf is not a tensor that can be passed, or lies in a container that cannot be written down,
            or if a dynamic size follows no rule that a call can check.
    """
    nodes = {node.name: node for node in program.graph.nodes}
    signature = program.graph_signature
    given = [spec.arg for spec in signature.input_specs if spec.kind == InputKind.USER_INPUT]
    returned = [spec.arg for spec in signature.output_specs if spec.kind == OutputKind.USER_OUTPUT]
    tensors = [_tensor("input", argument, nodes) for argument in given]
    results = [_tensor("output", argument, nodes) for argument in returned]
    sizes = Sizes(program, tensors, declared or [])
    inputs = [_tensor_spec(a.name, t, sizes, bounded=True) for a, t in zip(given, tensors, strict=True)]
    if sizes.conditions:
        first = next(number for number, spec in enumerate(inputs) if any(spec.symbols))
        inputs[first] = replace(inputs[first], conditions=sizes.conditions)
    outputs = [_tensor_spec(a.name, t, sizes) for a, t in zip(returned, results, strict=True)]
    call = program.call_spec
    return Signature(
        _dump("inputs", call.in_spec),
        _dump("outputs", _without_return_types(call.out_spec)),
        tuple(inputs),
        tuple(outputs),
    )


def _tensor(role: str, argument: Any, nodes: dict[str, torch.fx.Node]) -> torch.Tensor:
    if not isinstance(argument, TensorArgument):
        raise ExportError(
            f"the {role} {argument.name or '(unnamed)'} is not a tensor",
            stage="import",
            expected="tensors only",
            found=repr(getattr(argument, "value", type(argument).__name__)),
            remedy="wrap the model in an nn.Module that takes and returns tensors, with the rest fixed inside",
        )
    value: torch.Tensor = nodes[argument.name].meta["val"]
    if value.dtype not in DTYPES:
        raise ExportError(
            f"the {role} {argument.name} has a dtype that compiled models do not take",
            stage="import",
            expected=", ".join(sorted(_dtype_name(dtype) for dtype in DTYPES)),
            found=_dtype_name(value.dtype),
            remedy=_DTYPE_REMEDIES.get(value.dtype, "convert it in the model or before the call"),
        )
    return value


def _tensor_spec(name: str, value: torch.Tensor, sizes: Sizes, *, bounded: bool = False) -> TensorSpec:
    dynamic = any(isinstance(size, torch.SymInt) for size in value.shape)
    return TensorSpec(
        name=name,
        shape=tuple(None if isinstance(size, torch.SymInt) else int(size) for size in value.shape),
        dtype=_dtype_name(value.dtype),
        symbols=tuple(sizes.text(size, checked=bounded) for size in value.shape),
        ranges=tuple(sizes.range(size) for size in value.shape) if bounded and dynamic else (),
    )


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _without_return_types(spec: _pytree.TreeSpec) -> _pytree.TreeSpec:
    """Return `spec` with a tuple for each result type of a torch op, such as that of ``x.sort()``.

    These types have names for their parts, but no written form.
    """
    return _pytree.tree_structure(_as_tuples(spec)) if _has_return_type(spec) else spec


def _has_return_type(spec: _pytree.TreeSpec) -> bool:
    return not spec.is_leaf() and (_is_return_type(spec) or any(_has_return_type(child) for child in spec.children()))


def _is_return_type(spec: _pytree.TreeSpec) -> bool:
    return bool(spec.type.__module__ == "torch.return_types")


def _as_tuples(spec: _pytree.TreeSpec) -> Any:
    if spec.is_leaf():
        return 0
    children = [_as_tuples(child) for child in spec.children()]
    if _is_return_type(spec):
        return tuple(children)
    return _pytree.SUPPORTED_NODES[spec.type].unflatten_fn(children, spec.context)


def _dump(role: str, spec: _pytree.TreeSpec) -> str:
    try:
        return _pytree.treespec_dumps(spec)
    except NotImplementedError as error:
        raise ExportError(
            f"the structure of the {role} cannot be written down: {error}",
            stage="import",
            found=str(spec),
            remedy="register a dataclass with torch.export.register_dataclass, a namedtuple with "
            "torch.utils._pytree._register_namedtuple, another container with register_pytree_node and a "
            "serialized_type_name; or use tuples, lists and dicts",
        ) from error
