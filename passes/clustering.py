# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which row-wise ops become one kernel; the rules are at `form-rows`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from torch_mlir import ir

from fanfold.dialect.columns import ColumnsOp
from fanfold.dialect.quantize import QuantizeOp
from fanfold.dialect.rows import MAX_VALUES, is_number_of_rows, is_row_wise

from .split_tensor_scales import SECOND_STEP
from .torch_values import defining, made_by, users

COLUMNS: str = ColumnsOp.OPERATION_NAME
QUANTIZE: str = QuantizeOp.OPERATION_NAME

#: Why ops of one cluster cannot be one kernel.
TWO_KERNELS = "another operand of it is computed from its producer's kernel outside of any kernel"

#: Why an op is not in the kernel of its producer.
APART = "apart"


@dataclass(eq=False)
class Cluster:
    """Ops of one kernel, in program order.

    Attributes:
        needs: Clusters whose results they need.
        overflow: Clusters of consumers that this one could not take.
        merged_into: The cluster that has taken all of its ops.
    """

    ops: list[ir.Operation] = field(default_factory=list)
    needs: set["Cluster"] = field(default_factory=set)
    overflow: list["Cluster"] = field(default_factory=list)
    merged_into: "Cluster | None" = None

    def current(self) -> "Cluster":
        """Return the cluster that has its ops now."""
        return self if self.merged_into is None else self.merged_into.current()


class _Clustering:
    """Assigns the row-wise ops of a block to clusters in one walk."""

    def __init__(self, block: ir.Block) -> None:
        self._block = block
        self._cluster_of: dict[ir.Operation, Cluster] = {}
        self._needed_by: dict[ir.Operation, set[Cluster]] = {}
        self._reading: dict[ir.Value, list[Cluster]] = {}
        self._clusters: list[Cluster] = []

    def run(self) -> list[Cluster]:
        _separate_columns(self._block)
        for view in self._block.operations:
            op = view.operation
            if _follows_reader(op):
                # It is in no cluster before its reader is, but what is outside of clusters may read it too.
                self._needed_by[op] = self._needs([op])
            elif is_row_wise(op):
                self._assign(_with_followers(op))
            else:
                self._needed_by[op] = self._needs([op])
        return [cluster for cluster in self._clusters if cluster.merged_into is None]

    def _needs(self, ops: Sequence[ir.Operation]) -> set[Cluster]:
        """Return the clusters that ops depend on, directly or through ops outside of clusters."""
        found: set[Cluster] = set()
        for value in (v for op in ops for v in used_values(op)):
            owner = defining(value)
            if owner is None:
                continue
            if owner in self._cluster_of:
                found.add(self._cluster_of[owner])
            else:
                found |= self._needed_by.get(owner, set())
        return found

    def _assign(self, group: Sequence[ir.Operation]) -> None:
        """Put an op, the last of the group, and what follows it into a cluster."""
        reason = ""
        operands = [v for member in group for v in member.operands]
        owners = [d for v in operands if (d := defining(v)) is not None and d in self._cluster_of]
        producers = list(dict.fromkeys(self._cluster_of[owner] for owner in owners))
        # When a producer's kernel is full, consumers that came too late share the next one.
        for cluster in (c.current() for producer in producers for c in (producer, *producer.overflow)):
            refused = self._refuse(group, cluster)
            if not refused:
                reason = self._merge(group, cluster, producers) or reason
                self._join(group, cluster, reason)
                return
            reason = reason or refused
        # Reading the same rows is a reason to join, but none to report when it cannot be.
        for cluster in self._readers(operands):
            if not self._refuse(group, cluster):
                self._join(group, cluster, reason)
                return
        cluster = Cluster()
        self._clusters.append(cluster)
        if producers:
            producers[0].overflow.append(cluster)
        self._join(group, cluster, reason)

    def _readers(self, operands: Sequence[ir.Value]) -> list[Cluster]:
        """Return the clusters that read one of the row operands, in program order."""
        rows = [v for v in operands if v.type.rank == 2]
        return list(dict.fromkeys(cluster.current() for v in rows for cluster in self._reading.get(v, ())))

    def _join(self, group: Sequence[ir.Operation], cluster: Cluster, apart: str) -> None:
        # The second step of a scale for the whole tensor has to wait for the first: nothing was missed.
        if apart and SECOND_STEP not in group[-1].attributes:
            group[-1].attributes[APART] = ir.StringAttr.get(apart)
        cluster.needs |= self._needs(group) - {cluster}
        cluster.ops.extend(group)
        for op in group:
            self._cluster_of[op] = cluster
            for value in op.operands:
                self._reading.setdefault(value, []).append(cluster)

    def _merge(self, group: Sequence[ir.Operation], cluster: Cluster, producers: Sequence[Cluster]) -> str:
        """Merge the other producers of ops into `cluster`, as far as possible; return why one could not be."""
        reason = ""
        for other in producers:
            if other is cluster:
                continue
            refused = self._refuse([*other.ops, *group], cluster) or self._refuse(group, other)
            if not refused and other in _closure(cluster.needs):
                refused = TWO_KERNELS
            if refused:
                reason = reason or refused
                continue
            cluster.ops.extend(other.ops)
            cluster.needs |= other.needs
            cluster.overflow.extend(other.overflow)
            other.merged_into = cluster
            for op in other.ops:
                self._cluster_of[op] = cluster
        return reason

    def _refuse(self, group: Sequence[ir.Operation], cluster: Cluster) -> str:
        """Return why ops cannot join `cluster`, or an empty text."""
        inside = {*cluster.ops, *group}
        for value in (v for op in group for v in op.operands):
            if defining(value) in inside and is_number_of_rows(value):
                return "it reads a scale or an absmax of its producer, which must be complete first"
        operands = {v for member in inside for v in member.operands if defining(v) not in inside}
        results = sum(1 for m in inside for r in m.results if any(user not in inside for user in users(r)))
        if len(operands) > MAX_VALUES or results > MAX_VALUES:
            return f"one kernel has at most {MAX_VALUES} operands and {MAX_VALUES} results"
        for value in (v for op in group for v in op.operands):
            owner = defining(value)
            if owner is None or owner in inside:
                continue
            direct = {self._cluster_of[owner]} if owner in self._cluster_of else self._needed_by.get(owner, set())
            if cluster in _closure(direct):
                return TWO_KERNELS
        return ""


def _follows_reader(op: ir.Operation) -> bool:
    """Return whether an op is computed wherever it is read: columns, and what is computed again for a second step."""
    if op.name == COLUMNS:
        return True
    return bool(is_row_wise(op) and op.name != QUANTIZE and SECOND_STEP in op.attributes)


def _with_followers(op: ir.Operation) -> list[ir.Operation]:
    """Return an op behind all that follows it, producers first and each once."""
    found: dict[ir.Operation, None] = {}
    for value in op.operands:
        maker = defining(value)
        if maker is not None and maker not in found and _follows_reader(maker):
            found.update(dict.fromkeys(_with_followers(maker)))
    return [*found, op]


def _separate_columns(block: ir.Block) -> None:
    """Give each reader of columns a copy of its own, in front of it; columns of columns become columns of the rows."""
    for view in list(block.operations):
        op = view.operation
        if op.name != COLUMNS:
            continue
        source = made_by(op.operands[0], COLUMNS)
        if source is not None:
            # Producers come first: the source is no columns of columns any more.
            offset = op.opview.offset.value + source.opview.offset.value
            op.attributes["offset"] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), offset)
            op.operands[0] = source.operands[0]
    for view in list(block.operations):
        op = view.operation
        if op.name != COLUMNS:
            continue
        for use in list(op.results[0].uses):
            reader = use.owner.operation
            copy = op.clone(ir.InsertionPoint(reader))
            reader.operands[use.operand_number] = copy.results[0]
        op.erase()


def _closure(clusters: set[Cluster]) -> set[Cluster]:
    found: set[Cluster] = set()
    work = list(clusters)
    while work:
        cluster = work.pop().current()
        if cluster not in found:
            found.add(cluster)
            work.extend(cluster.needs)
    return found


def used_values(op: ir.Operation) -> list[ir.Value]:
    """Return the operands of an op and of all ops nested in it."""
    values = list(op.operands)
    for region in op.regions:
        for block in region.blocks:
            for child in block.operations:
                values += used_values(child.operation)
    return values


def find_clusters(block: ir.Block) -> list[Cluster]:
    """Return the clusters of a block; ops that follow their readers are copied to each of them first."""
    return _Clustering(block).run()
