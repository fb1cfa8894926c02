# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks programs, so that whoever runs one may trust it: every value is there before it is taken, and of its type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import integers
from .program import STEPS, Function, Image, Kernel, Step

_SPIRV_MAGIC = b"\x03\x02\x23\x07"
_FILL_BYTES = (1, 2, 4)
#: A damaged number of inputs would take all memory.
_MOST_INPUTS = 2**20


class InvalidError(Exception):
    """A program is wrong; the message says how."""


@dataclass(frozen=True)
class Type:
    """The type of a value.

    Attributes:
        kind: ``integer``, ``buffer`` or ``view``.
        bits: The width of an integer.
    """

    kind: str
    bits: int = 0


INDEX = Type("integer", 64)
CONSTANT = Type("integer", 32)
BUFFER = Type("buffer")
VIEW = Type("view")


@dataclass
class _Known:
    """What is known when a step is checked: the program, its globals so far, and whether it is an initializer."""

    image: Image
    globals: dict[str, Type] = field(default_factory=dict)
    in_initializer: bool = True


#: Gives a step's operands' types, as they must be, and its result's, from those that they are and its attributes.
_Rule = Callable[[_Known, Sequence[Type], dict[str, Any]], tuple[Sequence[Type], Type | None]]


def _fixed(operands: Sequence[Type], result: Type | None = None) -> _Rule:
    return lambda _known, _types, _attributes: (operands, result)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidError(message)


def _width(attributes: dict[str, Any], name: str = "bits") -> Type:
    _require(attributes[name] in integers.WIDTHS, f"there are no integers of {attributes[name]} bits")
    return Type("integer", attributes[name])


def _integer(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    type_ = _width(attributes)
    value = attributes["value"]
    _require(integers.wrap(value, type_.bits) == value, f"{value} does not fit in {type_.bits} bits")
    return (), type_


def _arith(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(attributes["op"] in integers.ARITH, f"there is no op {attributes['op']!r}")
    type_ = _width(attributes)
    return (type_, type_), type_


def _convert(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(attributes["op"] in integers.CONVERSIONS, f"there is no op {attributes['op']!r}")
    return (_width(attributes, "source"),), _width(attributes)


def _compare(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(attributes["predicate"] in integers.PREDICATES, f"there is no predicate {attributes['predicate']!r}")
    type_ = _width(attributes)
    return (type_, type_), Type("integer", 1)


def _select(_known: _Known, types: Sequence[Type], _attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(len(types) == 3, f"it has {len(types)} operands")
    _require(types[1].kind != "view", "it selects a view")
    return (Type("integer", 1), types[1], types[1]), types[1]


def _dims(fixed: Sequence[Type], result: Type | None = None) -> _Rule:
    def rule(_known: _Known, types: Sequence[Type], _attributes: dict[str, Any]) -> tuple[Sequence[Type], Type | None]:
        return (*fixed, *[INDEX] * (len(types) - len(fixed))), result

    return rule


def _axis(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(attributes["axis"] >= 0, "it has a negative axis")
    return (VIEW,), INDEX


def _data_of(known: _Known, attributes: dict[str, Any]) -> int:
    _require(0 <= attributes["data"] < len(known.image.data), f"there is no constant {attributes['data']}")
    return len(known.image.data[attributes["data"]])


def _data(known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _data_of(known, attributes)
    return (), BUFFER


def _update(known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], None]:
    begin, length = attributes["begin"], attributes["bytes"]
    _require(begin >= 0 <= length and begin + length <= _data_of(known, attributes), "it goes beyond the constant")
    return (BUFFER, INDEX), None


def _load(known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], Type]:
    _require(attributes["name"] in known.globals, f"nothing is in the global {attributes['name']!r}")
    return (), known.globals[attributes["name"]]


def _store(known: _Known, types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], None]:
    name = attributes["name"]
    _require(known.in_initializer, "globals are only stored to when the program is loaded")
    _require(name not in known.globals, f"the global {name!r} is stored to twice")
    _require(len(types) == 1 and types[0].kind != "view", "it stores no integer and no buffer")
    known.globals[name] = types[0]
    return types, None


def _dispatch(known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], None]:
    number = attributes["kernel"]
    _require(0 <= number < len(known.image.kernels), f"there is no kernel {number}")
    kernel = known.image.kernels[number]
    _require(attributes["constants"] == kernel.constants, f"{kernel.name} takes {kernel.constants} constants")
    return [*[INDEX] * 3, *[CONSTANT] * kernel.constants, *[BUFFER, INDEX, INDEX] * len(kernel.bindings)], None


def _fill(_known: _Known, _types: Sequence[Type], attributes: dict[str, Any]) -> tuple[Sequence[Type], None]:
    width = attributes["width"]
    _require(width in _FILL_BYTES, f"memory is not filled with {width} bytes at a time")
    return (BUFFER, INDEX, INDEX, Type("integer", 8 * width)), None


_RULES: dict[str, _Rule] = {
    "integer": _integer,
    "arith": _arith,
    "convert": _convert,
    "compare": _compare,
    "select": _select,
    "align": _fixed((INDEX, INDEX), INDEX),
    "dim": _axis,
    "rank": _fixed((VIEW,), INDEX),
    "check": _dims((VIEW,)),
    "contents": _fixed((VIEW,), BUFFER),
    "view": _dims((BUFFER, INDEX, INDEX), VIEW),
    "allocate": _fixed((INDEX,), BUFFER),
    "release": _fixed((BUFFER,)),
    "subspan": _fixed((BUFFER, INDEX, INDEX), BUFFER),
    "size": _fixed((BUFFER,), INDEX),
    "parameter": _fixed((INDEX, INDEX), BUFFER),
    "data": _data,
    "load": _load,
    "store": _store,
    "dispatch": _dispatch,
    "fill": _fill,
    "copy": _fixed((BUFFER, INDEX, BUFFER, INDEX, INDEX)),
    "update": _update,
    "barrier": _fixed(()),
}

#: The attributes of each step that has some, with their types.
_ATTRIBUTES: dict[str, dict[str, type]] = {
    "integer": {"value": int, "bits": int},
    "arith": {"op": str, "bits": int},
    "convert": {"op": str, "bits": int, "source": int},
    "compare": {"predicate": str, "bits": int},
    "dim": {"axis": int},
    "check": {"dtype": str, "name": str},
    "view": {"dtype": str},
    "parameter": {"scope": str, "key": str},
    "data": {"data": int},
    "load": {"name": str},
    "store": {"name": str},
    "dispatch": {"kernel": int, "constants": int},
    "fill": {"width": int},
    "update": {"data": int, "begin": int, "bytes": int},
}


def check(image: Image) -> None:
    """Check a whole program.

    Raises:
        InvalidError: If anything is wrong with it.
    """
    for module in image.modules:
        _require(len(module) % 4 == 0 and module[:4] == _SPIRV_MAGIC, "a module is no SPIR-V")
    for kernel in image.kernels:
        _check_kernel(kernel, len(image.modules))
    known = _Known(image)
    for number, function in enumerate(image.initializers):
        _require(function.inputs == 0 and not function.results, "an initializer takes or returns something")
        _check_function(function, known, f"initializer {number}")
    known.in_initializer = False
    _check_function(image.main, known, "main")


def _check_kernel(kernel: Kernel, modules: int) -> None:
    _require(0 <= kernel.module < modules, f"there is no module {kernel.module}")
    _require(bool(kernel.name), "a kernel has no name")
    _require(len(kernel.workgroup) == 3 and min(kernel.workgroup) > 0, f"{kernel.name} has no workgroup size")
    _require(kernel.subgroup > 0, f"{kernel.name} has no subgroup size")
    _require(min([*kernel.bindings, kernel.constants]) >= 0, f"{kernel.name} takes less than nothing")


def _check_function(function: Function, known: _Known, name: str) -> None:
    _require(0 <= function.inputs <= _MOST_INPUTS, f"{name} takes {function.inputs} tensors")
    types = [VIEW] * function.inputs
    for number, step in enumerate(function.steps):
        try:
            _check_step(step, types, known)
        except InvalidError as error:
            raise InvalidError(f"step {number} of {name}, {step.name!r}: {error}") from None
    for result in function.results:
        _require(0 <= result < len(types) and types[result] == VIEW, f"{name} returns something that is no view")


def _check_step(step: Step, types: list[Type], known: _Known) -> None:
    _require(step.name in STEPS, "there is no such step")
    expected = _ATTRIBUTES.get(step.name, {})
    _require(step.attributes.keys() == expected.keys(), f"it has the attributes {sorted(step.attributes)}")
    for name, type_ in expected.items():
        # A bool would pass for an integer otherwise.
        _require(type(step.attributes[name]) is type_, f"its {name} is {step.attributes[name]!r}")
    _require(all(0 <= operand < len(types) for operand in step.operands), "it takes a value that is not there yet")
    found = [types[operand] for operand in step.operands]
    wanted, result = _RULES[step.name](known, found, step.attributes)
    _require(list(wanted) == found, f"it takes {_listed(found)} instead of {_listed(wanted)}")
    results = () if result is None else (len(types),)
    _require(step.results == results, "its results are not numbered in order")
    if result is not None:
        types.append(result)


def _listed(types: Sequence[Type]) -> str:
    return ", ".join(f"i{type_.bits}" if type_.kind == "integer" else type_.kind for type_ in types) or "nothing"
