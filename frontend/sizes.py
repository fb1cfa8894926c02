# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What torch.export found out about the dynamic sizes: their names, their ranges and the conditions between them."""

from __future__ import annotations

import ast
import inspect
import keyword
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy  # type: ignore[import-untyped]
import torch
from torch.export import Dim, ExportedProgram
from torch.utils import _pytree as pytree
from torch.utils._sympy.functions import FloorDiv, PythonMod
from torch.utils._sympy.printers import PythonPrinter
from torch.utils._sympy.value_ranges import ValueRanges, bound_sympy

from fanfold.errors import ExportError
from fanfold.signature import Range, SizeExpression

#: The entries of dynamic_shapes for the dims of each input, in the order of the inputs.
DimEntries = list[Mapping[int, Any]]

# torch takes every dynamic size for at least this when it traces. Smaller ones run all the same.
_ASSUMED_MINIMUM = 2

_GUARD_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
    ast.FloorDiv: FloorDiv,
    ast.Mod: PythonMod,
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
}


def declared_dims(
    model: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any] | None, dynamic_shapes: Any
) -> DimEntries:
    """Return what `dynamic_shapes` says about each input; an empty list if it cannot be told which entry is whose."""
    if not isinstance(dynamic_shapes, (tuple, list, dict)):
        return []
    kwargs = kwargs or {}
    signature = inspect.signature(model.forward)
    bound = signature.bind(*args, **kwargs).arguments
    shapes = dynamic_shapes if isinstance(dynamic_shapes, dict) else dict(zip(bound, dynamic_shapes, strict=False))
    # A program has its inputs in the order of the call: those by position, then those by keyword.
    positional = signature.bind_partial(*args).arguments
    entries = [entry for name, value in positional.items() for entry in _leaf_entries(value, shapes.get(name))]
    for name, value in kwargs.items():
        variable = next((shapes.get(key) for key in bound if key not in kwargs and key not in positional), None)
        shape = shapes.get(name, variable.get(name) if isinstance(variable, dict) else None)
        entries += _leaf_entries(value, shape)
    return entries


class Sizes:
    """The sizes of a program in the user's terms.

    Args:
        program: The program.
        inputs: The input tensors.
        declared: What the user's dynamic_shapes says about them; may be empty.

    Raises:
        ExportError: If a size follows no rule that a call can check.
    """

    def __init__(self, program: ExportedProgram, inputs: Iterable[torch.Tensor], declared: DimEntries) -> None:
        inputs = list(inputs)
        self._program = program
        self._ranges: dict[sympy.Expr, ValueRanges[Any]] = dict(program.range_constraints)
        self._names: dict[sympy.Symbol, str] = {}
        self._exact: set[sympy.Symbol] = set()
        entries = declared if len(declared) == len(inputs) else [{}] * len(inputs)
        for tensor, dims in zip(inputs, entries, strict=True):
            for dim, entry in dims.items():
                if isinstance(entry, Dim):
                    self._declare(tensor.shape[dim], entry)
        self._check_solvable(inputs)
        self.conditions = self._guards(inputs)

    def text(self, size: Any, *, checked: bool) -> str | None:
        """Return a size as an expression of named sizes; ``None`` for a constant.

        Args:
            size: The size.
            checked: Whether calls check it. What results have is only shown.

        Raises:
            ExportError: If calls check it and cannot.
        """
        return self._print(_expression(size), checked=checked) if isinstance(size, torch.SymInt) else None

    def range(self, size: Any) -> Range | None:
        """Return the least and greatest value of a size (no greatest is ``None``); ``None`` for a constant."""
        if not isinstance(size, torch.SymInt):
            return None
        expression = _expression(size)
        known = {s: self._range_of(s) for s in expression.free_symbols}
        relaxed = {s: ValueRanges(0 if self._is_assumed(s, r) else r.lower, r.upper) for s, r in known.items()}
        lower, upper = _ends(bound_sympy(expression, relaxed))
        if expression in self._ranges and not expression.is_symbol:
            # What was declared of a derived size itself counts where it says more than its symbols imply.
            declared_lower, declared_upper = _ends(self._ranges[expression])
            if declared_lower > _ends(bound_sympy(expression, known))[0]:
                lower = declared_lower
            upper = min((u for u in (upper, declared_upper) if u is not None), default=None)
        return max(lower, 0), upper

    def _declare(self, size: Any, dim: Dim) -> None:
        symbols = _expression(size).free_symbols if isinstance(size, torch.SymInt) else set()
        if len(symbols) != 1:
            return
        (symbol,) = symbols
        root = getattr(dim, "root", dim)
        name = getattr(root, "__name__", "")
        if root is dim and dim.min == _ASSUMED_MINIMUM:
            self._exact.add(symbol)
        if name.isidentifier() and not keyword.iskeyword(name) and name not in self._names.values():
            self._names.setdefault(symbol, name)

    def _range_of(self, symbol: sympy.Symbol) -> ValueRanges[Any]:
        return self._ranges.get(symbol, ValueRanges(0, sympy.oo))

    def _is_assumed(self, symbol: sympy.Symbol, values: ValueRanges[Any]) -> bool:
        return bool(values.lower <= _ASSUMED_MINIMUM) and symbol not in self._exact

    def _print(self, expression: Any, *, checked: bool = True) -> str:
        taken = {name: symbol for symbol, name in self._names.items()}
        # A size that the user did not name may have the name that the user gave to another one.
        names = {
            s: sympy.Symbol(self._names.get(s, s.name if s.name not in taken else f"{s.name}_"), integer=True)
            for s in expression.free_symbols
        }
        text = PythonPrinter().doprint(expression.xreplace(names))
        try:
            if checked:
                SizeExpression(text)
        except ValueError as error:
            raise ExportError(
                f"the size {text} depends on others in a way that calls cannot check",
                stage="import",
                found=str(error),
                remedy="make the size static, or independent of the others",
            ) from error
        return str(text)

    def _check_solvable(self, inputs: list[torch.Tensor]) -> None:
        """Check that the sizes of the inputs give a value to every name in them."""
        pending = {_expression(size) for size in _dynamic_sizes(inputs)}
        known = {expression for expression in pending if expression.is_symbol}
        pending -= known
        while pending:
            solved = {
                e
                for e in pending
                if not (rest := e.free_symbols - known) or (len(rest) == 1 and _is_affine(e, next(iter(rest))))
            }
            if not solved:
                found = ", ".join(sorted(map(self._print, pending)))
                raise ExportError(
                    "a dynamic size of the inputs does not determine what it is made of",
                    stage="import",
                    expected="sizes of the form n, 2*n or n + 1",
                    found=found,
                    remedy="give a dim of its own to each size, or leave it out of dynamic_shapes",
                )
            known |= {symbol for e in solved for symbol in e.free_symbols}
            pending -= solved

    def _guards(self, inputs: list[torch.Tensor]) -> tuple[str, ...]:
        """Return what torch assumed of the sizes beyond their ranges."""
        sizes = _dynamic_sizes(inputs)
        environment = sizes[0].node.shape_env if sizes else None
        if environment is None:
            return ()
        symbols = {symbol for size in sizes for symbol in _expression(size).free_symbols}
        # What was read from a file has its guards as text only.
        guards = [guard.expr for guard in environment.guards] or self._loaded_guards(inputs)
        found: dict[str, None] = {}
        for guard in guards:
            condition = guard.xreplace(environment.replacements)
            if not condition.free_symbols or not condition.free_symbols <= symbols:
                continue
            if not _follows_from_minimum(condition) and not _is_range(condition):
                found[self._print(condition)] = None
        return tuple(found)

    def _loaded_guards(self, inputs: list[torch.Tensor]) -> list[Any]:
        """Return the guards of a program from a file."""
        names = dict(zip(_argument_paths(self._program), inputs, strict=False))
        guards = []
        for text in getattr(self._program, "_guards_code", None) or ():
            try:
                tree = ast.parse(text.strip(), mode="eval")
                guards.append(_guard(tree.body, names))
            except (KeyError, IndexError, TypeError, ValueError, SyntaxError) as error:
                raise ExportError(
                    f"cannot read a condition on the sizes of the exported program: {text}",
                    stage="import",
                    found=f"{type(error).__name__}: {error}",
                    remedy="pass the model itself, or make the sizes in it static",
                ) from error
        return guards


def _is_range(condition: Any) -> bool:
    """Return whether it compares one size with a number, which the range of the size says as well."""
    sides = getattr(condition, "args", ())
    return (
        isinstance(condition, (sympy.Ge, sympy.Gt, sympy.Le, sympy.Lt))
        and any(side.is_symbol for side in sides)
        and any(side.is_number for side in sides)
    )


def _argument_paths(program: ExportedProgram) -> list[str]:
    """Return for each input how the text of a guard refers to it."""
    spec = program.call_spec.in_spec
    args, kwargs = pytree.tree_unflatten(list(range(spec.num_leaves)), spec)
    names = program.module_call_graph[0].signature.forward_arg_names if program.module_call_graph else None
    names = list(names or [])
    # More positional arguments than names: the last one is *args.
    if len(args) + len(kwargs) > len(names) and names:
        count = len(names) - len(kwargs) - 1
        values = [*args[:count], tuple(args[count:]), *kwargs.values()]
    else:
        values = [*args, *kwargs.values()]
    by_name = dict(zip(names, values, strict=False))
    paths = {leaf: f"L{pytree.keystr(path)}" for path, leaf in pytree.tree_flatten_with_path(by_name)[0]}
    return [paths.get(number, "") for number in range(spec.num_leaves)]


def _guard(node: ast.expr, inputs: Mapping[str, torch.Tensor]) -> Any:
    match node:
        case ast.Constant(value=int() as value):
            return sympy.Integer(value)
        case ast.Subscript(
            value=ast.Call(func=ast.Attribute(value=source, attr="size"), args=[]),
            slice=ast.Constant(value=int() as dim),
        ):
            size = inputs[ast.unparse(source)].shape[dim]
            return _expression(size) if isinstance(size, torch.SymInt) else sympy.Integer(size)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_guard(operand, inputs)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _GUARD_OPERATORS:
            return _GUARD_OPERATORS[type(op)](_guard(left, inputs), _guard(right, inputs))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _GUARD_OPERATORS:
            return _GUARD_OPERATORS[type(op)](_guard(left, inputs), _guard(right, inputs))
    raise ValueError(f"{ast.unparse(node)} is no expression of sizes")


def _dynamic_sizes(tensors: list[torch.Tensor]) -> list[torch.SymInt]:
    sizes: list[Any] = [size for tensor in tensors for size in tensor.shape]
    return [size for size in sizes if isinstance(size, torch.SymInt)]


def _leaf_entries(value: Any, shape: Any) -> DimEntries:
    if isinstance(value, torch.Tensor):
        if isinstance(shape, dict):
            return [{dim % max(value.dim(), 1): entry for dim, entry in shape.items()}]
        return [dict(enumerate(shape)) if isinstance(shape, (tuple, list)) else {}]
    if type(value) in (tuple, list):
        shapes = shape if isinstance(shape, (tuple, list)) else [None] * len(value)
        return [entry for v, s in zip(value, shapes, strict=False) for entry in _leaf_entries(v, s)]
    if type(value) is dict:
        by_key = shape if isinstance(shape, dict) else {}
        return [entry for key, v in value.items() for entry in _leaf_entries(v, by_key.get(key))]
    return [{}] * len(pytree.tree_leaves(value))


def _expression(size: torch.SymInt) -> Any:
    return size.node.expr


def _ends(values: ValueRanges[Any]) -> tuple[int, int | None]:
    # torch has infinities of its own for integers.
    upper = int(values.upper) if values.upper.is_Integer and values.upper < 2**62 else None
    return (int(values.lower) if values.lower.is_Integer else 0), upper


def _is_affine(expression: Any, symbol: sympy.Symbol) -> bool:
    step = sympy.diff(expression, symbol) if expression.is_polynomial(symbol) else sympy.S.Zero
    return bool(step.is_Integer and step > 0)


def _follows_from_minimum(condition: Any) -> bool:
    """Return whether a condition only says that something is not 0 or 1, which torch assumes of all sizes."""
    if not isinstance(condition, (sympy.Ne, sympy.Ge, sympy.Gt)):
        return False
    bound = condition.rhs if condition.rhs.is_Integer else -condition.lhs if condition.lhs.is_Integer else None
    if bound is None:
        return False
    return bool(abs(bound) <= (_ASSUMED_MINIMUM if isinstance(condition, sympy.Ge) else 1))
