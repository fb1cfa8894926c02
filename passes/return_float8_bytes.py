# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Return fp8 as bytes; the caller sees them as fp8.

Before::

    %q = torch_c.from_builtin_tensor %k#0 : tensor<?x64xf8E4M3FN> -> !torch.vtensor<[?,64],f8E4M3FN>
    return %q : !torch.vtensor<[?,64],f8E4M3FN>

After::

    %n = tensor.dim %k#0, %c0 : tensor<?x64xf8E4M3FN>
    %b = "flow.tensor.bitcast"(%k#0, %n, %n) : (tensor<?x64xf8E4M3FN>, index, index) -> tensor<?x64xi8>
    %q = torch_c.from_builtin_tensor %b : tensor<?x64xi8> -> !torch.vtensor<[?,64],si8>
    return %q : !torch.vtensor<[?,64],si8>

DLPack has no word for fp8 that IREE knows, so a result in fp8 needs a second buffer view at every call, in which it is
bytes. For IREE the bitcast is no work: it names the same memory. A `tensor.bitcast` could end inside a dispatch, where
IREE has no code for it. The executable's signature says which results are bytes.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .main_results import change_results
from .row_form import FROM_BUILTIN, from_builtin, to_builtin
from .torch_values import known_tensor, made_by, torch_tensor


@dataclass(frozen=True)
class ReturnFloat8Bytes:
    """The pass `return-float8-bytes`."""

    name: ClassVar[str] = "return-float8-bytes"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Return bytes wherever the main function returns fp8."""

        def as_bytes(number: int, value: ir.Value) -> ir.Value | None:
            known = torch_tensor(value.type)
            if known is None or not known.element.startswith("f8"):
                return None
            state.byte_results.add(number)
            return _bytes(value)

        return change_results(module, as_bytes)


def _bytes(value: ir.Value) -> ir.Value:
    """Return the memory of a torch tensor of fp8 as one of bytes."""
    border = made_by(value, FROM_BUILTIN)
    builtin = to_builtin(value) if border is None else border.operands[0]
    type_ = ir.RankedTensorType(builtin.type)
    result = ir.RankedTensorType.get(type_.shape, ir.IntegerType.get_signless(8))
    sizes = [
        tensor.dim(builtin, arith.constant(ir.IndexType.get(), dim))
        for dim in range(type_.rank)
        if type_.is_dynamic_dim(dim)
    ]
    segments = ir.DenseI32ArrayAttr.get([1, len(sizes), len(sizes)])
    bitcast = ir.Operation.create(
        "flow.tensor.bitcast",
        results=[result],
        operands=[builtin, *sizes, *sizes],
        attributes={"operandSegmentSizes": segments},
    )
    return from_builtin(bitcast.result, known_tensor(value).with_element("i8").vtensor())
