# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lower sorts and topks to counts: the place of an element is the number of those that come before it.

Before::

    %values, %indices = torch.aten.topk %x, %int3, %int-1, %largest, %sorted : !torch.vtensor<[?,8],f32> -> ...

After::

    %ranks = linalg.generic ins(%b, %b) outs(%zeros)      // (row, i, j): adds 1 where x[row, j] comes before x[row, i]
    %p = linalg.generic ins(%ranks) outs(%zeros)          // (row, place, i): adds i where its rank is the place
    %indices = torch_c.from_builtin_tensor %p
    %values = torch.aten.gather %x, %int-1, %indices, %false

IREE has an op for sorts, and cannot be trusted with it. It sorts in place: the caller's tensor, and the numbers 0, 1,
2, ... that become the positions, of which two sorts of the same sizes share one copy, so that the later one is wrong.
NaN puts the numbers around it out of order. Where nobody reads the values, its SPIR-V code generation fails. And one
thread takes a row, which it sorts by exchanging neighbours: that takes as many steps as are counted here, by many.

Elements are compared as integers in the order of eager: NaN is the largest, zeros are equal, and of what is equal the
first comes first, as in a stable sort. Integers are also what a rounding before the sort survives in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, linalg, tensor

from .base import PassState
from .row_form import from_builtin, sizes_of, to_builtin
from .torch_values import TorchTensor, constant_bool, constant_int, torch_tensor, users
from .walk import all_ops

_SORT, _TOPK = "torch.aten.sort", "torch.aten.topk"

#: Types that are compared. What has no sign is another type before it gets here (`frontend/decompositions.py`).
_COMPARED = frozenset({"f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64"})

#: The bits of infinity: those of NaN are more.
_INFINITY = {"f16": 0x7C00, "bf16": 0x7F80, "f32": 0x7F800000, "f64": 0x7FF0000000000000}

#: How integers are compared where the largest or the smallest element comes first.
_FIRST = {True: arith.CmpIPredicate.sgt, False: arith.CmpIPredicate.slt}


@dataclass(frozen=True)
class LowerSorts:
    """The pass `lower-sorts`."""

    name: ClassVar[str] = "lower-sorts"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Lower every sort along a dim and in a direction that are known."""
        count = 0
        for op in all_ops(module, _SORT, _TOPK):
            known, given = torch_tensor(op.operands[0].type), torch_tensor(op.results[1].type)
            dim, largest = op.operands[1:3] if op.name == _SORT else op.operands[2:4]
            axis, is_largest = constant_int(dim), constant_bool(largest)
            if known is None or known.element not in _COMPARED or not known.dims or given is None:
                continue
            if axis is not None and is_largest is not None:
                with module.context, op.location, ir.InsertionPoint(op):
                    _lower(op, known, given, axis % len(known.dims), largest=is_largest)
                op.erase()
                count += 1
        return count


def _lower(op: ir.Operation, known: TorchTensor, given: TorchTensor, axis: int, *, largest: bool) -> None:
    x, dim = op.operands[0], op.operands[1 if op.name == _SORT else 2]
    values, positions = op.results
    builtin = to_builtin(x)
    ranks = _ranks(builtin, known.dims, axis, largest=largest)
    sizes = sizes_of(builtin, given.dims)
    if op.name == _TOPK and given.dims[axis] is None:
        sizes[axis] = _index(op.operands[1])
    found = from_builtin(_places(ranks, sizes, axis), positions.type)
    positions.replace_all_uses_with(found)
    if users(values):
        false = ir.Operation.create(
            "torch.constant.bool", [ir.Type.parse("!torch.bool")], attributes={"value": ir.BoolAttr.get(False)}
        )
        gathered = ir.Operation.create("torch.aten.gather", [values.type], [x, dim, found, false.result])
        values.replace_all_uses_with(gathered.result)


def _ranks(x: ir.Value, sizes: Sequence[int | None], axis: int, *, largest: bool) -> ir.Value:
    """Return for every element how many come before it: of those that are equal, the first is first."""
    rank, i32 = len(sizes), ir.IntegerType.get_signless(32)

    def body(arguments: Sequence[ir.Value]) -> ir.Value:
        one, other, count = arguments
        a, b = _ordered(one), _ordered(other)
        is_before = arith.cmpi(_FIRST[largest], b, a)
        is_equal = arith.cmpi(arith.CmpIPredicate.eq, b, a)
        is_left = arith.cmpi(arith.CmpIPredicate.ult, _number(rank, i32), _number(axis, i32))
        counted = arith.ori(is_before, arith.andi(is_equal, is_left))
        return arith.select(counted, arith.addi(count, arith.constant(i32, 1)), count)

    dims = list(range(rank))
    others = [rank if i == axis else i for i in dims]
    return _reduced([(x, dims), (x, others)], sizes_of(x, sizes), i32, body)


def _places(ranks: ir.Value, sizes: Sequence[int | ir.Value], axis: int) -> ir.Value:
    """Return for every place the position of the element that is to be there."""
    i32, i64 = ir.IntegerType.get_signless(32), ir.IntegerType.get_signless(64)
    rank = len(sizes)

    def body(arguments: Sequence[ir.Value]) -> ir.Value:
        found, position = arguments
        is_here = arith.cmpi(arith.CmpIPredicate.eq, found, _number(axis, i32))
        return arith.select(is_here, _number(rank, i64), position)

    return _reduced([(ranks, [rank if i == axis else i for i in range(rank)])], sizes, i64, body)


def _reduced(
    inputs: Sequence[tuple[ir.Value, list[int]]],
    sizes: Sequence[int | ir.Value],
    element: ir.Type,
    body: Callable[[Sequence[ir.Value]], ir.Value],
) -> ir.Value:
    """Reduce one dim more than the result has; inputs come with the dims that index them.

    The body selects between what it got and what it makes: IREE gives what it can read as a sum to whole subgroups, and
    fails at the numbers of the dims there. So a thread has an element.
    """
    rank = len(sizes)
    init = linalg.fill(arith.constant(element, 0), outs=[tensor.empty(sizes, element)])
    dims = [*(dims for _, dims in inputs), list(range(rank))]
    maps = [ir.AffineMap.get(rank + 1, 0, [ir.AffineDimExpr.get(d) for d in of_one]) for of_one in dims]
    op = linalg.GenericOp(
        result_tensors=[init.type],
        inputs=[value for value, _ in inputs],
        outputs=[init],
        indexing_maps=ir.ArrayAttr.get([ir.AffineMapAttr.get(m) for m in maps]),
        iterator_types=ir.ArrayAttr.get(
            [ir.Attribute.parse(f"#linalg.iterator_type<{k}>") for k in [*["parallel"] * rank, "reduction"]]
        ),
    )
    block = op.regions[0].blocks.append(*[value.type.element_type for value, _ in inputs], element)
    with ir.InsertionPoint(block):
        linalg.yield_([body(list(block.arguments))])
    return op.results[0]


def _ordered(value: ir.Value) -> ir.Value:
    """Return an integer that compares, with its sign, as eager compares the number."""
    if isinstance(value.type, ir.IntegerType):
        return value
    width = value.type.width
    integer = ir.IntegerType.get_signless(width)
    top = (1 << (width - 1)) - 1
    bits = arith.bitcast(integer, value)
    magnitude = arith.andi(bits, arith.constant(integer, top))
    negative = arith.subi(arith.constant(integer, 0), magnitude)
    is_negative = arith.cmpi(arith.CmpIPredicate.slt, bits, arith.constant(integer, 0))
    signed = arith.select(is_negative, negative, magnitude)
    is_nan = arith.cmpi(arith.CmpIPredicate.ugt, magnitude, arith.constant(integer, _INFINITY[str(value.type)]))
    return arith.select(is_nan, arith.constant(integer, top), signed)


def _number(dim: int, type_: ir.Type) -> ir.Value:
    """Return where in a dim of the iteration space a body is."""
    return arith.index_cast(type_, linalg.IndexOp(dim).result)


def _index(number: ir.Value) -> ir.Value:
    """Return a ``!torch.int`` as an index."""
    i64 = ir.IntegerType.get_signless(64)
    return arith.index_cast(ir.IndexType.get(), ir.Operation.create("torch_c.to_i64", [i64], [number]).result)
