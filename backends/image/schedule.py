# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads IREE's schedule, the module at its phase `hal`, into the functions of a program image.

What is known at compile time is folded, what the program has to compute is written down as steps; `walk.py` says how,
and `builder.py` why the order of the steps is right without fences. IREE's own copy of the kernels is not looked at.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fanfold.errors import CompileError

from . import buffer_rules, command_rules, device_rules, parameter_rules, queue_rules, scalar_rules
from .builder import Builder
from .program import Function
from .refusal import refuse
from .values import PAST, Computed, Known, Value
from .walk import Program, Walk

RULES = {
    **scalar_rules.RULES,
    **device_rules.RULES,
    **buffer_rules.RULES,
    **command_rules.RULES,
    **queue_rules.RULES,
    **parameter_rules.RULES,
}

#: The dialects whose Python modules give ops their accessors, once they are imported.
DIALECTS = ("arith", "cf", "hal", "util")

#: IREE gives functions that need not wait for the device a form with fences, beside one that calls it and waits.
_WITH_FENCES = "$async"


@dataclass(frozen=True)
class Entry:
    """A kernel that the schedule dispatches.

    Attributes:
        executable: The symbol of IREE's executable.
        name: The kernel's name in it.
        bindings: How many buffers it is given.
        constants: How many i32 it is given.
    """

    executable: str
    name: str
    bindings: int
    constants: int


@dataclass(frozen=True)
class Schedule:
    """A program image without its kernels' code.

    Attributes:
        kernels: What is dispatched, in the order of the dispatch steps' numbers.
        data: Constants.
        initializers: What is done once.
        main: What is done at each call.
    """

    kernels: tuple[Entry, ...]
    data: tuple[bytes, ...]
    initializers: tuple[Function, ...]
    main: Function


def read_schedule(module: bytes | str, *, entry: str = "main") -> Schedule:
    """Read a module that `iree-compile --compile-to=hal` wrote, as text or bytecode.

    Raises:
        CompileError: If it has what a program image cannot have, or cannot be read.
    """
    from iree.compiler import ir

    for name in DIALECTS:
        importlib.import_module(f"iree.compiler.dialects.{name}")
    try:
        parsed = ir.Module.parse(module, ir.Context())
    except ir.MLIRError as error:
        raise CompileError(
            f"IREE's schedule cannot be read: {str(error).splitlines()[-1]}",
            stage="schedule",
            remedy="install a tested version: pip install 'fanfold[compiler]'",
        ) from error
    return _read(parsed, entry)


def _read(module: Any, entry: str) -> Schedule:
    program = Program()
    for op in module.body.operations:
        if op.operation.name == "util.func":
            program.functions[op.operation.attributes["sym_name"].value] = op
    initializers = []
    for op in module.body.operations:
        if op.operation.name == "util.global":
            _declare(program, op)
        elif op.operation.name == "util.initializer":
            builder = Builder(0)
            Walk(program, builder, RULES, is_initializer=True).run(op.regions[0], [])
            function = builder.finish()
            if function.steps:
                initializers.append(function)
    main = _main(program, entry)
    kernels = tuple(Entry(e.executable, e.name, n[1], n[2]) for e, n in program.kernels.items())
    return Schedule(kernels, tuple(program.data), tuple(initializers), main)


def _declare(program: Program, op: Any) -> None:
    from iree.compiler import ir

    attributes = op.operation.attributes
    name = attributes["sym_name"].value
    if "is_mutable" in attributes:
        program.mutable.add(name)
    elif "initial_value" in attributes:
        initial = attributes["initial_value"]
        if not isinstance(initial, (ir.IntegerAttr, ir.BoolAttr)):
            raise refuse(op, "globals begin with integers or with nothing", found=str(initial)[:80])
        program.globals[name] = Known(int(initial.value), scalar_rules.width(initial.type, op))


def _main(program: Program, entry: str) -> Function:
    op = program.functions.get(f"{entry}{_WITH_FENCES}") or program.functions.get(entry)
    if op is None:
        raise CompileError(f"the module has no function {entry!r}", stage="schedule", remedy="report this model")
    region = op.regions[0]
    types = [str(argument.type) for argument in region.blocks[0].arguments]
    views = [type_ for type_ in types if type_ == "!hal.buffer_view"]
    builder = Builder(len(views))
    walk = Walk(program, builder, RULES, is_initializer=False)
    return builder.finish(_numbers(walk, op, walk.run(region, _arguments(builder, types, op))))


def _arguments(builder: Builder, types: Sequence[str], op: Any) -> list[Value]:
    arguments: list[Value] = []
    views = 0
    for type_ in types:
        if type_ == "!hal.buffer_view":
            arguments.append(builder.input(views))
            views += 1
        elif type_ == "!hal.fence":
            # The caller waits for the end, and has waited for its tensors.
            arguments.append(PAST)
        else:
            raise refuse(op, "the function takes something else than tensors", found=type_, remedy=_TENSORS_ONLY)
    return arguments


def _numbers(walk: Walk, op: Any, results: Sequence[Value]) -> list[int]:
    for value in results:
        if not isinstance(value, Computed) or value.kind != "view":
            raise refuse(op, "the function returns something else than tensors", remedy=_TENSORS_ONLY)
    return [walk.builder.number(value, op) for value in results]


_TENSORS_ONLY = "give and return tensors only"
