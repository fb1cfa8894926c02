# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a raised quantisation leaves in torch values: scales in the type and shape of the model, views behind codes."""

from collections.abc import Sequence

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .casts import cast_to, integer
from .constants import rounded_to
from .fold_views import VIEWS
from .matching import number, same_shape, without_widening
from .matching_absmax import Absmax
from .row_form import from_builtin, from_rows
from .torch_values import TorchTensor, defining, known_tensor, users

#: What the size operands of a view are made of.
_SIZES = frozenset(
    {"torch.prim.ListConstruct", "torch.aten.size.int", *(f"torch.aten.{n}.int" for n in ("add", "mul"))}
)


def reapplied(views: Sequence[ir.Operation], value: ir.Value) -> ir.Value:
    """Return a value behind copies of `views`, at the insertion point."""
    for view in views:
        known, element = known_tensor(view.results[0]), known_tensor(value).element
        copy = view.clone()
        copy.operands[0] = value
        copy.results[0].set_type(known.with_element(element).vtensor())
        value = copy.results[0]
    return value


def twins(value: ir.Value) -> list[ir.Value]:
    """Return a value and those that the same op makes of the same operands: export keeps what a model writes twice."""
    op = defining(value)
    if op is None or not op.operands:
        return [value]
    alike = [u for u in users(op.operands[0]) if u.name == op.name and u.results[0].type == value.type]
    return [u.results[0] for u in dict.fromkeys(alike) if _same_operands(u, op)]


def _same_operands(op: ir.Operation, other: ir.Operation) -> bool:
    def same(a: ir.Value, b: ir.Value) -> bool:
        if a == b:
            return True
        made, kind = defining(a), defining(b)
        constants = made is not None and kind is not None and made.name == kind.name and "constant" in made.name
        return constants and number(a) == number(b)

    pairs = list(zip(op.operands, other.operands, strict=True))
    return op == other or all(same(a, b) for a, b in pairs)


def hoisted(value: ir.Value, before: ir.Operation) -> bool:
    """Move views and their sizes in front of `before` if nothing else makes `value`; return whether it is there."""
    late: list[ir.Operation] = []

    def collect(current: ir.Value) -> bool:
        op = defining(current)
        if op is None or op in late or (op.block == before.block and op.is_before_in_block(before)):
            return True
        movable = op.name in VIEWS or op.name in _SIZES or op.name.startswith("torch.constant.")
        if op.block != before.block or not movable or not all(collect(operand) for operand in op.operands):
            return False
        late.append(op)
        return True

    if not collect(value):
        return False
    for op in late:
        op.move_before(before)
    return True


def constant_f32(value: float) -> ir.Value:
    """Return a number as a torch tensor of one f32."""
    type_ = ir.RankedTensorType.get([1], ir.F32Type.get())
    splat = ir.DenseElementsAttr.get_splat(type_, ir.FloatAttr.get(ir.F32Type.get(), rounded_to(value, "f32")))
    return from_builtin(arith.constant(type_, splat), TorchTensor((1,), "f32").vtensor())


def position_of(op: ir.Operation) -> int:
    """Return the place of an op in its block."""
    return next(index for index, other in enumerate(op.block.operations) if other.operation == op)


def hand_over(old: ir.Value, new: ir.Value) -> None:
    """Replace a scale by the f32 that its type was made of: what widens it again needs no rounding in between."""
    element = known_tensor(old).element
    if element == "f32":
        old.replace_all_uses_with(new)
        return
    others = []
    for user in users(old):
        if user.results and without_widening(user.results[0]) == old:
            user.results[0].replace_all_uses_with(new)
        elif user.name in VIEWS:
            with ir.InsertionPoint(user):
                hand_over(user.results[0], reapplied([user], new))
        else:
            others.append(user)
    if others:
        with ir.InsertionPoint(min(others, key=position_of)):
            rounded = cast_to(new, element)
        for user in others:
            user.replace_uses_of_with(old, rounded)


def like_absmax(scales: ir.Value | None, absmax: Absmax, grouped: ir.Value | None) -> ir.Value:
    """Return the op's scales as an f32 torch tensor in the shape of the absmax.

    Args:
        scales: The result of the op.
        absmax: What they are made of.
        grouped: The tensor whose rows were quantised by group, if they were.
    """
    if scales is None:
        raise TypeError("a dynamic quantisation has scales")
    wanted = known_tensor(absmax.result).with_element("f32")
    if grouped is not None:
        per_group = TorchTensor(known_tensor(absmax.reduced).dims[:-1], "f32")
        found = from_rows(scales, grouped, per_group.vtensor())
        return _with_last("torch.aten.unsqueeze", found, wanted) if absmax.keeps_dim else found
    if set(wanted.dims) <= {1}:
        return from_builtin(_single_as(scales, len(wanted.dims)), wanted.vtensor())
    source = without_widening(absmax.source)
    leading_of = source if same_shape(source, absmax.reduced) else absmax.reduced
    kept = TorchTensor((*known_tensor(leading_of).dims[:-1], 1), "f32")
    column = from_rows(scales, leading_of, kept.vtensor())
    return column if absmax.keeps_dim else _with_last("torch.aten.squeeze.dim", column, wanted)


def _with_last(name: str, value: ir.Value, wanted: TorchTensor) -> ir.Value:
    """Add or remove a last dim of 1."""
    return ir.Operation.create(name, results=[wanted.vtensor()], operands=[value, integer(-1)]).result


def _single_as(scales: ir.Value, rank: int) -> ir.Value:
    """Return a builtin tensor of one element in another rank."""
    if scales.type.rank == rank:
        return scales
    f32 = ir.F32Type.get()
    scalar = tensor.collapse_shape(ir.RankedTensorType.get([], f32), scales, [])
    return (
        scalar
        if rank == 0
        else tensor.expand_shape(ir.RankedTensorType.get([1] * rank, f32), scalar, [], [], [1] * rank)
    )
