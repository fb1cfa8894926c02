# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shell around a kernel: `hal.executable.source` and the `flow.dispatch` that calls it.

torch-mlir does not know IREE's dialects, so these ops are built in generic form; iree-compile parses and verifies them.
"""

from collections.abc import Sequence

from torch_mlir import ir
from torch_mlir.dialects import arith, func

NO_PIPELINE = "#iree_codegen.translation_info<pipeline = #iree_codegen.no_pipeline{shape}>"


def _index_attr(value: int) -> ir.Attribute:
    return ir.IntegerAttr.get(ir.IndexType.get(), value)


class Executable:
    """One kernel function in its own executable; bindings are the operands, then the results.

    Push constant 0 is the number of rows, as i32; the workload is the number of rows, as index.

    Args:
        name: Symbol of the executable and of its function.
        operand_count: How many bindings are read.
        result_count: How many bindings are written.
        rows_per_workgroup: How many rows one workgroup computes.
        workgroup: Threads of a workgroup, and lanes of a subgroup if they are known, on a GPU.
        parts: Workgroups that share the rows, each some columns of them: their number is `part_id`.
    """

    def __init__(
        self,
        name: str,
        operand_count: int,
        result_count: int,
        rows_per_workgroup: int,
        workgroup: tuple[int, int | None] | None = None,
        parts: int = 1,
    ) -> None:
        self.name = name
        self._parts = parts
        self._workgroup = workgroup
        read_only = "#hal.pipeline.binding<storage_buffer, ReadOnly>"
        bindings = [read_only] * operand_count + ["#hal.pipeline.binding<storage_buffer>"] * result_count
        self._layout = ir.Attribute.parse(f"#hal.pipeline.layout<constants = 1, bindings = [{', '.join(bindings)}]>")
        self.op = ir.Operation.create(
            "hal.executable.source",
            attributes={"sym_name": ir.StringAttr.get(name), "sym_visibility": ir.StringAttr.get("private")},
            regions=1,
        )
        with ir.InsertionPoint(self.op.regions[0].blocks.append()):
            self._export(rows_per_workgroup)
            module = ir.Operation.create("builtin.module", regions=1)
            with ir.InsertionPoint(module.regions[0].blocks.append()):
                function = func.FuncOp(name, ir.FunctionType.get([], []))
                function.attributes["translation_info"] = ir.Attribute.parse(NO_PIPELINE.format(shape=self._shape()))
            ir.Operation.create("hal.executable.source_end")
        self.entry: ir.Block = function.add_entry_block()

    def _shape(self) -> str:
        if self._workgroup is None:
            return ""
        threads, lanes = self._workgroup
        return f" workgroup_size = [{threads}, 1, 1]" + ("" if lanes is None else f" subgroup_size = {lanes}")

    def _export(self, rows_per_workgroup: int) -> None:
        index = ir.IndexType.get()
        attributes = {
            "sym_name": ir.StringAttr.get(self.name),
            "sym_visibility": ir.StringAttr.get("public"),
            "ordinal": _index_attr(0),
            "layout": self._layout,
        }
        if self._workgroup is not None:
            sizes = [_index_attr(size) for size in (self._workgroup[0], 1, 1)]
            attributes["workgroup_size"] = ir.ArrayAttr.get(sizes)
        export = ir.Operation.create("hal.executable.export", attributes=attributes, regions=2)
        block = export.regions[0].blocks.append(ir.Type.parse("!hal.device"), index)
        with ir.InsertionPoint(block):
            per = arith.constant(index, rows_per_workgroup)
            counts = [arith.ceildivui(block.arguments[1], per), *(arith.constant(index, n) for n in (self._parts, 1))]
            ir.Operation.create("hal.return", operands=counts)

    def row_count(self) -> ir.Value:
        """Return the number of rows, as index, in the kernel."""
        i32 = ir.IntegerType.get_signless(32)
        load = ir.Operation.create(
            "hal.interface.constant.load",
            results=[i32],
            attributes={"layout": self._layout, "ordinal": _index_attr(0)},
        )
        return arith.index_castui(ir.IndexType.get(), load.result)

    def binding(self, index: int, type_: ir.MemRefType, dynamic: Sequence[ir.Value]) -> ir.Value:
        """Return binding `index` as a memref of `type_` with the given dynamic sizes."""
        zero = arith.constant(ir.IndexType.get(), 0)
        subspan = ir.Operation.create(
            "hal.interface.binding.subspan",
            results=[type_],
            operands=[zero, *dynamic],
            attributes={
                "layout": self._layout,
                "binding": _index_attr(index),
                "alignment": _index_attr(64),
                "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, len(dynamic)]),
            },
        )
        return subspan.result

    def workgroup_id(self) -> ir.Value:
        """Return the index of the current workgroup among those of other rows."""
        return self._workgroup_id(0)

    def part_id(self) -> ir.Value:
        """Return the index of the current workgroup among those that share its rows."""
        return self._workgroup_id(1)

    def _workgroup_id(self, dimension: int) -> ir.Value:
        op = ir.Operation.create(
            "hal.interface.workgroup.id",
            results=[ir.IndexType.get()],
            attributes={"dimension": _index_attr(dimension)},
        )
        return op.result


def dispatch(
    name: str,
    rows: ir.Value,
    operands: Sequence[ir.Value],
    result_types: Sequence[ir.Type],
    result_sizes: Sequence[ir.Value],
) -> list[ir.Value]:
    """Create the dispatch of executable `name` at the current insertion point.

    Args:
        name: Symbol of the executable.
        rows: Number of rows, as index.
        operands: Tensors that the kernel reads; their dynamic dims equal `rows`.
        result_types: Types of the tensors that the kernel writes.
        result_sizes: Their dynamic sizes.

    Returns:
        The results.
    """
    rows_i32 = arith.index_castui(ir.IntegerType.get_signless(32), rows)
    dynamic_operands = [rows for v in operands if not v.type.has_static_shape]
    segments = [1, 1 + len(operands), len(dynamic_operands), len(result_sizes)]
    symbol = ir.Attribute.parse(f"@{name}::@{name}")
    op = ir.Operation.create(
        "flow.dispatch",
        results=list(result_types),
        operands=[rows, rows_i32, *operands, *dynamic_operands, *result_sizes],
        attributes={
            "entry_points": ir.ArrayAttr.get([symbol]),
            "operandSegmentSizes": ir.DenseI32ArrayAttr.get(segments),
            "tied_operands": ir.ArrayAttr.get([_index_attr(-1) for _ in result_types]),
        },
    )
    return list(op.results)
