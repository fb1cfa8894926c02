# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lower each `fanfold.rows` to one kernel and one dispatch.

Before::

    %q, %s = "fanfold.rows"(%x, %w) ({ ... }) : (tensor<?x1536xbf16>, tensor<1536xbf16>) -> (...)

After::

    hal.executable.source private @rms_norm_quantize_1536 { ... }
    %rows = tensor.dim %x, %c0
    %q, %s = flow.dispatch @rms_norm_quantize_1536::@rms_norm_quantize_1536[%rows](%rows_i32, %x, %w)

Equal regions share one executable, so a model's layers cost one kernel. A region that the target's generator refuses is
left for `lower-rows-to-linalg`.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .clustering import APART
from .decisions import record
from .kernel.executable import dispatch
from .kernel.scales import ScaleLayout
from .origins import ATTRIBUTE
from .scale_memory import to_logical
from .split_tensor_scales import SECOND_STEP
from .walk import all_ops

REFUSED = "refused"


@dataclass(frozen=True)
class LowerRowsToKernel:
    """The pass `lower-rows-to-kernel`."""

    name: ClassVar[str] = "lower-rows-to-kernel"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Lower every region that the target takes."""
        names: dict[str, str] = {}
        count = 0
        for rows in all_ops(module, "fanfold.rows"):
            with module.context, rows.location:
                reason = state.kernels.refuse(rows)
                if reason:
                    rows.attributes[REFUSED] = ir.StringAttr.get(reason)
                    continue
                key = _key(rows)
                if key not in names:
                    names[key] = _name(rows, set(names.values()))
                    with ir.InsertionPoint.at_block_begin(module.body):
                        state.kernels.emit(rows, names[key])
                record((view.operation for view in rows.regions[0].blocks[0].operations), names[key], state)
                _replace_by_dispatch(rows, names[key])
            count += 1
        return count


def _key(rows: ir.Operation) -> str:
    """Return what a region computes, without what does not matter to the kernel: row counts, origins and reasons."""
    block = rows.regions[0].blocks[0]
    numbers = {argument: i for i, argument in enumerate(block.arguments)}
    lines = [_types(list(block.arguments))]
    for view in block.operations:
        op = view.operation
        attributes = sorted(
            f"{name} = {op.attributes[name]}" for name in op.attributes if name not in {ATTRIBUTE, APART, SECOND_STEP}
        )
        lines.append(f"{op.name} {[numbers[v] for v in op.operands]} {attributes} {_types(list(op.results))}")
        numbers |= {result: len(numbers) + i for i, result in enumerate(op.results)}
    return "\n".join(lines)


def _types(values: list[ir.Value]) -> str:
    return ", ".join(f"{'x'.join(map(str, _shared_dims(v.type)))}x{v.type.element_type}" for v in values)


def _shared_dims(type_: ir.RankedTensorType) -> list[int | str]:
    dims = list(type_.shape)
    return ["rows", *dims[1:]] if len(dims) == 2 else dims


def _name(rows: ir.Operation, taken: set[str]) -> str:
    """Return a readable symbol: the ops of the region, repeats counted, and the width of the first row operand."""
    counts: dict[str, int] = {}
    for op in rows.regions[0].blocks[0].operations:
        short = op.operation.name.removeprefix("fanfold.")
        if short not in ("yield", "columns"):
            counts[short] = counts.get(short, 0) + 1
    parts = [short if n == 1 else f"{short}_x{n}" for short, n in counts.items()]
    width = next(v.type.shape[1] for v in rows.operands if v.type.rank == 2)
    base = "_".join([*parts, str(width)])
    name, i = base, 1
    while name in taken:
        i += 1
        name = f"{base}_{i}"
    return name


def _replace_by_dispatch(rows: ir.Operation, kernel: str) -> None:
    body = rows.regions[0].blocks[0]
    yielded = list(body.operations[len(body.operations) - 1].operands)
    layouts = [_column_layout(value) for value in yielded]
    with ir.InsertionPoint(rows):
        first = next(v for v in rows.operands if v.type.rank == 2)
        count = tensor.dim(first, arith.constant(ir.IndexType.get(), 0))
        types, sizes = [], []
        for result, layout in zip(rows.results, layouts, strict=True):
            type_ = result.type if layout is None else layout.memory(result.type.element_type, result.type.shape[0])
            types.append(type_)
            if not type_.has_static_shape:
                sizes.append(count if layout is None else layout.pitch(count))
        stored = dispatch(kernel, count, list(rows.operands), types, sizes)
        results = [
            memory if layout is None else to_logical(memory, layout.name, count, old.type)
            for memory, layout, old in zip(stored, layouts, rows.results, strict=True)
        ]
    for old, new in zip(rows.results, results, strict=True):
        old.replace_all_uses_with(new)
    rows.erase()


def _column_layout(value: ir.Value) -> ScaleLayout | None:
    """Return the layout of a region's result if it is not row-major."""
    op = None if isinstance(value, ir.BlockArgument) else value.owner.opview
    if op is None or op.operation.name != "fanfold.quantize" or value == op.q:
        return None
    layout = ScaleLayout.of(op)
    return layout if layout.by_column else None
