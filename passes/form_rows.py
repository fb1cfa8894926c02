# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Form `fanfold.rows`: each cluster of row-wise ops that feed one another becomes one region with N results.

Before::

    %y = "fanfold.rms_norm"(%x, %w) {...}
    %q, %s = "fanfold.quantize"(%y) {group_size = 128 : i64, ...}
    %p, %t = "fanfold.quantize"(%y) {group_size = 64 : i64, ...}

After::

    %q, %s, %p, %t = "fanfold.rows"(%x, %w) ({
    ^bb0(%a: tensor<?x1536xbf16>, %b: tensor<1536xbf16>):
      %y = "fanfold.rms_norm"(%a, %b) {...}
      ...
      "fanfold.yield"(...)
    })

A consumer joins the cluster of its producer, and clusters that feed one consumer become one, unless that would make the
kernel wait for itself (it also depends on the cluster through an op outside, or reads a scale that is complete only at
the end), or the region would have too many values; the reason is kept in the attribute ``apart`` for the report. An op
without a producer joins the first cluster that reads the same rows, so that they are read once: two norms of slices of
one projection are one kernel. An op without neighbours is a cluster of one.

`fanfold.columns` is no work of its own: each reader has its own copy, in its own cluster. So has what
`split-tensor-scales` computes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.rows import RowsOp, YieldOp

from .base import PassState
from .clustering import Cluster, find_clusters, used_values
from .origins import ATTRIBUTE, origins_of, stamp
from .torch_values import defining
from .walk import copy_ops


@dataclass(frozen=True)
class FormRows:
    """The pass `form-rows`."""

    name: ClassVar[str] = "form-rows"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Form the clusters of every block."""
        count = 0
        for function in module.body.operations:
            if function.operation.name == "func.func":
                for block in function.operation.regions[0].blocks:
                    with module.context:
                        clusters = find_clusters(block)
                        _in_dependency_order(block, clusters)
                        for cluster in clusters:
                            with cluster.ops[-1].location:
                                _outline(cluster)
                        count += len(clusters)
        return count


def _in_dependency_order(block: ir.Block, clusters: list[Cluster]) -> None:
    """Move ops so that each cluster's ops are neighbours, before every user of its results.

    An op moves only behind something that it depends on; the order is otherwise the old one.
    """
    cluster_of = {op: cluster for cluster in clusters for op in cluster.ops}
    ops = [view.operation for view in block.operations]
    order: list[ir.Operation] = []
    done: set[object] = set()

    def needed(members: list[ir.Operation]) -> list[ir.Operation]:
        return [d for m in members for v in used_values(m) if (d := defining(v)) is not None and d.block == block]

    for root in ops[:-1]:
        # Depth first without recursion: the chains of a large model are deeper than Python's stack.
        stack: list[tuple[ir.Operation, bool]] = [(root, False)]
        while stack:
            op, ready = stack.pop()
            node: object = cluster_of.get(op, op)
            if node in done:
                continue
            members = cluster_of[op].ops if op in cluster_of else [op]
            if ready:
                done.add(node)
                order += members
                continue
            stack.append((op, True))
            for dependency in needed(members):
                other: object = cluster_of.get(dependency, dependency)
                if other is not node and other not in done:
                    stack.append((dependency, False))
    if order == ops[:-1]:
        return
    terminator = ops[-1]
    for op in order:
        op.move_before(terminator)


def _copy_once(ops: Sequence[ir.Operation], mapping: dict[ir.Value, ir.Value]) -> None:
    """Copy ops to the current insertion point, equal ones (columns, second steps) once."""
    copies: dict[tuple[object, ...], ir.Operation] = {}
    for op in ops:
        operands = tuple(mapping[value] for value in op.operands)
        attributes = sorted((name, str(op.attributes[name])) for name in op.attributes if name != ATTRIBUTE)
        key = (op.name, operands, tuple(attributes), tuple(str(r.type) for r in op.results))
        if key in copies:
            stamp(copies[key], dict.fromkeys([*origins_of(copies[key]), *origins_of(op)]))
            mapping.update(zip(op.results, copies[key].results, strict=True))
        else:
            copy_ops([op], mapping)
            copies[key] = mapping[op.results[0]].owner.operation


def _outline(cluster: Cluster) -> None:
    """Move the ops of a cluster into a `fanfold.rows` at the place of its last op."""
    inside = set(cluster.ops)
    operands: list[ir.Value] = []
    results: list[ir.Value] = []
    for op in cluster.ops:
        operands += [v for v in op.operands if defining(v) not in inside and v not in operands]
        results += [r for r in op.results if any(use.owner.operation not in inside for use in r.uses)]
    with ir.InsertionPoint(cluster.ops[-1]):
        rows = RowsOp.build(operands, [r.type for r in results])
    body = rows.regions[0].blocks[0]
    mapping: dict[ir.Value, ir.Value] = dict(zip(operands, body.arguments, strict=True))
    with ir.InsertionPoint(body):
        _copy_once(cluster.ops, mapping)
        YieldOp.build([mapping[r] for r in results])
    for old, new in zip(results, rows.results, strict=True):
        old.replace_all_uses_with(new)
    for op in reversed(cluster.ops):
        op.erase()
