# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Say why a norm, an activation or a quantisation is not in the kernel that its input comes from.

Before::

    %y = "fanfold.rows"(%x) ({ ... "fanfold.rms_norm" ... })
    %t = torch.aten.tanh %y_torch
    %q, %s = "fanfold.rows"(%t_rows) ({ ... "fanfold.quantize"(%a) {...} ... })

After::

    %q, %s = "fanfold.rows"(%t_rows) ({ ... "fanfold.quantize"(%a) {apart = "torch.aten.tanh at model.py:7 stands
             between it and torch.aten.rms_norm at model.py:6, and is no op of a kernel", ...} ... })

A fusion is expected, and its want is a miss, between a norm, a SwiGLU or a residual add and a quantisation, and between
two norms. Nothing is missed where the one has to wait for more than its own row of the other: for a matrix product,
attention, a convolution, a reduction over rows, a custom op. Therefore the reason that `form-rows` gives for two
kernels is dropped where a matrix product is behind it: a residual that is added to an MLP's result waits for the MLP.

A reason that an absorbed op (a cast, a sum) was given is handed to what reads it: absorbed ops are in no report.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.absmax import AbsmaxOp
from fanfold.dialect.elementwise import BINARY, UNARY
from fanfold.dialect.quantize import QuantizeOp
from fanfold.dialect.residual_add import ResidualAddOp
from fanfold.dialect.rms_norm import RMSNormOp
from fanfold.dialect.silu_mul import SiluMulOp

from .base import PassState
from .clustering import APART, TWO_KERNELS
from .decisions import COUNTED
from .fold_views import VIEWS
from .gaps import ROWS, Gap, gaps_behind, waits
from .origins import origins_of, position, split
from .source_ops import NORMS, is_activation, source_of
from .split_tensor_scales import SECOND_STEP
from .torch_values import CASTS, defining, users
from .walk import all_ops

NORM: str = RMSNormOp.OPERATION_NAME
SILU_MUL: str = SiluMulOp.OPERATION_NAME
RESIDUAL_ADD: str = ResidualAddOp.OPERATION_NAME
QUANTIZE: str = QuantizeOp.OPERATION_NAME
ABSMAX: str = AbsmaxOp.OPERATION_NAME

#: Whose results are expected to be fused with what.
_EXPECTED = {
    NORM: (NORM, SILU_MUL, QUANTIZE, ABSMAX),
    SILU_MUL: (QUANTIZE, ABSMAX),
    RESIDUAL_ADD: (QUANTIZE, ABSMAX),
}

#: Torch ops that are functions of a kernel too, when their operands are such.
_OF_KERNELS = frozenset({*UNARY, *BINARY, "clamp", "clamp_min", "clamp_max"})

#: What ops of torch that make tensors are called.
_TORCH = ("torch.aten.", "torch.prims.")

#: So many ops are named in a reason.
_NAMED = 2


@dataclass(frozen=True)
class ReportGaps:
    """The pass `report-gaps`."""

    name: ClassVar[str] = "report-gaps"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Set and settle the reasons; returns how many ops have another one than before."""
        count = 0
        with module.context:
            for rows in all_ops(module, ROWS):
                count += _settle(rows)
                for argument, operand in zip(_body(rows).arguments, rows.operands, strict=True):
                    # What is of lower rank is the same for all rows.
                    if operand.type.rank == 2:
                        count += sum(_explain(rows, argument, gap) for gap in gaps_behind(operand))
        return count


def _body(rows: ir.Operation) -> ir.Block:
    return rows.regions[0].blocks[0]


def _settle(rows: ir.Operation) -> int:
    """Drop the reason for two kernels where they have to be two, and hand those of absorbed ops to what reads them."""
    count = 0
    for op in [view.operation for view in _body(rows).operations]:
        if APART not in op.attributes:
            continue
        reason = op.attributes[APART]
        inevitable = reason.value == TWO_KERNELS and any(waits(rows, first) for first in _producers(rows))
        if op.name in COUNTED and not inevitable:
            continue
        del op.attributes[APART]
        count += 1
        for reader in () if inevitable else counted_readers(op.results[0]):
            if APART not in reader.attributes:
                reader.attributes[APART] = reason
    return count


def _producers(rows: ir.Operation) -> list[ir.Operation]:
    """Return the kernels whose results a kernel reads."""
    found = [d for value in rows.operands if (d := defining(value)) is not None and d.name == ROWS]
    return list(dict.fromkeys(found))


def _explain(rows: ir.Operation, argument: ir.Value, gap: Gap) -> int:
    """Give the gap behind an argument as their reason to the first counted ops that read it and are expected to."""
    producer = producer_behind(gap.made)
    readers = () if producer is None else [r for r in counted_readers(argument) if r.name in _EXPECTED[producer.name]]
    if producer is None or not readers or waits(rows, gap.made.owner.operation):
        return 0
    count = 0
    for reader in readers:
        reason = _reason(gap, argument, producer, reader)
        old = reader.attributes[APART].value if APART in reader.attributes else TWO_KERNELS
        # The first reason stands: one thing in between is enough.
        if reason and old == TWO_KERNELS:
            reader.attributes[APART] = ir.StringAttr.get(reason)
            count += 1
    return count


def counted_readers(value: ir.Value) -> list[ir.Operation]:
    """Return the first counted ops that read a value inside of a kernel, directly or through absorbed ops."""
    found: dict[ir.Operation, None] = {}
    work = [value]
    while work:
        for user in users(work.pop()):
            if user.name in COUNTED:
                # The second step of a scale for the whole tensor is a kernel of its own in any case.
                if SECOND_STEP not in user.attributes:
                    found[user] = None
            else:
                work += user.results
    return list(found)


def producer_behind(made: ir.Value) -> ir.Operation | None:
    """Return the norm, SwiGLU or residual add that a result of a kernel comes from, None if it is another one's."""
    rows = made.owner.operation
    *_, terminator = _body(rows).operations
    work = [terminator.operation.operands[ir.OpResult(made).result_number]]
    while work:
        op = defining(work.pop(0))
        if op is None or op.name in (QUANTIZE, ABSMAX):
            continue
        if op.name in _EXPECTED:
            return op
        work += [v for v in op.operands if v.type.rank == 2]
    return None


def _reason(gap: Gap, argument: ir.Value, producer: ir.Operation, reader: ir.Operation) -> str:
    work = [op for op in gap.between if op.name.startswith(_TORCH) and op.name not in VIEWS]
    source, where = split(origins_of(producer)[0])
    behind = f"it and {source} at {where}"
    if not work:
        return _view_reason(gap.made.type.shape[1], argument.type.shape[1], reader, behind)
    # A cast alone is what stands there, among others it is none of the reasons.
    work = [op for op in work if op.name not in CASTS] or work
    named = list(dict.fromkeys(f"{_name(op)} at {position(op.location)}" for op in work))
    listed = " and ".join([*named[:_NAMED], *([f"{len(named) - _NAMED} more"] if len(named) > _NAMED else [])])
    verb, is_none = ("stands", "is no op") if len(named) == 1 else ("stand", "are no ops")
    if all(_is_of_kernels(op) for op in work):
        wanted = "a kernel takes rows of one shape, one value a column, or one number"
        return f"{listed} {verb} between {behind}, with operands that no kernel takes: {wanted}"
    return f"{listed} {verb} between {behind}, and {is_none} of a kernel"


def _name(op: ir.Operation) -> str:
    """Return the name of an op, or that of the activation or norm of the model that it was a part of."""
    source, own = source_of(op), str(op.name)
    if source is None or own.startswith(f"torch.{source.name}"):
        return own
    return source.name if source.name in NORMS or is_activation(source.name) else own


def _is_of_kernels(op: ir.Operation) -> bool:
    return op.name in CASTS or op.name.split(".")[2] in _OF_KERNELS


def _view_reason(before: int, after: int, reader: ir.Operation, behind: str) -> str:
    if before == after:
        return f"a view stands between {behind}"
    group = reader.attributes["group_size"].value if reader.name == QUANTIZE else after
    which = f", which groups of {group} do not divide," if group < after and after % group else ""
    wanted = "" if which else ": the rows of a kernel are of one width"
    return f"a view from rows of {before} to rows of {after}{which} stands between {behind}{wanted}"
