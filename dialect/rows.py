# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``fanfold.rows`` and its terminator ``fanfold.yield``."""

from collections.abc import Sequence
from typing import Any

from torch_mlir import ir
from torch_mlir.dialects import ext, irdl

from .absmax import AbsmaxOp
from .base import Fanfold
from .checks import expect, expect_same_rows, rows_text, verifier
from .quantize import QuantizeOp, is_dynamic_tensor_quantize

#: IRDL gives every value of one variadic the same type, so each operand and result of `rows` and `yield` has an
#: optional slot of its own. This is how many there are; a cluster that needs more becomes two kernels.
MAX_VALUES = 16


def _segments(count: int) -> ir.Attribute:
    return ir.DenseI32ArrayAttr.get([1] * count + [0] * (MAX_VALUES - count))


def _emit_slots(op_class: Any, *, results: bool) -> None:
    """Declare an op with `MAX_VALUES` optional operands (and results and a body) in IRDL."""
    with ir.InsertionPoint(irdl.operation_(op_class._op_name).body):
        slots = [irdl.Variadicity.optional] * MAX_VALUES
        irdl.operands_([irdl.any() for _ in slots], [f"in{i}" for i in range(MAX_VALUES)], slots)
        if results:
            irdl.results_([irdl.any() for _ in slots], [f"out{i}" for i in range(MAX_VALUES)], slots)
            irdl.regions_([irdl.region([])], ["body"])


class YieldOp(Fanfold.Operation, name="yield", traits=[ext.Pure, ir.IsTerminatorTrait]):
    """Terminator of ``fanfold.rows``: the values that become its results."""

    values: Sequence[ext.Operand[Any]]

    @classmethod
    def _emit_operation(cls) -> None:
        _emit_slots(cls, results=False)

    @classmethod
    def build(cls, values: Sequence[ir.Value]) -> ir.Operation:
        """Create the op at the current insertion point."""
        return ir.Operation.create(
            cls.OPERATION_NAME, operands=list(values), attributes={"operandSegmentSizes": _segments(len(values))}
        )


class RowsOp(Fanfold.Operation, name="rows", traits=[ext.Pure, ir.IsIsolatedFromAboveTrait]):
    """A fused cluster: one kernel that reads each row once and writes any number of results.

    Rank-2 operands are row tensors and share one row count; operands of lower rank (weights, scales) are the same for
    every row. The body holds row-wise `fanfold` ops alone, so each result row depends on the same row of the operands.

    ::

        %q, %s = "fanfold.rows"(%x, %w) ({
        ^bb0(%a: tensor<?x1536xbf16>, %b: tensor<1536xbf16>):
          %y = "fanfold.rms_norm"(%a, %b) {...} : ...
          %c, %d = "fanfold.quantize"(%y) {...} : ...
          "fanfold.yield"(%c, %d) {...} : ...
        }) {...} : (tensor<?x1536xbf16>, tensor<1536xbf16>) -> (tensor<?x1536xf8E4M3FN>, tensor<?x12xf32>)
    """

    ins: Sequence[ext.Operand[ir.RankedTensorType]]
    outs: Sequence[ext.Result[ir.RankedTensorType]]
    body: ext.Region

    @classmethod
    def _emit_operation(cls) -> None:
        _emit_slots(cls, results=True)

    @classmethod
    def build(cls, operands: Sequence[ir.Value], result_types: Sequence[ir.Type]) -> ir.Operation:
        """Create the op at the current insertion point, with an empty block whose arguments stand for the operands."""
        op = ir.Operation.create(
            cls.OPERATION_NAME,
            operands=list(operands),
            results=list(result_types),
            attributes={
                "operandSegmentSizes": _segments(len(operands)),
                "resultSegmentSizes": _segments(len(result_types)),
            },
            regions=1,
        )
        op.regions[0].blocks.append(*[v.type for v in operands])
        return op

    @verifier
    def verify_invariants(self) -> None:
        """Check that operands and results are rows of one count, or shared by all rows."""
        row_types = [v.type for v in self.operation.operands if v.type.rank == 2]
        expect(bool(row_types), "operands", expected="at least one row tensor (rank 2)", found="none")
        for value in self.operation.operands:
            expect(value.type.rank <= 2, "operand rank", expected="at most 2", found=value.type.rank)
        for i, value in enumerate(self.operation.results):
            expect(value.type.rank == 2, f"result {i} rank", expected="2 (rows x width)", found=value.type.rank)
            row_types.append(value.type)
        for other in row_types[1:]:
            expect_same_rows(row_types[0], other, f"row tensor {other}")

    @verifier
    def verify_region_invariants(self) -> None:
        """Check the body: one block, arguments as the operands, row-wise ops, a matching yield."""
        blocks = list(self.operation.regions[0].blocks)
        expect(len(blocks) == 1, "body", expected="one block", found=f"{len(blocks)} blocks")
        block = blocks[0]
        arguments = [str(a.type) for a in block.arguments]
        operands = [str(v.type) for v in self.operation.operands]
        expect(arguments == operands, "body arguments", expected=operands, found=arguments)
        ops = list(block.operations)
        expect(
            bool(ops) and ops[-1].operation.name == YieldOp.OPERATION_NAME,
            "last op of the body",
            expected=YieldOp.OPERATION_NAME,
            found=ops[-1].operation.name if ops else "nothing",
        )
        for op in ops[:-1]:
            name = op.operation.name
            expect(is_row_wise(op.operation), "op in the body", expected="a row-wise fanfold op", found=name)
            for value in op.operation.results:
                expect(
                    value.type.shape[0] == self._rows().shape[0],
                    f"row count of {name}",
                    expected=rows_text(self._rows()),
                    found=rows_text(value.type),
                )
        yielded = [str(v.type) for v in ops[-1].operation.operands]
        results = [str(v.type) for v in self.operation.results]
        expect(yielded == results, "yielded types", expected=results, found=yielded)

    def _rows(self) -> ir.RankedTensorType:
        return next(v.type for v in self.operation.operands if v.type.rank == 2)


#: The ops on row tensors. Each treats every row alone, but a `quantize` that makes one scale for all rows.
ROW_OPS = frozenset(
    f"fanfold.{name}"
    for name in (
        "absmax",
        "cast",
        "columns",
        "elementwise",
        "quantize",
        "residual_add",
        "rms_norm",
        "silu_mul",
    )
)


def is_row_wise(op: ir.Operation) -> bool:
    """Return whether `op` may stand in a `rows` body."""
    return op.name in ROW_OPS and not is_dynamic_tensor_quantize(op)


def is_number_of_rows(value: ir.Value) -> bool:
    """Return whether a value has numbers of whole rows or groups, which a kernel knows only when it has seen them."""
    if isinstance(value, ir.BlockArgument):
        return False
    op = value.owner
    if op.name == AbsmaxOp.OPERATION_NAME:
        return True
    return bool(op.name == QuantizeOp.OPERATION_NAME and ir.OpResult(value).result_number == 1)
