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

A consumer joins the cluster of its producer unless that would make the kernel wait for itself (it also depends on the
cluster through an op outside), or the region would have too many values; the reason is kept in the attribute ``apart``
for the report. An op without neighbours is a cluster of one.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.rows import MAX_VALUES, ROW_WISE_OPS, RowsOp, YieldOp

from .base import PassState
from .torch_values import defining, users
from .walk import copy_ops

#: Why an op is not in the kernel of its producer.
APART = "apart"


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
                        clusters = _Clustering(block).run()
                        _in_dependency_order(block, clusters)
                        for cluster in clusters:
                            with cluster.ops[-1].location:
                                _outline(cluster)
                        count += len(clusters)
        return count


@dataclass(eq=False)
class _Cluster:
    """Ops of one kernel, in program order.

    Attributes:
        needs: Clusters whose results they need.
        overflow: Clusters of consumers that this one could not take.
    """

    ops: list[ir.Operation] = field(default_factory=list)
    needs: set["_Cluster"] = field(default_factory=set)
    overflow: list["_Cluster"] = field(default_factory=list)


class _Clustering:
    """Assigns the row-wise ops of a block to clusters in one walk."""

    def __init__(self, block: ir.Block) -> None:
        self._block = block
        self._cluster_of: dict[ir.Operation, _Cluster] = {}
        self._needed_by: dict[ir.Operation, set[_Cluster]] = {}
        self._clusters: list[_Cluster] = []

    def run(self) -> list[_Cluster]:
        for view in self._block.operations:
            op = view.operation
            if op.name in ROW_WISE_OPS:
                self._assign(op)
            else:
                self._needed_by[op] = self._needs(op)
        return self._clusters

    def _needs(self, op: ir.Operation) -> set[_Cluster]:
        """Return the clusters that an op depends on, directly or through ops outside of clusters."""
        found: set[_Cluster] = set()
        for value in _used_values(op):
            owner = defining(value)
            if owner is None:
                continue
            if owner in self._cluster_of:
                found.add(self._cluster_of[owner])
            else:
                found |= self._needed_by.get(owner, set())
        return found

    def _assign(self, op: ir.Operation) -> None:
        reason = ""
        producers = [
            self._cluster_of[d] for v in op.operands if (d := defining(v)) is not None and d in self._cluster_of
        ]
        # When a producer's kernel is full, consumers that came too late share the next one.
        for cluster in (c for producer in producers for c in (producer, *producer.overflow)):
            refused = self._refuse(op, cluster)
            if not refused:
                if reason:
                    op.attributes[APART] = ir.StringAttr.get(reason)
                self._join(op, cluster)
                return
            reason = reason or refused
        if reason:
            op.attributes[APART] = ir.StringAttr.get(reason)
        cluster = _Cluster()
        self._clusters.append(cluster)
        if producers:
            producers[0].overflow.append(cluster)
        self._join(op, cluster)

    def _join(self, op: ir.Operation, cluster: _Cluster) -> None:
        cluster.needs |= self._needs(op) - {cluster}
        cluster.ops.append(op)
        self._cluster_of[op] = cluster

    def _refuse(self, op: ir.Operation, cluster: _Cluster) -> str:
        """Return why `op` cannot join `cluster`, or an empty text."""
        inside = {*cluster.ops, op}
        operands = {v for member in inside for v in member.operands if defining(v) not in inside}
        results = sum(1 for m in inside for r in m.results if any(user not in inside for user in users(r)))
        if len(operands) > MAX_VALUES or results > MAX_VALUES:
            return f"one kernel has at most {MAX_VALUES} operands and {MAX_VALUES} results"
        for value in op.operands:
            owner = defining(value)
            if owner is None or owner in inside:
                continue
            direct = {self._cluster_of[owner]} if owner in self._cluster_of else self._needed_by.get(owner, set())
            if cluster in _closure(direct):
                return "another operand of it is computed from its producer's kernel outside of any kernel"
        return ""


def _closure(clusters: set[_Cluster]) -> set[_Cluster]:
    found: set[_Cluster] = set()
    work = list(clusters)
    while work:
        cluster = work.pop()
        if cluster not in found:
            found.add(cluster)
            work.extend(cluster.needs)
    return found


def _used_values(op: ir.Operation) -> list[ir.Value]:
    """Return the operands of an op and of all ops nested in it."""
    values = list(op.operands)
    for region in op.regions:
        for block in region.blocks:
            for child in block.operations:
                values += _used_values(child.operation)
    return values


def _in_dependency_order(block: ir.Block, clusters: list[_Cluster]) -> None:
    """Move ops so that each cluster's ops are neighbours, before every user of its results.

    An op moves only behind something that it depends on; the order is otherwise the old one.
    """
    cluster_of = {op: cluster for cluster in clusters for op in cluster.ops}
    ops = [view.operation for view in block.operations]
    order: list[ir.Operation] = []
    done: set[object] = set()

    def needed(members: list[ir.Operation]) -> list[ir.Operation]:
        return [d for m in members for v in _used_values(m) if (d := defining(v)) is not None and d.block == block]

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


def _outline(cluster: _Cluster) -> None:
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
        copy_ops(cluster.ops, mapping)
        YieldOp.build([mapping[r] for r in results])
    for old, new in zip(results, rows.results, strict=True):
        old.replace_all_uses_with(new)
    for op in reversed(cluster.ops):
        op.erase()
