# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Replace vLLM's ``_C`` ops, which write into their arguments, by functional ops.

A functional graph has such an op inside a node that clones what the op writes to and returns the clones. Before::

    %out = aten.empty([%rows, 512])
    %all = auto_functionalized_v2(_C.rms_norm.default, input = %x, weight = %w, epsilon = 1e-06,
                                  _result_base_index = 0, _all_bases = [%out])
    %y = getitem(%all, 1)

After::

    %y = fanfold.rms_norm(%x, %w, 1e-06)
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import combinations
from typing import Any

import torch
from torch._guards import detect_fake_mode
from torch.export import ExportedProgram
from torch.fx import Node

from .buffers import BufferView, Emit, cancel_permutes, fit
from .export import user_location
from .mutating import MUTATING_OPS, Arguments, MutatingOp

_HIGHER_ORDER = torch.ops.higher_order


def replace_mutating_ops(program: ExportedProgram) -> ExportedProgram:
    """Return `program` without vLLM's mutating ops; `program` itself is not changed, and is returned if it has none.

    Raises:
        ExportError: If a call has no functional form.
    """
    if not any(_mutating_op(node) or _called_op(node) for node in program.graph.nodes):
        return program
    # Makes the graph functional, and takes nothing apart.
    program = program.run_decompositions({})
    module = program.graph_module
    with module._set_replace_hook(program.graph_signature.get_replace_hook()):
        for node in list(module.graph.nodes):
            op = _called_op(node)
            if op is not None:
                _replace(node, op)
        # A buffer that holds columns is written to as rows and read as rows.
        cancel_permutes(list(module.graph.nodes))
    module.graph.eliminate_dead_code()
    module.recompile()
    return program


def _mutating_op(node: Node) -> MutatingOp | None:
    return _find(node.target)


def _called_op(node: Node) -> MutatingOp | None:
    if node.target in (_HIGHER_ORDER.auto_functionalized, _HIGHER_ORDER.auto_functionalized_v2):
        return _find(node.args[0])
    return None


def _find(target: Any) -> MutatingOp | None:
    if isinstance(target, torch._ops.OpOverload) and target.namespace == "_C":
        return MUTATING_OPS.get(target._schema.name.removeprefix("_C::"))
    return None


def _emitter(before: Node) -> Emit:
    """Return a function that adds calls in front of a node, with its source position and with example values."""
    graph = before.graph
    mode = detect_fake_mode([node.meta["val"] for node in before.all_input_nodes]) or nullcontext()

    def emit(op: Any, *args: Any, **kwargs: Any) -> Node:
        with graph.inserting_before(before):
            node = graph.call_function(op, args, kwargs)
        node.meta = {key: value for key, value in before.meta.items() if key != "val"}
        values = torch.fx.node.map_arg((args, kwargs), lambda arg: arg.meta["val"])
        with torch.no_grad(), mode:
            node.meta["val"] = op(*values[0], **values[1])
        return node

    return emit


def _replace(node: Node, op: MutatingOp) -> None:
    emit = _emitter(node)
    # By position: vLLM has renamed arguments.
    theirs: Any = node.args[0]
    names = {other.name: own.name for own, other in zip(op.parsed().arguments, theirs._schema.arguments, strict=True)}
    written = [other.name for other in theirs._schema.arguments if other.alias_info and other.alias_info.is_write]
    given = {other.name: node.kwargs.get(other.name, other.default_value) for other in theirs._schema.arguments}
    views: dict[str, BufferView] = {}
    buffers: list[Any] = [given[name] for name in written]
    if node.target is _HIGHER_ORDER.auto_functionalized_v2:
        buffers = list(node.kwargs["_all_bases"])  # type: ignore[arg-type]
        views = {n: v for n in written if (v := BufferView.from_kwargs(n, node.kwargs)) is not None}
    else:
        views = {name: BufferView(index) for index, name in enumerate(written)}
    _check_views(op, node, list(views.values()), buffers)
    given |= {name: view.read(emit, buffers[view.base]) for name, view in views.items()}

    values = {own: given[name] for name, own in names.items()}
    tensors = {name: value.meta["val"] for name, value in values.items() if isinstance(value, Node)}
    call = Arguments(f"_C::{op.name}", values, tensors, user_location(node))
    plan = op.plan(call)
    result = emit(plan.op, *plan.args, **plan.kwargs)
    several = len(plan.targets) > 1
    results = [emit(operator.getitem, result, index) for index in range(len(plan.targets))] if several else [result]
    views = {names[name]: view for name, view in views.items()}
    for target, value in zip(plan.targets, results, strict=True):
        call.require_fits(target, value.meta["val"])
        view = views[target]
        buffers[view.base] = view.write(emit, buffers[view.base], fit(emit, value, values[target]))
    _replace_results(node, buffers)


def _check_views(op: MutatingOp, node: Node, views: Sequence[BufferView], buffers: Sequence[Node]) -> None:
    call = Arguments(f"_C::{op.name}", {}, {}, user_location(node))
    for view in views:
        if not view.is_expressible(buffers[view.base]):
            whole = buffers[view.base].meta["val"]
            raise call.refuse(
                "it writes to a part of a buffer that no plain op writes to",
                expected="a whole buffer, a slice of it along one dim, or a permutation of its dims",
                found=f"size, stride and offset {view.strided} of {list(whole.shape)} with strides {whole.stride()}",
                remedy="let it write to a tensor of its own, and copy that",
            )
    for one, other in combinations(views, 2):
        if not one.is_apart_from(other):
            raise call.refuse(
                "it writes to two arguments that may overlap",
                expected="arguments in different buffers, or in slices along one dim that share nothing",
                found=f"{one} and {other}",
                remedy="let it write to tensors of their own, and copy those",
            )


def _replace_results(node: Node, buffers: Sequence[Node]) -> None:
    """Use the new buffers in the place of those that `node` returns: after one ``None``, as the ops return nothing."""
    for user in list(node.users):
        index: Any = user.args[1]
        if index > 0:
            user.replace_all_uses_with(buffers[index - 1])
        user.graph.erase_node(user)
    node.graph.erase_node(node)
