# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Walks IREE's schedule as if it ran: knows what is known at compile time, and writes down the rest as steps.

Branches, loops and calls are followed where their conditions are known: so the lookup of the device and its
executables, which IREE writes as a loop with branches, comes to nothing, and so does the choice of how a constant gets
to the device. A condition that is only known when the program runs is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .builder import Builder
from .refusal import REASONS, refuse
from .values import EntryPoint, InGlobal, Known, Value

#: So many ops are walked in a function before it is taken for one that does not end.
LIMIT = 1_000_000

#: What an op does: it gets the walk and the op, and returns the op's results.
Rule = Callable[["Walk", Any], Sequence[Value]]


@dataclass
class Program:
    """What the functions of a program share.

    Attributes:
        functions: Those that can be called, by symbol.
        globals: What is in globals: known values, or that an initializer stored something there.
        mutable: The globals that may be stored to twice.
        data: The constants, each once, with its number.
        kernels: What is dispatched, with its number and how many bindings and constants it takes.
    """

    functions: dict[str, Any] = field(default_factory=dict)
    globals: dict[str, Value] = field(default_factory=dict)
    mutable: set[str] = field(default_factory=set)
    data: dict[bytes, int] = field(default_factory=dict)
    kernels: dict[EntryPoint, tuple[int, int, int]] = field(default_factory=dict)

    def data_number(self, content: bytes) -> int:
        """Return the number of a constant."""
        return self.data.setdefault(content, len(self.data))

    def kernel_number(self, entry: EntryPoint, bindings: int, constants: int, op: Any) -> int:
        """Return the number of a kernel that `op` dispatches with so many bindings and constants."""
        found = self.kernels.setdefault(entry, (len(self.kernels), bindings, constants))
        if found[1:] != (bindings, constants):
            raise refuse(op, f"{entry.name} is dispatched with different numbers of arguments", found=str(found[1:]))
        return found[0]


class Walk:
    """A walk through a function.

    Args:
        program: What it shares with others.
        builder: Gets the steps.
        rules: What ops do, by name.
        is_initializer: Whether globals may be stored to.
    """

    def __init__(self, program: Program, builder: Builder, rules: dict[str, Rule], *, is_initializer: bool) -> None:
        self.program = program
        self.builder = builder
        self.is_initializer = is_initializer
        self._rules = rules
        self._values: dict[Any, Value] = {}
        self._walked = 0
        self._calls: list[str] = []

    def __getitem__(self, value: Any) -> Value:
        return self._values[value]

    def several(self, values: Any) -> list[Value]:
        """Return what several values are."""
        return [self._values[value] for value in values]

    def number(self, value: Any, op: Any) -> int:
        """Return the number that a value has in the function that is built."""
        return self.builder.number(self._values[value], op)

    def numbers(self, values: Any, op: Any) -> list[int]:
        """Return the numbers of several values."""
        return [self.builder.number(self._values[value], op) for value in values]

    def known(self, value: Any, op: Any, what: str) -> int:
        """Return an integer that must be known at compile time."""
        found = self._values[value]
        if not isinstance(found, Known):
            raise refuse(op, f"{what} is only known when the program runs")
        return found.value

    def run(self, region: Any, arguments: Sequence[Value]) -> list[Value]:
        """Walk from the entry of a region to its return, and give what it returns."""
        block = region.blocks[0]
        while True:
            self._values.update(zip(block.arguments, arguments, strict=True))
            for op in block.operations:
                self._walked += 1
                if self._walked > LIMIT:
                    raise refuse(op, "the program is too long, or does not end", found=f"{LIMIT} ops of it")
                name = op.operation.name
                if name == "util.return":
                    return self.several(op.operation.operands)
                if name.startswith("cf."):
                    block, arguments = self._branch(name, op)
                    break
                self._values.update(zip(op.operation.results, self._results(name, op), strict=True))
            else:
                raise refuse(op, "the block does not end in a branch or a return")

    def _branch(self, name: str, op: Any) -> tuple[Any, list[Value]]:
        successors = op.operation.successors
        if name == "cf.br":
            return successors[0], self.several(op.operation.operands)
        if name != "cf.cond_br":
            raise refuse(op, "a program has no such control flow")
        condition = self[op.condition]
        if not isinstance(condition, Known):
            raise refuse(op, "which way the program takes is only known when it runs")
        taken = op.trueDestOperands if condition.value else op.falseDestOperands
        return successors[0 if condition.value else 1], self.several(taken)

    def _results(self, name: str, op: Any) -> Sequence[Value]:
        if name == "util.call":
            return self._call(op)
        rule = self._rules.get(name)
        if rule is None:
            raise refuse(op, REASONS.get(name, "a program for this target cannot have this op"))
        return rule(self, op)

    def _call(self, op: Any) -> list[Value]:
        callee = op.operation.attributes["callee"].value
        function = self.program.functions.get(callee)
        if function is None or not function.regions[0].blocks:
            raise refuse(op, f"{callee} is not in the module")
        if callee in self._calls:
            raise refuse(op, f"{callee} calls itself")
        self._calls.append(callee)
        results = self.run(function.regions[0], self.several(op.operation.operands))
        self._calls.pop()
        return results

    def load(self, name: str, op: Any) -> Value:
        """Return what is in a global."""
        if name in self.program.mutable:
            raise refuse(op, f"{name} changes from call to call", remedy=_STATE)
        if name not in self.program.globals:
            raise refuse(op, f"nothing was stored to {name} before")
        return self.program.globals[name]

    def store(self, value: Value, name: str, op: Any) -> None:
        """Put a value in a global: into the program's memory if it is not known."""
        if not self.is_initializer or name in self.program.mutable:
            raise refuse(op, f"{name} changes from call to call", remedy=_STATE)
        kind, bits = getattr(value, "kind", None), getattr(value, "bits", 0)
        if kind is not None:
            self.builder.do("store", [self.builder.number(value, op)], name=name)
            value = InGlobal(name, kind, bits)
        self.program.globals[name] = value


_STATE = "return the state from the model and pass it in again, instead of keeping it inside"
