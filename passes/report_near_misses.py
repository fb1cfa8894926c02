# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Report what looks like a norm or a quantisation and which no raise pass speaks about.

Before::

    %n = torch.aten.linalg_vector_norm %x, %int2, [-1], keepdim = true
    %y = torch.aten.div.Tensor %x, %n                        // no mean of squares, no root
    %q = torch.prims.convert_element_type %z, %int0          // of a clamped float to uint8

After::

    the same, and in the report: "vector norm at ...", "quantize to ui8 at ..."

The raise passes give the exact predicate for what they almost took; this pass has the rest, so that no fusion fails to
fire in silence. It runs before any pass that takes elementwise ops, which may be a part of what it looks for. What is
farther from our ops (a division by the standard deviation, a type that kernels do not have) is missed only when a
kernel is its neighbour; else it is left to IREE.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir

from fanfold.dialect.quantize import LARGEST_FINITE, QuantizeOp
from fanfold.dialect.residual_add import ResidualAddOp
from fanfold.dialect.rms_norm import RMSNormOp
from fanfold.dialect.rows import ROW_OPS
from fanfold.dialect.silu_mul import SiluMulOp
from fanfold.report import Decision

from .base import PassState
from .fold_views import VIEWS
from .gaps import reader_ahead, ways_back
from .matching import EXPANSIONS, FLOATS, PRODUCTS, QUOTIENTS, clamped, core
from .origins import origins_of, position, split
from .source_ops import NORMS, source_of
from .torch_values import CASTS, constant_float, made_by, torch_tensor, users
from .walk import iterate

VECTOR_NORM = "torch.aten.linalg_vector_norm"

#: What stands between the length or the deviation of a vector and the division by it.
_STEPS = frozenset(
    {
        *(f"torch.aten.{name}" for name in ("clamp", "clamp_min", "maximum", "sqrt", "add.Scalar", "mul.Scalar")),
        *("torch.aten.add.Tensor", "torch.aten.div.Scalar", *VIEWS, *EXPANSIONS, *CASTS),
    }
)

#: Behind these, a product divides.
_INVERSES = frozenset({"torch.aten.rsqrt", "torch.aten.reciprocal"})

#: So many ops are between a length and the division by it at most.
_DEPTH = 8

#: Statistics that subtract the mean.
_DEVIATIONS = ("var", "std", "var_mean", "std_mean")

#: Ops whose results are expected to be quantised in the same kernel.
_PRODUCERS = frozenset(op.OPERATION_NAME for op in (RMSNormOp, SiluMulOp, ResidualAddOp))

#: Why a division by a vector's length is no norm of ours.
NO_NORM = (
    "x is divided by its Euclidean length: the norm multiplies x by rsqrt(mean(x^2) + eps), which rounds otherwise; "
    "use torch.nn.RMSNorm"
)

#: Why a division by the standard deviation is none.
NO_MEAN = "x is divided by its standard deviation, of which the mean is subtracted: kernels have RMS norms only"

#: Why a conversion to int8 without a rounding is no quantisation of ours.
NOT_ROUNDED = "the value is not rounded before the conversion, which cuts off: use x.round().clamp(-127, 127)"


@dataclass(frozen=True)
class ReportNearMisses:
    """The pass `report-near-misses`."""

    name: ClassVar[str] = "report-near-misses"

    def run(self, module: ir.Module, state: PassState) -> int:
        """Record a decision for each near miss; never rewrites anything."""
        for op in iterate(module):
            decision = _norm(op) or _conversion(op)
            if decision is not None:
                state.decisions.append(decision)
        return 0


def _norm(op: ir.Operation) -> Decision | None:
    """Return what to say of a statistic by which the tensor that it is of is divided."""
    where = position(op.location)
    is_length = op.name == VECTOR_NORM and constant_float(op.operands[1]) == 2.0
    if not (is_length or _is_deviation(op)) or not _divides(op.results[0], core(op.operands[0])):
        return None
    if is_length:
        return Decision("vector norm", where, None, reason=NO_NORM)
    reader = reader_ahead(op.results[0], QuantizeOp.OPERATION_NAME)
    if reader is None:
        return Decision("standard deviation", where, None, reason=NO_MEAN, left=True)
    return Decision("standard deviation", where, None, reason=f"{NO_MEAN}, and {_called(reader)} reads it")


def _is_deviation(op: ir.Operation) -> bool:
    """Return whether an op is a deviation or a variance; PyTorch's own norms have a decision by their names."""
    source = source_of(op)
    own = source is not None and source.name in NORMS
    return op.name.startswith("torch.aten.") and op.name.split(".")[2] in _DEVIATIONS and not own


def _divides(length: ir.Value, x: ir.Value, *, inverse: bool = False, depth: int = _DEPTH) -> bool:
    for user in users(length):
        if user.name in QUOTIENTS and user.operands[1] == length and _is_of(user.operands[0], x):
            return True
        if inverse and user.name in PRODUCTS and any(_is_of(v, x) for v in list(user.operands)[:2]):
            return True
        inverted = user.name in _INVERSES
        follows = depth and (inverted or user.name in _STEPS)
        if follows and _divides(user.results[0], x, inverse=inverse or inverted, depth=depth - 1):
            return True
    return False


def _is_of(value: ir.Value, x: ir.Value) -> bool:
    """Return whether a value is x, perhaps less its mean."""
    difference = made_by(core(value), "torch.aten.sub.Tensor")
    return core(value) == x or (difference is not None and core(difference.operands[0]) == x)


def _conversion(op: ir.Operation) -> Decision | None:
    """Return what to say of a conversion that quantises otherwise than kernels do."""
    if op.name not in CASTS:
        return None
    source, result = torch_tensor(op.operands[0].type), torch_tensor(op.results[0].type)
    if source is None or result is None or source.element not in FLOATS:
        return None
    element = result.element
    if element == "i8" and _is_clamped(op.operands[0]) and not _is_rounded(op.operands[0]):
        reason = NOT_ROUNDED
    elif element.startswith(("f8", "f4")) and element not in LARGEST_FINITE:
        reason = f"kernels quantise to {', '.join(LARGEST_FINITE)}, not to {element}"
    elif element == "ui8" and (_is_clamped(op.operands[0]) or _is_rounded(op.operands[0])):
        reason = f"kernels quantise to {', '.join(LARGEST_FINITE)}, not to unsigned integers"
    else:
        return None
    name, where = f"quantize to {element}", position(op.location)
    for way in ways_back(op.operands[0], lambda made: made.name in ROW_OPS):
        producer = way.made.owner.operation
        if producer.name in _PRODUCERS:
            return Decision(name, where, None, reason=f"{reason}; {_called(producer)} makes what it reads")
    return Decision(name, where, None, reason=reason, left=True)


def _called(op: ir.Operation) -> str:
    source, where = split(origins_of(op)[0])
    return f"{source} at {where}"


def _is_clamped(value: ir.Value) -> bool:
    return any(clamped(v) is not None for v in _before(value))


def _is_rounded(value: ir.Value) -> bool:
    return any(made_by(v, "torch.aten.round") is not None for v in _before(value))


def _before(value: ir.Value) -> list[ir.Value]:
    """Return what is clamped or rounded to a value, the value first."""
    value = core(value)
    bounds = clamped(value)
    rounding = made_by(value, "torch.aten.round")
    if bounds is not None:
        return [value, *_before(bounds.value)]
    return [value] if rounding is None else [value, *_before(rounding.operands[0])]
