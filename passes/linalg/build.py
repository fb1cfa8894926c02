# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builders of `linalg.generic` on row tensors.

Bodies compute in f32 with the kernel generator's own emitter. bf16 and fp8 values cross between f32 and their types as
bit patterns: IREE would drop a `truncf` that an `extf` follows, also when the two meet only after dispatches are fused.
"""

from collections.abc import Callable, Sequence

from torch_mlir import ir
from torch_mlir.dialects import arith, linalg, tensor

from fanfold.passes.kernel.emitter import Emitter
from fanfold.passes.kernel.rounding import narrow, storage_type, widen

#: Emits a body: the emitter and the f32 (or i32) scalars of the inputs to the scalar of the result.
Body = Callable[[Emitter, list[ir.Value]], ir.Value]

#: An input with the dims of the iteration space that index it: `(0, 1)` for an element, `(0,)` for one value a row.
Input = tuple[ir.Value, tuple[int, ...]]


def load(e: Emitter, value: ir.Value) -> ir.Value:
    """Return a scalar of a tensor as f32; integers stay what they are."""
    element = value.type
    storage = storage_type(element)
    return widen(e, value if storage == element else arith.bitcast(storage, value), element)


def store(e: Emitter, value: ir.Value, element: ir.Type) -> ir.Value:
    """Return an f32 that is already rounded to `element`, or an i8 code of it, as `element`."""
    stored = value if value.type == e.i8 else narrow(e, value, element)
    return stored if stored.type == element else arith.bitcast(element, stored)


def sizes_like(value: ir.Value) -> list[ir.Value]:
    """Return the dynamic sizes of a tensor whose first dim alone may be dynamic."""
    type_ = ir.RankedTensorType(value.type)
    return [tensor.dim(value, arith.constant(ir.IndexType.get(), 0))] if type_.is_dynamic_dim(0) else []


def empty(rows: ir.Value, trailing: Sequence[int], element: ir.Type) -> ir.Value:
    """Return an uninitialised tensor of as many rows as `rows` has."""
    type_ = ir.RankedTensorType(rows.type)
    count = sizes_like(rows) or [type_.shape[0]]
    return tensor.empty([*count, *trailing], element)


def filled(rows: ir.Value, trailing: Sequence[int], value: float, element: ir.Type) -> ir.Value:
    """Return a tensor of as many rows as `rows` has, filled with a constant (0 for integers)."""
    attr = ir.FloatAttr.get(element, value) if isinstance(element, ir.F32Type) else ir.IntegerAttr.get(element, 0)
    return linalg.fill(arith.constant(element, attr), outs=[empty(rows, trailing, element)])


def elementwise(inputs: Sequence[Input], init: ir.Value, body: Body) -> ir.Value:
    """Compute every element of a tensor of the type of `init` from the elements of `inputs`."""
    return _generic(inputs, init, ir.RankedTensorType(init.type).rank, reduced=False, body=body)


def reduce_last(source: ir.Value, init: ir.Value, body: Body) -> ir.Value:
    """Reduce the last dim of `source`; the body gets the element and the accumulator, which starts as `init`."""
    rank = ir.RankedTensorType(source.type).rank
    return _generic([(source, tuple(range(rank)))], init, rank, reduced=True, body=body)


def _generic(inputs: Sequence[Input], init: ir.Value, rank: int, *, reduced: bool, body: Body) -> ir.Value:
    maps = [ir.AffineMap.get(rank, 0, [ir.AffineDimExpr.get(d) for d in dims]) for _, dims in inputs]
    maps.append(ir.AffineMap.get(rank, 0, [ir.AffineDimExpr.get(d) for d in range(rank - reduced)]))
    kinds = ["parallel"] * (rank - reduced) + ["reduction"] * reduced
    op = linalg.GenericOp(
        result_tensors=[init.type],
        inputs=[value for value, _ in inputs],
        outputs=[init],
        indexing_maps=ir.ArrayAttr.get([ir.AffineMapAttr.get(m) for m in maps]),
        iterator_types=ir.ArrayAttr.get([ir.Attribute.parse(f"#linalg.iterator_type<{k}>") for k in kinds]),
    )
    element = ir.RankedTensorType(init.type).element_type
    block = op.regions[0].blocks.append(*[v.type.element_type for v, _ in inputs], element)
    with ir.InsertionPoint(block):
        # NaNs of any payload can occur: this is the careful form of every rounding.
        e = Emitter(block, short_nans=False)
        arguments = list(block.arguments) if reduced else list(block.arguments)[:-1]
        result = body(e, [load(e, a) for a in arguments])
        linalg.yield_([store(e, result, element)])
    return op.results[0]
