# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where in memory a thread goes: a sum of multiples of its position and of what is the same in its workgroup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd

from torch_mlir import ir

from .building import integer_of, name_of, producer, symbol
from .types import read_block, read_pointer

#: What is the same in all threads of a workgroup.
_SHARED_BUILTINS = ("NumWorkgroups", "WorkgroupId")
#: What computes from numbers alone: the same of the same.
_PURE = (
    *("spirv.CompositeExtract", "spirv.Constant", "spirv.GL.", "spirv.Select", "spirv.UConvert", "spirv.SConvert"),
    *(f"spirv.{kind}{op}" for kind in "ISU" for op in ("Add", "Sub", "Mul", "Div", "Mod", "Rem", "Less", "Greater")),
    *("spirv.Bitwise", "spirv.Logical", "spirv.Shift", "spirv.INotEqual", "spirv.IEqual", "spirv.SNegate", "spirv.Not"),
)

#: What a place is a sum of: a dimension of the thread's position, or a value that is the same in a workgroup, and None
#: for one; with its factor.
Terms = dict[int | ir.Value | None, int]


@dataclass(frozen=True)
class Place:
    """A place in memory.

    Attributes:
        terms: What it is the sum of, with factors.
    """

    terms: frozenset[tuple[int | ir.Value | None, int]]

    def is_one_threads(self, dimensions: frozenset[int]) -> bool:
        """Return whether no two threads of a workgroup that has these dimensions are there.

        They are taken for places in an array that has a dimension for each of a thread's: only those with the same
        factor would be one dimension of it.
        """
        factors = [abs(factor) for term, factor in self.terms if isinstance(term, int) and term in dimensions]
        return len(factors) == len(dimensions) == len(set(factors))

    def last(self, size: tuple[int, int, int]) -> int | None:
        """Return the greatest that it is in a workgroup of this size, None if it depends on more than the thread."""
        total = 0
        for term, factor in self.terms:
            if isinstance(term, ir.Value):
                return None
            total += factor if term is None else max(0, factor * (size[term] - 1))
        return total

    def misses(self, other: Place, dimensions: frozenset[int]) -> bool:
        """Return whether no thread is here where another may be there: they are a number apart that no threads are."""
        if self._but_for_a_number != other._but_for_a_number:
            return False
        apart = self._number - other._number
        step = gcd(*(factor for _, factor in self.order(dimensions)))
        return apart % step != 0 if step else apart != 0

    @cached_property
    def _number(self) -> int:
        return next((factor for term, factor in self.terms if term is None), 0)

    @cached_property
    def _but_for_a_number(self) -> frozenset[tuple[int | ir.Value | None, int]]:
        return frozenset((term, factor) for term, factor in self.terms if term is not None)

    def order(self, dimensions: frozenset[int]) -> frozenset[tuple[int, int]]:
        """Return how it goes on from thread to thread in these dimensions."""
        return frozenset((term, factor) for term, factor in self.terms if isinstance(term, int) and term in dimensions)

    def changes_in(self, loop: ir.Operation) -> bool:
        """Return whether it is another one in each round of a loop."""
        return any(isinstance(term, ir.Value) and _within(term, loop) for term, _ in self.terms)


class Places:
    """Finds places.

    Args:
        variables: The variables of the module.
    """

    def __init__(self, variables: Sequence[ir.Operation]) -> None:
        self._built_in = {
            name_of(op): str(ir.StringAttr(op.attributes["built_in"]).value)
            for op in variables
            if "built_in" in op.attributes
        }

    def of(self, address: ir.Value, *, in_rounds: bool = False) -> Place | None:
        """Return where an address is in its variable, None if that is not known.

        Args:
            address: The address.
            in_rounds: Whether the counter of a loop is taken for what it starts from and a multiple of its step, which
                says how places go on from thread to thread, and not which round a thread is in.
        """
        chain = producer(address)
        if chain is None or chain.name != "spirv.AccessChain":
            return None
        base = producer(chain.operands[0])
        if base is None or base.name != "spirv.mlir.addressof":
            return None
        _, member, *indices = chain.operands
        pointed = read_pointer(chain.operands[0].type)
        if integer_of(member) != 0 or len(indices) != 1 or pointed is None:
            return None
        block = read_block(pointed.pointee)
        terms = self._terms(indices[0], block.stride if block else 1, in_rounds=in_rounds)
        return None if terms is None else Place(frozenset((term, n) for term, n in terms.items() if n))

    def same(self, value: ir.Value) -> bool:
        """Return whether a value is the same in all threads of a workgroup."""
        for op in _sources(value):
            if op is None:
                return False
            if op.name == "spirv.Load":
                pointed = read_pointer(op.operands[0].type)
                if self._loads(op) not in _SHARED_BUILTINS and (pointed is None or pointed.storage != "PushConstant"):
                    return False
            elif not op.name.startswith(_PURE):
                return False
        return True

    def _terms(self, value: ir.Value, factor: int, *, in_rounds: bool) -> Terms | None:
        known = integer_of(value)
        if known is not None:
            return {None: factor * known}
        op = producer(value)
        name = "" if op is None else op.name.removeprefix("spirv.")
        if (
            op is not None
            and name == "CompositeExtract"
            and self._loads(producer(op.operands[0])) == "LocalInvocationId"
        ):
            return {int(ir.IntegerAttr(ir.ArrayAttr(op.attributes["indices"])[0]).value): factor}
        if op is not None and name in ("IAdd", "ISub"):
            parts = [
                self._terms(op.operands[0], factor, in_rounds=in_rounds),
                self._terms(op.operands[1], factor if name == "IAdd" else -factor, in_rounds=in_rounds),
            ]
            return None if parts[0] is None or parts[1] is None else _sum(parts[0], parts[1])
        if op is not None and name == "IMul":
            for one, other in (op.operands, reversed(list(op.operands))):
                times = integer_of(one)
                if times is not None:
                    return self._terms(other, factor * times, in_rounds=in_rounds)
        if self.same(value):
            return {value: factor}
        start = self._start(value) if in_rounds and op is None else None
        terms = None if start is None else self._terms(start, factor, in_rounds=True)
        return None if terms is None else _sum(terms, {value: factor})

    def _start(self, counter: ir.Value) -> ir.Value | None:
        """Return what the counter of a loop starts from, None for one that does not go on by the same for all."""
        block = ir.BlockArgument(counter).owner
        loop = block.owner.operation
        if loop.name != "spirv.mlir.loop":
            return None
        number, starts = ir.BlockArgument(counter).arg_number, []
        for other in loop.regions[0].blocks:
            end = other.operations[len(other.operations) - 1].operation
            if block not in end.successors:
                continue
            if end.name != "spirv.Branch":
                return None
            follows = end.operands[number]
            step = producer(follows)
            if step is None or step.name != "spirv.IAdd" or counter not in step.operands:
                starts.append(follows)
            elif not all(self.same(operand) for operand in step.operands if operand != counter):
                return None
        return starts[0] if len(starts) == 1 else None

    def _loads(self, op: ir.Operation | None) -> str | None:
        """Return the builtin that an op loads, None if it loads none."""
        address = None if op is None or op.name != "spirv.Load" else producer(op.operands[0])
        known = address is not None and address.name == "spirv.mlir.addressof"
        return self._built_in.get(symbol(address, "variable")) if address is not None and known else None


def _sum(a: Terms, b: Terms) -> Terms:
    return {term: a.get(term, 0) + b.get(term, 0) for term in (*a, *b)}


def _within(value: ir.Value, loop: ir.Operation) -> bool:
    block = value.owner if isinstance(value.owner, ir.Block) else value.owner.operation.block
    parent = block.owner.operation
    while parent.name != "spirv.func":
        if parent == loop:
            return True
        parent = parent.parent.operation
    return False


def _sources(value: ir.Value) -> Iterator[ir.Operation | None]:
    """Yield the ops that a value is computed by, those that enter a loop's header included; None for what is unknown.

    Addresses are not followed.
    """
    pending, seen = [value], set()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        op = producer(current)
        if op is not None:
            yield op
            pending += [] if op.name == "spirv.Load" else list(op.operands)
            continue
        block = ir.BlockArgument(current).owner
        loop = block.owner.operation
        if loop.name != "spirv.mlir.loop":
            yield None
            continue
        number = ir.BlockArgument(current).arg_number
        for other in loop.regions[0].blocks:
            end = other.operations[len(other.operations) - 1].operation
            if block not in end.successors:
                continue
            # A conditional branch into a header has operands of both ways.
            if end.name == "spirv.Branch":
                pending.append(end.operands[number])
            else:
                yield None
