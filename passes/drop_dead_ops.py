# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Drop ops whose results nobody uses.

Before::

    %v = torch.aten.view %y, %sizes               // its only reader was folded away
    return %q

After::

    return %q

MLIR's own dead code elimination keeps torch ops, since they do not say that they have no effects. Within a function of
value-semantic tensors they have none. A dead view would keep its operand alive, which the kernel would have to write.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from .base import PassState
from .torch_values import users
from .walk import iterate

#: Dialects without side effects on tensors of value semantics.
PURE_DIALECTS = frozenset({"torch", "torch_c", "tensor", "arith", "fanfold"})

#: Ops of these dialects that do more than make their results; a custom op may do anything.
EFFECTFUL = frozenset({"torch.operator", "torch.overwrite.tensor.contents"})


@dataclass(frozen=True)
class DropDeadOps:
    """The pass `drop-dead-ops`."""

    name: ClassVar[str] = "drop-dead-ops"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Drop dead ops, users before producers, so that whole chains go in one walk."""
        count = 0
        for op in reversed(list(iterate(module))):
            if op.name in EFFECTFUL or op.name.partition(".")[0] not in PURE_DIALECTS:
                continue
            if len(op.results) and not any(users(result) for result in op.results):
                op.erase()
                count += 1
        return count
