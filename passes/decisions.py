# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What became of row-wise ops: the lines of the report that the two lowerings write.

A source op has one line, whatever it became: its parts may be in two kernels, as those of a scale for a whole tensor
are. Absorbed ops (a cast, a sum, a product) have none; they are named beside those that they are fused with.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from torch_mlir import ir

from fanfold.dialect.absmax import AbsmaxOp
from fanfold.dialect.quantize import QuantizeOp
from fanfold.dialect.rms_norm import RMSNormOp
from fanfold.dialect.silu_mul import SiluMulOp
from fanfold.report import Decision

from .base import PassState
from .clustering import APART
from .origins import origins_of, split
from .source_ops import is_activation, source_of

#: What norms, activations and quantisations of the source model become; an absmax is a step of a quantisation.
COUNTED = frozenset(op.OPERATION_NAME for op in (RMSNormOp, SiluMulOp, QuantizeOp, AbsmaxOp))

#: What the ops of absorbed source ops are called in their origins; what is raised has another name.
_ABSORBED = ("aten.", "prims.")


def record(ops: Iterable[ir.Operation], kernel: str | None, state: PassState, reason: str = "") -> None:
    """Record one decision for each norm, activation and quantisation behind the row-wise `ops` of one region.

    Args:
        ops: The ops; terminators and columns, which compute nothing, are skipped.
        kernel: The kernel that computes them, or None when they have none.
        state: Takes the decisions.
        reason: Why they have no kernel. With a kernel, the reason is why an op is not with its producer.
    """
    reasons: dict[str, str] = {}
    counted: set[str] = set()
    for op in ops:
        if op.name in ("fanfold.yield", "fanfold.columns"):
            continue
        apart = op.attributes[APART].value if APART in op.attributes else ""
        # A source op may have become several ops: it is one line in the report all the same.
        for text in _accounts(op):
            reasons[text] = reason or reasons.get(text) or apart
            if not text.startswith(_ABSORBED) or is_activation(split(text)[0]):
                counted.add(text)
    for text, why in reasons.items():
        if text in counted:
            source, where = split(text)
            mates = tuple(split(other)[0] for other in reasons if other != text) if kernel else ()
            _add(text, Decision(source, where, kernel, mates, why), state)


def _accounts(op: ir.Operation) -> list[str]:
    """Return the origins of an op; what is absorbed stands for the op of the model that it was a part of."""
    known = source_of(op)
    if known is None or not is_activation(known.name):
        return origins_of(op)
    texts = [known.origin(split(t)[1]) if t.startswith(_ABSORBED) else t for t in origins_of(op)]
    return list(dict.fromkeys(texts))


def _add(text: str, new: Decision, state: PassState) -> None:
    """Add a decision, or what it says to that on the same op."""
    # Without a serial, two ops of one line cannot be told apart.
    if "#" not in text or text not in state.accounts:
        state.accounts[text] = len(state.decisions)
        state.decisions.append(new)
        return
    place = state.accounts[text]
    if place is None:
        return
    old = state.decisions[place]
    kernels = list(dict.fromkeys([*old.kernels, *new.kernels]))
    state.decisions[place] = replace(
        old,
        kernel=kernels[0] if kernels else None,
        also_in=tuple(kernels[1:]),
        fused_with=tuple((Counter(old.fused_with) | Counter(new.fused_with)).elements()),
        reason=old.reason or new.reason,
    )
