# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a compiled model takes and gives: pytree structures, and a tensor for each leaf of them."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

#: The least and the greatest value of a size; ``None`` where there is no greatest.
Range = tuple[int, int | None]

_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max}


class SizeExpression:
    """An expression of named sizes, such as ``2*n + 1`` or ``n % 4 == 0``. It is never given to ``eval``.

    Args:
        text: The expression, in the syntax of Python.

    Raises:
        ValueError: If it has anything but integers, names, their arithmetic, ``min``, ``max``, comparisons and logic.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        names: set[str] = set()
        try:
            self._tree = _checked(ast.parse(text, mode="eval").body, names)
        except SyntaxError as error:
            raise ValueError(f"{text} is no expression of sizes") from error
        #: The names in it.
        self.names = frozenset(names)

    def value(self, sizes: Mapping[str, int]) -> int:
        """Return its value; a comparison has 0 or 1.

        Raises:
            ZeroDivisionError: If it divides by zero.
        """
        return int(_value(self._tree, sizes))

    def is_equality(self) -> bool:
        """Return whether it is an equation."""
        return isinstance(self._tree, ast.Compare) and isinstance(self._tree.ops[0], ast.Eq)

    def multiplies(self) -> bool:
        """Return whether it goes beyond sums of names and multiples of names."""
        return any(
            isinstance(node, ast.BinOp)
            and (
                isinstance(node.op, (ast.FloorDiv, ast.Mod, ast.Pow))
                or (isinstance(node.op, ast.Mult) and _has_names(node.left) and _has_names(node.right))
            )
            for node in ast.walk(self._tree)
        )


#: Makes a `SizeExpression` of a text, once.
parse_size = functools.lru_cache(maxsize=1024)(SizeExpression)


def _has_names(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Name) and part.id not in _FUNCTIONS for part in ast.walk(node))


def _checked(node: ast.expr, names: set[str]) -> ast.expr:
    match node:
        case ast.Constant(value=int()):
            pass
        case ast.Name(id=name):
            names.add(name)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            _checked(operand, names)
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int() as power)) if 0 <= power <= 8:
            _checked(left, names)
        case ast.BinOp(op=ast.Pow()):
            raise ValueError(f"{ast.unparse(node)} is no expression of sizes")
        case ast.BoolOp(values=values):
            for value in values:
                _checked(value, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _checked(left, names)
            _checked(right, names)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            _checked(left, names)
            _checked(right, names)
        case ast.Call(func=ast.Name(id=function), args=[_, *_] as arguments, keywords=[]) if function in _FUNCTIONS:
            for argument in arguments:
                _checked(argument, names)
        case _:
            raise ValueError(f"{ast.unparse(node)} is no expression of sizes")
    return node


def _value(node: ast.expr, sizes: Mapping[str, int]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return sizes[name]
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_value(operand, sizes))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return _OPERATORS[type(op)](_value(left, sizes), _value(right, sizes))
        case ast.BoolOp(op=op, values=values):
            return (all if isinstance(op, ast.And) else any)(_value(value, sizes) for value in values)
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return _FUNCTIONS[function](*(_value(argument, sizes) for argument in arguments))
    raise ValueError(f"{ast.unparse(node)} is no expression of sizes")  # not reached: _checked has seen it


@dataclass(frozen=True)
class TensorSpec:
    """A tensor among the inputs or outputs.

    Attributes:
        name: Its name in the model, for messages.
        shape: Its sizes; ``None`` for a dynamic one.
        dtype: Its dtype without ``torch.``, for example ``bfloat16``.
        symbols: One entry for each dim: the name of a dynamic size or an expression of such names (``2*n``), or
            ``None``. Dims with equal names have equal sizes, which calls check. Empty when nothing is known about that.
        ranges: One entry for each dim: the least and greatest value of a dynamic size, or ``None``. Empty when every
            size is allowed.
        conditions: What must hold between named sizes, of this input or others, for example ``n % 4 == 0``.
        layout: For an output, how the module returns it: as it is (``row``), or as memory that :mod:`fanfold.layouts`
            shows in this shape (``column``, ``column_padded``).
        as_bytes: For an output, whether the module returns its elements as bytes. Absent in files of before: ``False``.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    symbols: tuple[str | None, ...] = ()
    ranges: tuple[Range | None, ...] = ()
    conditions: tuple[str, ...] = ()
    layout: str = "row"
    as_bytes: bool = False

    def __str__(self) -> str:
        symbols = self.symbols or (None,) * len(self.shape)
        sizes = (symbol or "?" if size is None else str(size) for size, symbol in zip(self.shape, symbols, strict=True))
        return f"{self.dtype}[{', '.join(sizes)}]"


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a compiled model.

    Attributes:
        in_spec: ``torch.utils._pytree.treespec_dumps`` of ``(args, kwargs)``.
        out_spec: The same of the result.
        inputs: One spec for each leaf of ``in_spec``.
        outputs: One spec for each leaf of ``out_spec``.
        results_apart: Whether the module returns each output in memory of its own for sure; others are compared, and
            copied where they are not. Absent in files of before: ``False``.
    """

    in_spec: str
    out_spec: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    results_apart: bool = False

    def __str__(self) -> str:
        inputs = ", ".join(f"{spec.name}: {spec}" for spec in self.inputs)
        return f"({inputs}) -> ({', '.join(str(spec) for spec in self.outputs)})"

    def with_layouts(self, layouts: Mapping[int, str]) -> Signature:
        """Return the signature of a module that returns some outputs, by number, as memory of these layouts."""
        outputs = (replace(spec, layout=layouts[i]) if i in layouts else spec for i, spec in enumerate(self.outputs))
        return replace(self, outputs=tuple(outputs))

    def with_memory(self, *, as_bytes: Collection[int], apart: bool) -> Signature:
        """Return the signature of a module that returns these outputs, by number, as bytes, and all apart or not."""
        outputs = tuple(replace(spec, as_bytes=i in as_bytes) for i, spec in enumerate(self.outputs))
        return replace(self, outputs=outputs, results_apart=apart)

    def with_dtypes(self, renamed: Callable[[str], str]) -> Signature:
        """Return the signature with the dtypes that a function makes of those of all tensors."""
        inputs = tuple(replace(spec, dtype=renamed(spec.dtype)) for spec in self.inputs)
        return replace(
            self, inputs=inputs, outputs=tuple(replace(spec, dtype=renamed(spec.dtype)) for spec in self.outputs)
        )

    def to_json(self) -> dict[str, Any]:
        """Return the signature as JSON-serialisable data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Signature:
        """Rebuild a signature from :meth:`to_json` data.

        Raises:
            KeyError, TypeError: If the data is not a signature's.
        """
        return Signature(
            in_spec=data["in_spec"],
            out_spec=data["out_spec"],
            inputs=tuple(_tensor_from_json(leaf) for leaf in data["inputs"]),
            outputs=tuple(_tensor_from_json(leaf) for leaf in data["outputs"]),
            results_apart=data.get("results_apart", False),
        )


def _tensor_from_json(data: dict[str, Any]) -> TensorSpec:
    ranges = tuple(None if ends is None else (ends[0], ends[1]) for ends in data.get("ranges", ()))
    conditions = tuple(data.get("conditions", ()))
    return TensorSpec(
        data["name"],
        tuple(data["shape"]),
        data["dtype"],
        tuple(data["symbols"]),
        ranges,
        conditions,
        data.get("layout", "row"),
        data.get("as_bytes", False),
    )
