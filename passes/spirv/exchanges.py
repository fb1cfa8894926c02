# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which accesses to memory may be an exchange between the threads of a workgroup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from torch_mlir import ir

from fanfold.passes.walk import iterate

from .building import members, name_of, producer, symbol
from .places import Place, Places
from .refusals import refusal
from .types import read_pointer

_ACCESSES = ("spirv.Load", "spirv.Store")
_ATOMICS = ("spirv.Atomic", "spirv.EXT.Atomic")
_EXITS = ("spirv.Return", "spirv.ReturnValue", "spirv.Unreachable", "spirv.KHR.Kill", "spirv.Kill")


@dataclass(frozen=True)
class Access:
    """An access to memory that the threads of a workgroup share.

    Attributes:
        memory: The variable of the workgroup, or the number of the binding.
        place: Where in it, None if that is not known.
        writes: Whether it writes.
    """

    memory: str | int
    place: Place | None
    writes: bool

    def in_another_round(self, loop: ir.Operation) -> Access:
        """Return what this access of a loop's body is to the next round."""
        return replace(self, place=None) if self.place is not None and self.place.changes_in(loop) else self


class Exchanges:
    """What the threads of a kernel may tell each other by the memory of their workgroup, and by buffers.

    Args:
        module: The module of the kernel.
        size: The threads of a workgroup.
    """

    def __init__(self, module: ir.Operation, size: tuple[int, int, int]) -> None:
        variables = members(module, "spirv.GlobalVariable")
        self._dimensions = frozenset(i for i, n in enumerate(size) if n > 1)
        self._places = Places(variables)
        self._bindings = {
            name_of(op): int(ir.IntegerAttr(op.attributes["binding"]).value)
            for op in variables
            if "binding" in op.attributes
        }

    def meet(self, first: Sequence[Access], then: Sequence[Access]) -> bool:
        """Return whether a thread may access what another thread accessed, and one of them writes."""
        return any(
            a.memory == b.memory and (a.writes or b.writes) and not self._apart(a, b) for a in first for b in then
        )

    def meet_inside(self, op: ir.Operation) -> bool:
        """Return whether a thread may access in an op what another thread accesses in it, and one of them writes."""
        accesses = self.accesses(op)
        if any(self.meet(accesses[:i], [access]) for i, access in enumerate(accesses)):
            return True
        # Threads that do not agree on the rounds may be in different ones.
        for loop in (op, *iterate(op)):
            if loop.name == "spirv.mlir.loop":
                rounds = self.accesses(loop)
                reads = [a for a in rounds if not a.writes]
                writes = [a.in_another_round(loop) for a in rounds if a.writes]
                if self.meet(writes, reads):
                    return True
        return False

    def has_any(self, function: ir.Operation) -> bool:
        """Return whether there is memory that a kernel accesses in more than one place, and writes."""
        seen: dict[str | int, int] = {}
        written: set[str | int] = set()
        for op in iterate(function):
            for memory, _ in self._memories(op):
                seen[memory] = seen.get(memory, 0) + 1
                if op.name != "spirv.Load":
                    written.add(memory)
        return any(seen[memory] > 1 for memory in written)

    def accesses(self, op: ir.Operation) -> list[Access]:
        """Return the accesses of an op and of all ops in it."""
        return [access for inner in (op, *iterate(op)) for access in self._of(inner)]

    def all_agree(self, op: ir.Operation) -> bool:
        """Return whether all threads of a workgroup take the same way through a loop or a selection."""
        ends = [block.operations[len(block.operations) - 1].operation for block in op.regions[0].blocks]
        ways = ("spirv.Branch", "spirv.BranchConditional", "spirv.mlir.merge")
        return all(end.name in ways for end in ends) and all(
            self._places.same(end.operands[0]) for end in ends if end.name == "spirv.BranchConditional"
        )

    def _of(self, op: ir.Operation) -> Iterator[Access]:
        for memory, address in self._memories(op):
            place = self._places.of(address, in_rounds=isinstance(memory, int))
            yield Access(memory, place, op.name != "spirv.Load")

    def _memories(self, op: ir.Operation) -> Iterator[tuple[str | int, ir.Value]]:
        """Yield what memory an op itself accesses, and its address there."""
        if op.name not in _ACCESSES and not op.name.startswith(_ATOMICS):
            return
        for operand in op.operands:
            pointed = read_pointer(operand.type)
            if pointed is None or pointed.storage not in ("Workgroup", "StorageBuffer"):
                continue
            address = producer(operand)
            while address is not None and address.name == "spirv.AccessChain":
                address = producer(address.operands[0])
            if address is None or address.name != "spirv.mlir.addressof":
                raise refusal(op, "accesses memory that is not known", expected="an address in a variable")
            name = symbol(address, "variable")
            yield self._bindings.get(name, name), operand

    def _apart(self, a: Access, b: Access) -> bool:
        """Return whether two accesses of different threads are to different places, as far as can be told.

        A workgroup's memory is there for exchanges. A buffer is taken to serve for one only if the threads are known to
        go through it in different orders: IREE writes results in the place of operands, too.
        """
        if isinstance(a.memory, int):
            return (
                a.place is None or b.place is None or a.place.order(self._dimensions) == b.place.order(self._dimensions)
            )
        if a.place is None or b.place is None:
            return False
        if a.place == b.place:
            return a.place.is_one_threads(self._dimensions)
        return a.place.misses(b.place, self._dimensions)


def computes(op: ir.Operation) -> bool:
    """Return whether an op has the same results when it is done once more, and no effect."""
    if op.name == "spirv.Load":
        pointed = read_pointer(op.operands[0].type)
        return pointed is not None and pointed.storage in ("Input", "PushConstant")
    # A variable has what the first of two stored into it.
    other = ("spirv.Store", "spirv.Variable", "spirv.Group", "spirv.MemoryBarrier", "spirv.ControlBarrier")
    return not op.regions and not op.name.startswith((*other, *_ATOMICS))


def may_leave(function: ir.Operation) -> bool:
    """Return whether threads may leave a kernel, or pass parts of it by, other than through loops and selections."""
    last = len(function.regions[0].blocks) - 1
    ends = [op for op in iterate(function) if op.name in _EXITS]
    return last > 0 or any(end.parent.operation != function for end in ends)
