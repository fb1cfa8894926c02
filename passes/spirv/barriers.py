# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Barriers that a kernel needs and does not have.

Before::

    spirv.mlir.selection { ... spirv.Store "Workgroup" %mine, %sum : f32 ... }
    spirv.mlir.selection { ... %theirs = spirv.Load "Workgroup" %other : f32 ... }

After::

    spirv.mlir.selection { ... spirv.Store "Workgroup" %mine, %sum : f32 ... }
    spirv.ControlBarrier <Workgroup>, <Workgroup>, <AcquireRelease|UniformMemory|WorkgroupMemory>
    spirv.mlir.selection { ... %theirs = spirv.Load "Workgroup" %other : f32 ... }

Where IREE distributes a dispatch without vectors, it lets the threads of a workgroup exchange what they computed
through shared memory, or through the buffer of a result, and puts no barrier between: it takes them for one subgroup.
They are often 32, so that here they are two, or not in one row (a softmax over another dimension than the last was
silently wrong, and a depthwise convolution). A barrier can stand where all threads of a workgroup come by: in the body
of the function, and in loops and branches whose conditions are the same for all. A branch that some threads take is
made two, where it needs one within.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

from torch_mlir import ir

from fanfold.errors import CompileError
from fanfold.passes.walk import all_ops

from .building import members, name_of, symbol
from .exchanges import Access, Exchanges, computes, may_leave
from .refusals import refusal
from .workgroups import drop_repetitions, local_size, size_modes

_STRUCTURED = ("spirv.mlir.loop", "spirv.mlir.selection")
_BARRIER = "spirv.ControlBarrier"
#: The blocks of a selection without an else: the condition, the body, the end.
_ONE_WAY = 3
_WHERE = "between what the threads of a workgroup write and others read, where not all threads come by"


def add_barriers(module: ir.Operation, subgroup: int) -> None:
    """Add the barriers that they need to kernels.

    Raises:
        CompileError: If a barrier would have to stand where not all threads of a workgroup come by, and the threads are
            more than a subgroup.
    """
    for function in members(module, "spirv.func"):
        for mode in size_modes(module):
            if symbol(mode, "fn") != name_of(function):
                continue
            # IREE knows of the threads where it puts a barrier; here they are found by rules that are not as good.
            knows = bool(all_ops(function, _BARRIER))
            if not knows:
                drop_repetitions(module, function, mode)
            size = local_size(mode)
            exchanges = Exchanges(module, size)
            if prod(size) > 1 and exchanges.has_any(function):
                _Placement(exchanges, function, must=prod(size) > subgroup and not knows)


class _Placement:
    """Puts barriers into one function."""

    def __init__(self, exchanges: Exchanges, function: ir.Operation, *, must: bool) -> None:
        self._exchanges = exchanges
        self._must = must
        self._leaves = may_leave(function)
        self._walk(function.regions[0].blocks, [])

    def _walk(self, blocks: Iterable[ir.Block], since: list[Access]) -> list[Access]:
        """Put barriers into blocks that all threads of a workgroup pass together, or none does.

        Args:
            blocks: The blocks.
            since: What may have been accessed since the last barrier before them.

        Returns:
            What may have been accessed since the last barrier, after them.
        """
        for block in blocks:
            after = since
            for view in list(block.operations):
                after = self._pass(view.operation, after)
            # A block may be passed by, and its barriers with it: a loop may have no rounds.
            since = list(dict.fromkeys([*since, *after]))
        return since

    def _pass(self, op: ir.Operation, since: list[Access]) -> list[Access]:
        if op.name == _BARRIER:
            return []
        if op.name in _STRUCTURED and self._exchanges.all_agree(op):
            blocks = list(op.regions[0].blocks)
            after = self._walk(blocks, since)
            if op.name == "spirv.mlir.selection":
                return after
            # Once more, for what the next round finds of this one.
            return self._walk(blocks, [a.in_another_round(op) for a in after])
        accesses = self._exchanges.accesses(op)
        if not accesses:
            return since
        if self._exchanges.meet_inside(op):
            part = self._split(op)
            if part is not None:
                return self._pass(op, self._pass(part, since))
            if self._must:
                raise _needed(op)
        if not self._exchanges.meet(since, accesses):
            return [*since, *accesses]
        if self._leaves and not self._must:
            return [*since, *accesses]
        if self._leaves:
            raise _needed(op)
        _barrier(op)
        return accesses

    def _split(self, op: ir.Operation) -> ir.Operation | None:
        """Split a branch into two with the same condition, at the first place where a barrier has to be.

        Returns:
            The first of the two, which stands before `op` now; None if that cannot be done.
        """
        if op.name != "spirv.mlir.selection" or len(op.regions[0].blocks) != _ONE_WAY:
            return None
        body = [view.operation for view in op.regions[0].blocks[1].operations]
        since: list[Access] = []
        for i, child in enumerate(body):
            accesses = self._exchanges.accesses(child)
            if self._exchanges.meet_inside(child):
                return None if self._split(child) is None else self._split(op)
            if self._exchanges.meet(since, accesses):
                return _cut(op, body, i)
            since += accesses
        return None


def _needed(op: ir.Operation) -> CompileError:
    return refusal(op, "needs a barrier that it cannot have", expected=f"no need of one {_WHERE}")


def _cut(op: ir.Operation, body: Sequence[ir.Operation], at: int) -> ir.Operation | None:
    first = op.clone(ip=ir.InsertionPoint(op))
    for view in reversed(list(first.regions[0].blocks[1].operations)[at:-1]):
        view.operation.erase()
    kept = []
    for child in reversed(body[:at]):
        if any(True for result in child.results for _ in result.uses):
            kept.append(child)
        else:
            child.erase()
    # What is needed on both sides is computed twice, and must be the same.
    return first if all(computes(child) for child in kept) else None


def _barrier(op: ir.Operation) -> None:
    """Put a barrier before an op."""
    scope = ir.Attribute.parse("#spirv.scope<Workgroup>")
    semantics = ir.Attribute.parse("#spirv.memory_semantics<AcquireRelease|UniformMemory|WorkgroupMemory>")
    attributes = {"execution_scope": scope, "memory_scope": scope, "memory_semantics": semantics}
    with ir.InsertionPoint(op), op.location:
        ir.Operation.create(_BARRIER, attributes=attributes)
