# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convert to and from fp8 by integer arithmetic, wherever the model does so outside of a quantisation.

Before::

    %q = torch.prims.convert_element_type %x, %int24 : !torch.vtensor<[?,64],bf16>, !torch.int -> ...

After::

    %b = torch_c.to_builtin_tensor %x
    %c = linalg.generic {...} ins(%b : tensor<?x64xbf16>) outs(... : tensor<?x64xf8E4M3FN>)
    %q = torch_c.from_builtin_tensor %c

IREE's own conversions on CPU lose NaN and what is next to the smallest normal numbers. Here both directions are exact:
to nearest with ties to even, NaN stays NaN, and what is beyond the range becomes what PyTorch makes of it: the largest
value in f8E4M3FN, NaN in f8E4M3FNUZ, infinity in f8E5M2.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .kernel.emitter import Emitter
from .kernel.float8 import FORMATS, decode, encode
from .kernel.rounding import round_to
from .linalg.build import elementwise
from .row_form import from_builtin, to_builtin
from .torch_values import CASTS, TorchTensor, torch_tensor
from .walk import all_ops

WIDE = ("bf16", "f16", "f32")


@dataclass(frozen=True)
class ConvertFloat8:
    """The pass `convert-float8`."""

    name: ClassVar[str] = "convert-float8"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Replace every conversion between fp8 and bf16, f16 or f32."""
        count = 0
        for op in all_ops(module, *CASTS):
            source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
            if source is None or result is None:
                continue
            narrows = source.element in WIDE and result.element in FORMATS
            if narrows or (source.element in FORMATS and result.element in WIDE):
                with module.context, op.location, ir.InsertionPoint(op):
                    _convert(op, source, result)
                count += 1
        return count


def _convert(op: ir.Operation, source: TorchTensor, result: TorchTensor) -> None:
    value = to_builtin(op.operands[0])
    index = ir.IndexType.get()
    sizes = [tensor.dim(value, arith.constant(index, i)) if d is None else d for i, d in enumerate(source.dims)]
    element = result.builtin().element_type

    def body(e: Emitter, v: list[ir.Value]) -> ir.Value:
        if result.element in FORMATS:
            return encode(e, v[0], result.element)
        return round_to(e, decode(e, v[0], source.element), element)

    converted = elementwise([(value, tuple(range(len(sizes))))], tensor.empty(sizes, element), body)
    op.results[0].replace_all_uses_with(from_builtin(converted, op.results[0].type))
    op.erase()
