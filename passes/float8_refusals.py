# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where a model's fp8 types come from, and the errors about those that its target does not have."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from torch_mlir import ir

from fanfold.errors import TargetError
from fanfold.float8 import COUNTERPARTS, DTYPES, Float8Choice

from .origins import origins_of, position, split
from .torch_values import users

_FLOAT8 = re.compile(rf"({'|'.join(DTYPES)})\b")


@dataclass(frozen=True)
class Source:
    """A place where values of a foreign type come into the model.

    Attributes:
        name: What it is called: an op of the model, a parameter or an input.
        location: Its position, or that of its first reader.
        element: The type.
    """

    name: str
    location: str
    element: str


def float8_of(type_: ir.Type) -> str | None:
    """Return the fp8 element type in a type, if there is one."""
    found = _FLOAT8.search(str(type_))
    return found[1] if found else None


def retyped(type_: ir.Type) -> ir.Type:
    """Return a type with the counterparts of its fp8 element types."""
    return ir.Type.parse(_FLOAT8.sub(lambda m: COUNTERPARTS[m[1]], str(type_)))


def foreign_source(op: ir.Operation, choice: Float8Choice) -> Source | None:
    """Return the source that an op is or, if a function, has among its arguments; None if all of its types may stay."""
    for result in op.results:
        element = float8_of(result.type)
        if element is not None and choice.is_foreign(element):
            return Source(*place_of(op), element)
    if op.name != "func.func":
        return None
    for argument in arguments(op):
        element = float8_of(argument.type)
        if element is not None and choice.is_foreign(element):
            return Source(*place_of(argument), element)
    return None


def arguments(function: ir.Operation) -> Iterator[ir.BlockArgument]:
    """Yield the arguments of a function that has a body."""
    for block in function.regions[0].blocks:
        yield from block.arguments
        return


def place_of(source: ir.Operation | ir.BlockArgument) -> tuple[str, str]:
    """Return what the user knows an op or an input as, and where it is."""
    if isinstance(source, ir.BlockArgument):
        return f"input {source.arg_number}", _first_reader(source)
    if source.name == "util.global.load":
        name = ir.FlatSymbolRefAttr(source.attributes["global"]).value
        return f"parameter {name}", _first_reader(source.results[0])
    if source.name == "torch.operator":
        name = ir.StringAttr(source.attributes["name"]).value
        return name.removeprefix("torch."), position(source.location)
    return split(origins_of(source)[0])


def _first_reader(value: ir.Value) -> str:
    """Return the position of the first op that does something with a value."""
    for user in users(value):
        where = position(user.location)
        if where != "unknown":
            return where
        for result in user.results:
            where = _first_reader(result)
            if where != "unknown":
                return where
    return "unknown"


def foreign(source: Source, choice: Float8Choice) -> TargetError:
    """Return the error about a type that the target's hardware does not have."""
    found, expected = DTYPES[source.element], DTYPES[COUNTERPARTS[source.element]]
    return TargetError(
        f"{choice.target} has no {found} in hardware: it has {expected}",
        stage="target",
        op=source.name,
        location=source.location,
        expected=expected,
        found=found,
        remedy=f"write the model with torch.{expected}, or compile with fp8='native' (--fp8 native), which converts "
        f"quantisations, weights and scales to it",
    )


def unconvertible(source: ir.Operation | ir.BlockArgument, element: str, reason: str) -> TargetError:
    """Return the error about what cannot be proven to keep its value in the other flavour."""
    name, where = place_of(source)
    found, expected = DTYPES[element], DTYPES[COUNTERPARTS[element]]
    return TargetError(
        f"{found} cannot be converted to {expected} here: {reason}",
        stage="target",
        op=name,
        location=where,
        expected=expected,
        found=found,
        remedy=f"write this part of the model with torch.{expected}",
    )
