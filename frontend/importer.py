# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From an ``ExportedProgram`` to a module in the `torch` dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch._decomp import core_aten_decompositions
from torch.export import ExportedProgram
from torch_mlir import ir
from torch_mlir.extras.fx_decomp_util import get_decomposition_table
from torch_mlir.extras.fx_importer import FxImporter, GraphNodeImporter

from fanfold.dialect.context import make_context
from fanfold.errors import ExportError, FanfoldError

from .decompositions import own_decompositions
from .export import user_location
from .functionalized import replace_mutating_ops
from .parameters import ParameterHooks
from .source_names import named
from .vllm import fp8_flavour

_ATEN = torch.ops.aten

#: Ops that the passes raise as they stand: taken apart, they would round elsewhere.
KEPT_WHOLE = (_ATEN.rms_norm, _ATEN._fused_rms_norm)

#: Checks that have no lowering. Shapes are checked against the signature when the compiled model is called.
ASSERTIONS = (
    _ATEN._assert_scalar.default,
    _ATEN._assert_tensor_metadata.default,
    _ATEN._assert_async.default,
    _ATEN._assert_async.msg,
    _ATEN.sym_constrain_range.default,
    _ATEN.sym_constrain_range_for_size.default,
)


def decomposition_table() -> dict[Any, Callable[..., Any]]:
    """Return torch-mlir's decompositions without those of the ops that the passes raise, and with our own."""
    table = {op: fn for op, fn in get_decomposition_table().items() if op.overloadpacket not in KEPT_WHOLE}
    return table | own_decompositions(table)


def decompose(program: ExportedProgram) -> ExportedProgram:
    """Return `program` in the core ops that torch-mlir imports and IREE lowers; `program` itself is not changed.

    Raises:
        ExportError: If an op cannot be taken apart.
    """
    try:
        with fp8_flavour(program.graph):
            program = replace_mutating_ops(program)
            table = decomposition_table() | _composites(program.graph)
            if not all(_is_raisable(node) for node in program.graph.nodes):
                # PyTorch's own decompositions round as eager does, torch-mlir's lowerings do not.
                core = core_aten_decompositions()
                table |= {op: core[op] for op in core if op.overloadpacket in KEPT_WHOLE}
            result: ExportedProgram = program.run_decompositions(table)
    except FanfoldError:
        raise
    except Exception as error:  # decompositions of any origin run here
        raise ExportError(
            f"cannot decompose the program: {error}", stage="import", found=type(error).__name__
        ) from error
    _erase_assertions(result.graph)
    _sort_topk(result.graph)
    result.graph_module.recompile()
    return result


def _composites(graph: torch.fx.Graph) -> dict[Any, Callable[..., Any]]:
    """Return how the ops of other libraries are taken apart that are made of other ops, as torchao's are."""
    targets = {node.target for node in graph.nodes if isinstance(node.target, torch._ops.OpOverload)}
    foreign = {op for op in targets if op.namespace not in ("aten", "prims", "fanfold")}
    known = torch.export.default_decompositions() if foreign else {}
    return {op: known[op] for op in foreign if op in known}


def _is_raisable(node: torch.fx.Node) -> bool:
    """Return whether the passes take a node whole if it is a norm: no f64, over a static last dim, its root unused."""
    packet = getattr(node.target, "overloadpacket", None)
    if packet not in KEPT_WHOLE:
        return True
    second_is_used = packet is _ATEN._fused_rms_norm and any(user.args[1] == 1 and user.users for user in node.users)
    x: Any = node.args[0]
    shape: Any = node.args[1]
    over_static_dim = len(shape) == 1 and isinstance(shape[0], int)
    return x.meta["val"].dtype != torch.float64 and over_static_dim and not second_is_used


def import_program(program: ExportedProgram) -> tuple[ir.Module, dict[str, torch.Tensor]]:
    """Import `program` as function ``main`` of a new module.

    Args:
        program: The result of :func:`decompose`.

    Returns:
        The module and its parameters by name. Each op's location has the user's ``file:line``, and the name of the op
        of the model that it is a part of.

    Raises:
        ExportError: If an op, a dtype or a mutation has no form in the `torch` dialect.
    """
    _refuse_mutations(program)
    hooks = ParameterHooks()
    progress = _Progress()
    importer = FxImporter(context=make_context(), hooks=hooks, graph_node_importer_cls=_node_importer(hooks, progress))
    try:
        # Symbolic shape expressions stay off: with bounded dims IREE miscompiles softmax from them.
        importer.import_program(program, func_name="main", import_symbolic_shape_expressions=False)
    except FanfoldError:
        raise
    except Exception as error:  # the importer raises whatever its lookups raise
        node = progress.node
        raise ExportError(
            f"torch-mlir cannot import this: {error!r}",
            stage="import",
            op=None if node is None else str(node.target),
            location=None if node is None else user_location(node),
            remedy="replace the op, or register a decomposition and pass the decomposed ExportedProgram",
        ) from error
    return importer.module, hooks.parameters


class _Progress:
    """Which node is being imported, for the error message."""

    def __init__(self) -> None:
        self.node: torch.fx.Node | None = None


def _node_importer(hooks: ParameterHooks, progress: _Progress) -> type[GraphNodeImporter]:
    class NodeImporter(GraphNodeImporter):
        def import_nodes(self, nodes: Iterable[torch.fx.Node], **options: Any) -> None:
            super().import_nodes(self._follow(nodes), **options)

        def import_constant(self, loc: ir.Location, node: torch.fx.Node, constant: Any) -> ir.Value:
            # A constant reaches the hooks without its name.
            hooks.constant_name = node.name
            return super().import_constant(loc, node, constant)

        def _import_torch_op_overload(self, loc: ir.Location, node: torch.fx.Node, *target: Any) -> None:
            super()._import_torch_op_overload(named(loc, node), node, *target)

        def _follow(self, nodes: Iterable[torch.fx.Node]) -> Iterable[torch.fx.Node]:
            for node in nodes:
                progress.node = node
                yield node
            progress.node = None

    return NodeImporter


def _erase_assertions(graph: torch.fx.Graph) -> None:
    for node in reversed(graph.nodes):
        if node.target in ASSERTIONS:
            graph.erase_node(node)
    # What only the assertions read, sym_min among it, cannot be imported either.
    graph.eliminate_dead_code()


def _sort_topk(graph: torch.fx.Graph) -> None:
    """Ask every topk for sorted results: one of the allowed orders, and the only one that IREE lowers."""
    for node in graph.nodes:
        if node.target == _ATEN.topk.default:
            node.args, node.kwargs = node.args[:4], {**node.kwargs, "sorted": True}


def _refuse_mutations(program: ExportedProgram) -> None:
    signature = program.graph_signature
    buffers, inputs = signature.buffers_to_mutate, signature.user_inputs_to_mutate
    if not buffers and not inputs:
        return
    writer = _writer(program, next(iter(buffers or inputs)))
    raise ExportError(
        "the model writes to its " + ("buffers" if buffers else "inputs"),
        stage="import",
        op=_source_op(writer),
        location=user_location(writer),
        expected="a function of its inputs",
        found=", ".join([*buffers.values(), *inputs.values()]),
        remedy="call model.eval() if it trains batch statistics; pass a cache in and return the new one"
        if buffers
        else "let the model write to a .clone() of each, and return what the caller is to have",
    )


def _writer(program: ExportedProgram, output: str) -> torch.fx.Node:
    """Return the node that computes an output, behind the copy to where it goes."""
    node: torch.fx.Node = next(node for node in program.graph.nodes if node.name == output)
    while node.target in (_ATEN.copy.default, _ATEN.copy_.default):
        node = node.args[1]  # type: ignore[assignment]
    return node


def _source_op(node: torch.fx.Node) -> str:
    """Return the op of the model's that a node comes from, as far as the node knows."""
    target, sources = node.target, node.meta.get("from_node")
    while sources:
        target, sources = sources[-1].target, sources[-1].from_node
    return str(target)
