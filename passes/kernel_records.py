# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kernels of a lowered module, for the report: read off its dispatches, so that no pass can forget one."""

from torch_mlir import ir

from fanfold.report import KernelRecord

from .walk import all_ops


def kernel_records(module: ir.Module) -> list[KernelRecord]:
    """Return what each kernel that the module dispatches reads and writes, in the order of their first dispatch."""
    calls: dict[str, list[ir.Operation]] = {}
    for op in all_ops(module, "flow.dispatch"):
        # An entry point is "@executable::@function", and the two have one name.
        name = str(op.attributes["entry_points"][0]).partition("::")[0].removeprefix("@")
        calls.setdefault(name, []).append(op)
    return [
        KernelRecord(name, len(ops), _texts([_arguments(op) for op in ops]), _texts([list(op.results) for op in ops]))
        for name, ops in calls.items()
    ]


def _arguments(op: ir.Operation) -> list[ir.Value]:
    workload, arguments = list(op.attributes["operandSegmentSizes"])[:2]
    values = list(op.operands)[workload : workload + arguments]
    # What is no tensor is a push constant: a size.
    return [v for v in values if isinstance(v.type, ir.RankedTensorType)]


def _texts(calls: list[list[ir.Value]]) -> tuple[str, ...]:
    """Return the type of each value over all dispatches of a kernel; a dim that is not the same in all is ``?``."""
    return tuple(_text([value.type for value in values]) for values in zip(*calls, strict=True))


def _text(types: list[ir.RankedTensorType]) -> str:
    sizes = (set(dims) for dims in zip(*(t.shape for t in types), strict=True))
    dynamic = ir.ShapedType.get_dynamic_size()
    dims = ["?" if len(found) > 1 or dynamic in found else str(*found) for found in sizes]
    return f"{types[0].element_type}[{', '.join(dims)}]"
