# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Take elementwise ops before and after row ops into their clusters, when that saves a pass over memory.

Before::

    %h = torch.aten.add.Tensor %x, %r, %int1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, ...
    %b = torch_c.to_builtin_tensor %h
    %y = "fanfold.rms_norm"(%b, %w) {...}

After::

    %h = "fanfold.residual_add"(%x_rows, %r_rows) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
    %y = "fanfold.rms_norm"(%h, %w) {...}

The rule:

* An op whose result a row op reads is taken: its result need not be written for the row op, nor read again. If
  something else reads it too, it becomes one more result of the kernel. Left out is what reads the result of a matrix
  product and nothing else as large: IREE computes that in the product's own dispatch.
* An op that reads a row op's result is taken if it is that result's only other reader and its own result is no wider:
  the kernel writes the one instead of the other. Left out is what reads scales or an absmax: those are complete only
  when the kernel has seen the row.

Every op keeps its own rounding. Operands may be rows of one shape, one value a column, or one number, constant or not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.rows import ROW_OPS, is_number_of_rows

from .base import PassState
from .constants import rounded_to
from .drop_dead_ops import DropDeadOps
from .fold_slices import FoldSlices
from .fold_views import FoldViews, rows_like, start_of_chain
from .raising import FLOATS, Raiser
from .row_form import FROM_BUILTIN, TO_BUILTIN, from_rows, to_vector
from .sink_views import SinkViews
from .torch_values import (
    CASTS,
    TorchTensor,
    constant_float,
    defining,
    is_none,
    made_by,
    torch_tensor,
    users,
)
from .walk import all_ops, iterate

#: Functions of two tensors, or of a tensor and a number, by op.
_BINARY = {
    "torch.aten.add.Tensor": "add",
    "torch.aten.add.Scalar": "add",
    "torch.aten.sub.Tensor": "sub",
    "torch.aten.sub.Scalar": "sub",
    "torch.aten.mul.Tensor": "mul",
    "torch.aten.mul.Scalar": "mul",
    "torch.aten.div.Tensor": "div",
    "torch.aten.div.Scalar": "div",
    "torch.aten.maximum": "maximum",
    "torch.aten.minimum": "minimum",
}

_UNARY = {f"torch.aten.{name}": name for name in ("abs", "neg", "relu", "sigmoid", "silu")}

#: Ops with bounds: where the lower and the upper one stand among the operands.
_CLAMPS = {"torch.aten.clamp": (1, 2), "torch.aten.clamp_min": (1, None), "torch.aten.clamp_max": (None, 1)}

#: Functions whose operands may change places.
_COMMUTATIVE = frozenset({"add", "mul", "maximum", "minimum"})

#: Functions for which eager rounds a number to the tensor's dtype first.
_ROUNDS_NUMBERS = frozenset({"add", "sub", "maximum", "minimum"})

#: Matrix products: IREE computes what follows them in their own dispatch.
_PRODUCTS = frozenset(f"torch.aten.{name}" for name in ("mm", "bmm", "matmul", "addmm", "linear", "convolution"))


@dataclass(frozen=True)
class AbsorbElementwise:
    """The pass `absorb-elementwise`."""

    name: ClassVar[str] = "absorb-elementwise"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Absorb producers, then consumers, until there is none left; a round for each link of the longest chain."""
        count = 0
        for find in (_producers, _consumers):
            while found := list(find(module)):
                for op in found:
                    with module.context, op.location, ir.InsertionPoint(op):
                        _absorb(op, state)
                # What stands between the new row ops and the old ones; dead ones would count as readers.
                for views in (FoldViews(), SinkViews(), FoldSlices(), DropDeadOps()):
                    views.run(module, state)
                count += len(found)
        return count


def _producers(module: ir.Module) -> Iterator[ir.Operation]:
    """Yield the ops whose results row ops read through views that keep the last dim."""
    seen = set()
    for border in all_ops(module, TO_BUILTIN):
        if not _is_read_as_rows(border):
            continue
        start = start_of_chain(border.operands[0])
        known, given = torch_tensor(start.type), torch_tensor(border.operands[0].type)
        if known is None or given is None or known.dims[-1:] != given.dims[-1:]:
            continue
        op = defining(start)
        if op is not None and op not in seen and _is_absorbable(op) and not _belongs_to_product(op):
            seen.add(op)
            yield op


def _is_read_as_rows(border: ir.Operation) -> bool:
    """Return whether a row op reads what a border cast gives, and not only its dims."""
    work = list(border.results)
    while work:
        value = work.pop()
        for user in users(value):
            # What has rank 1 is a weight or a scale.
            if user.name in ROW_OPS and value.type.rank == 2:
                return True
            if user.name in ("tensor.collapse_shape", "tensor.expand_shape", "tensor.cast"):
                work += user.results
    return False


def _consumers(module: ir.Module) -> Iterator[ir.Operation]:
    """Yield the ops that are the only reader, outside of the cluster, of a row op's result."""
    taken: set[ir.Operation] = set()
    for op in iterate(module):
        if not _is_absorbable(op):
            continue
        result = torch_tensor(op.results[0].type)
        if not any(_dies_in(op, value, result) for value in op.operands):
            continue
        # Absorbing an op changes who reads what: its neighbours' turn comes in the next round.
        makers = {made for value in op.operands if (made := defining(value)) is not None}
        if not makers & taken:
            taken |= {op, *makers}
            yield op


def _dies_in(op: ir.Operation, value: ir.Value, result: TorchTensor | None) -> bool:
    """Return whether `value`, made by a row op, is at least as wide as the result of `op`, its only other reader."""
    known = torch_tensor(value.type)
    if known is None or result is None or _bits(result) > _bits(known):
        return False
    border = made_by(value, FROM_BUILTIN)
    made = None if border is None else _row_op_behind(border.operands[0])
    if border is None or made is None:
        return False
    # Reading a tensor for its sizes alone costs nothing.
    readers = {user for user in users(value) if user.name != "torch.aten.size.int"}
    if is_number_of_rows(made):
        return False
    others = [u for u in users(made) if u.name not in (*ROW_OPS, "tensor.dim") and u != _towards(border, made)]
    return readers == {op} and not others


def _row_op_behind(value: ir.Value) -> ir.Value | None:
    op = defining(value)
    while op is not None and op.name in ("tensor.collapse_shape", "tensor.expand_shape", "tensor.cast"):
        value = op.operands[0]
        op = defining(value)
    return value if op is not None and op.name in ROW_OPS else None


def _towards(border: ir.Operation, made: ir.Value) -> ir.Operation:
    """Return the first op on the way from a row op's result to its border cast."""
    op = border
    while op.operands[0] != made:
        op = op.operands[0].owner.operation
    return op


def _bits(known: TorchTensor) -> int:
    return 32 if known.element == "f32" else 16


def _is_absorbable(op: ir.Operation) -> bool:
    return _plan(op) is not None


def _belongs_to_product(op: ir.Operation, depth: int = 4) -> bool:
    """Return whether all that an op reads of its own size is made of matrix products, in a few steps."""
    result = torch_tensor(op.results[0].type)
    for value in op.operands:
        if result is None or not _is_rows(value, result):
            continue
        made = defining(start_of_chain(value))
        if made is None:
            return False
        follows = depth > 0 and _is_absorbable(made) and _belongs_to_product(made, depth - 1)
        if made.name not in _PRODUCTS and not follows:
            return False
    return True


#: Builds row ops with a raiser, and returns the result's rows.
_Build = Callable[[Raiser], ir.Value]


def _absorb(op: ir.Operation, state: PassState) -> None:
    build = _plan(op)
    if build is None:
        return
    rows = build(Raiser(op, op.name.removeprefix("torch."), state.raised))
    state.raised += 1
    result = op.results[0]
    known = torch_tensor(result.type)
    leading = next(v for v in op.operands if known is not None and _is_rows(v, known))
    result.replace_all_uses_with(from_rows(rows, leading, result.type))
    op.erase()


def _plan(op: ir.Operation) -> _Build | None:
    """Return how to build an op's row form, None if it has none."""
    if len(op.results) != 1:
        return None
    result = torch_tensor(op.results[0].type)
    if result is None or result.element not in FLOATS or not result.dims or not result.dims[-1]:
        return None
    if op.name in CASTS:
        return _plan_unary(op, result, lambda r, x: r.cast(x, result.element))
    if op.name in _UNARY:
        function = _UNARY[op.name]
        return _plan_unary(op, result, lambda r, x: r.elementwise(function, x, None, result.element))
    if op.name in _CLAMPS:
        return _plan_clamp(op, result)
    return _plan_binary(op, result) if op.name in _BINARY else None


def _plan_unary(op: ir.Operation, result: TorchTensor, build: Callable[[Raiser, ir.Value], ir.Value]) -> _Build | None:
    (x, *_) = op.operands
    return (lambda r: build(r, rows_like(x))) if _is_rows(x, result) else None


def _plan_clamp(op: ir.Operation, result: TorchTensor) -> _Build | None:
    x = op.operands[0]
    bounds: list[tuple[str, float]] = []
    # Eager takes the maximum with the lower bound first.
    for function, place in zip(("maximum", "minimum"), _CLAMPS[op.name], strict=True):
        if place is None or is_none(op.operands[place]):
            continue
        number = constant_float(op.operands[place])
        if number is None:
            return None
        bounds.append((function, rounded_to(number, result.element)))
    if not _is_rows(x, result):
        return None

    def build(r: Raiser) -> ir.Value:
        rows = rows_like(x)
        for function, number in bounds:
            rows = r.elementwise(function, rows, None, result.element, number)
        return rows

    return build


def _plan_binary(op: ir.Operation, result: TorchTensor) -> _Build | None:
    function = _BINARY[op.name]
    x, other, *alpha = op.operands
    if alpha and constant_float(alpha[0]) != 1.0:
        return None
    if not _is_rows(x, result) and function in _COMMUTATIVE:
        x, other = other, x
    if not _is_rows(x, result):
        return None
    number = constant_float(other)
    if number is not None:
        constant = rounded_to(number, result.element if function in _ROUNDS_NUMBERS else "f32")
        return lambda r: r.elementwise(function, rows_like(x), None, result.element, constant)
    if _is_rows(other, result):
        if function == "add":
            return lambda r: r.residual_add(rows_like(x), rows_like(other), result.element)
        return lambda r: r.elementwise(function, rows_like(x), rows_like(other), result.element)
    if not _is_for_all_rows(other, result, function):
        return None
    return lambda r: r.elementwise(function, rows_like(x), to_vector(other), result.element)


def _is_for_all_rows(value: ir.Value, result: TorchTensor, function: str) -> bool:
    """Return whether a value is one number a column, or one for all."""
    known = torch_tensor(value.type)
    if known is None or known.element not in FLOATS:
        return False
    if not known.dims:
        # Eager rounds a tensor of no dims like a number.
        return function not in _ROUNDS_NUMBERS or known.element == result.element
    return set(known.dims[:-1]) <= {1} and known.dims[-1] in (1, result.dims[-1])


def _is_rows(value: ir.Value, result: TorchTensor) -> bool:
    """Return whether a value is a float tensor of the result's shape: nothing is broadcast."""
    known = torch_tensor(value.type)
    return known is not None and known.dims == result.dims and known.element in FLOATS
