# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Account for the norms, activations and quantisations of the model that no kernel has.

Before::

    %y = torch.aten.gelu %x, %str loc("aten.gelu#gelu"("model.py":6:0))
    %q, %s = "fanfold.rows"(%y_rows) ({ ... "fanfold.quantize"(%a) {...} ... })

After::

    the same, and in the report: "aten.gelu at model.py:6: not fused: gelu is no function of a kernel, and
    fanfold.group_quant at model.py:7 reads it"

What the frontend has taken apart is known by its name in the locations of the parts. It is a miss when a quantisation
reads it, or for a quantisation, when it reads a kernel's norm, SwiGLU or sum; else it is left to IREE, and nothing is
missed. So is an activation of a matrix product: IREE computes the two in one dispatch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.elementwise import UNARY
from fanfold.report import Decision

from .base import PassState
from .fold_views import VIEWS, start_of_chain
from .gaps import ROWS, is_product, tensors_read, ways_back
from .origins import origins_of, position, split
from .report_gaps import ABSMAX, QUANTIZE, counted_readers, producer_behind
from .source_ops import FAKE_QUANTIZATIONS, NORMS, SourceOp, is_activation, source_of
from .torch_values import CASTS, defining
from .walk import iterate

#: Why fake quantisation has no kernel.
FAKE = "it quantises and dequantises at once, and kernels write what is quantised"

#: Why a function that kernels have is in none.
NO_GAIN = "in a kernel it would save no pass over memory"
OF_PRODUCT = "IREE computes it in the dispatch of the matrix product that it reads"
NO_OPERANDS = "no kernel takes it with its operands"

#: Ops of torch that compute nothing.
_SILENT = ("torch.constant.", "torch.prim.")


@dataclass(frozen=True)
class ReportLeftOps:
    """The pass `report-left-ops`."""

    name: ClassVar[str] = "report-left-ops"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Record a decision for each source op; never rewrites anything."""
        groups: dict[SourceOp, list[ir.Operation]] = {}
        for op in iterate(module):
            source = _reported(op)
            if source is not None:
                groups.setdefault(source, []).append(op)
        readers = dict(_quantisations(module)) if groups else {}
        for source, ops in groups.items():
            decision = _decide(source, ops, readers.get(source))
            text = source.origin(decision.location)
            if text not in state.accounts:
                # Kernels may have a part of it: that is no fusion of the whole.
                state.accounts[text] = None
                state.decisions.append(decision)
        return 0


def _reported(op: ir.Operation) -> SourceOp | None:
    """Return the norm, activation or quantisation of the model that an op is a part of."""
    if not op.name.startswith("torch.") or op.name.startswith(_SILENT):
        return None
    # What has no name in its location stands for itself.
    own = SourceOp(".".join(op.name.split(".")[1:3]), f"{op.name} {hash(op)}")
    source = source_of(op) or own
    reported = source.name in NORMS or source.name in FAKE_QUANTIZATIONS or is_activation(source.name)
    return source if reported else None


def _quantisations(module: ir.Module) -> Iterator[tuple[SourceOp, ir.Operation]]:
    """Yield the source ops that a quantisation reads, with nothing but ops of single values and rows between."""
    for rows in iterate(module):
        if rows.name != ROWS:
            continue
        for argument, operand in zip(rows.regions[0].blocks[0].arguments, rows.operands, strict=True):
            readers = [r for r in counted_readers(argument) if r.name in (QUANTIZE, ABSMAX)]
            if operand.type.rank == 2 and readers:
                sources = (_reported(way.made.owner.operation) for way in ways_back(operand, _ends))
                yield from ((source, readers[0]) for source in sources if source is not None)


def _ends(op: ir.Operation) -> bool:
    return op.name == ROWS or _reported(op) is not None


def _decide(source: SourceOp, ops: list[ir.Operation], reader: ir.Operation | None) -> Decision:
    where = position(ops[0].location)
    if source.name in FAKE_QUANTIZATIONS:
        producer = next(filter(None, map(_kernel_behind, ops)), None)
        more = f"; {_called(producer)} makes what it reads" if producer else ""
        return Decision(source.name, where, None, reason=FAKE + more, left=producer is None)
    reason = NORMS.get(source.name) or _why_no_function(source.name)
    if reader is None:
        return Decision(source.name, where, None, reason=reason or NO_GAIN, left=True)
    if source.name not in NORMS and _is_of_product(ops):
        return Decision(source.name, where, None, reason=OF_PRODUCT, left=True)
    return Decision(source.name, where, None, reason=f"{reason or NO_OPERANDS}, and {_called(reader)} reads it")


def _why_no_function(name: str) -> str:
    short = name.removeprefix("aten.")
    return "" if short in UNARY else f"{short} is no function of a kernel"


def _called(op: ir.Operation) -> str:
    source, where = split(origins_of(op)[0])
    return f"{source} at {where}"


def _kernel_behind(op: ir.Operation) -> ir.Operation | None:
    """Return the norm, SwiGLU or sum in a kernel that an op's operands come from."""
    for value in tensors_read(op):
        for way in ways_back(value, lambda op: op.name == ROWS):
            producer = producer_behind(way.made)
            if producer is not None:
                return producer
    return None


def _is_of_product(ops: list[ir.Operation]) -> bool:
    """Return whether all that an activation reads, but for itself, is made of matrix products."""
    outside = [v for op in ops for v in tensors_read(op) if (made := defining(v)) is None or made not in ops]
    return bool(outside) and all(_made_by_product(value) for value in outside)


def _made_by_product(value: ir.Value) -> bool:
    op = defining(start_of_chain(value))
    if op is None or is_product(op):
        return op is not None
    if op.name in CASTS or op.name in VIEWS:
        return _made_by_product(op.operands[0])
    # A bias is added behind a product, and both have factors.
    if op.name == "torch.aten.add.Tensor":
        return any(map(_made_by_product, list(op.operands)[:2]))
    return op.name == "torch.aten.mul.Scalar" and _made_by_product(op.operands[0])
