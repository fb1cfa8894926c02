# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the raise passes share: refusals with reasons, and the builders from torch values to row form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from torch_mlir import ir
from torch_mlir.dialects import tensor

from fanfold.dialect.cast import CastOp
from fanfold.dialect.columns import ColumnsOp
from fanfold.dialect.elementwise import ElementwiseOp
from fanfold.dialect.quantize import (
    LARGEST_FINITE,
    LARGEST_FLOOR,
    LEAST_BOUND,
    LOW,
    SCALE_FORMATS,
    SCALE_LAYOUTS,
    QuantizeOp,
)
from fanfold.dialect.residual_add import ResidualAddOp
from fanfold.dialect.rms_norm import RMSNormOp
from fanfold.dialect.silu_mul import SiluMulOp
from fanfold.report import Decision

from .base import PassState
from .constants import rounded_to
from .origins import origin, split, stamp
from .row_form import from_builtin, from_rows, to_builtin
from .torch_values import TorchTensor, is_none, torch_tensor
from .walk import iterate

T = TypeVar("T")

FLOATS = ("bf16", "f16", "f32")


class RefusalError(Exception):
    """A source op cannot be raised; the text says which predicate failed."""


def require(condition: bool, reason: str) -> None:
    """Refuse unless `condition` holds."""
    if not condition:
        raise RefusalError(reason)


def required(value: T | None, reason: str) -> T:
    """Return `value`, or refuse if there is none."""
    if value is None:
        raise RefusalError(reason)
    return value


def row_tensor(value: ir.Value, what: str) -> TorchTensor:
    """Return what is known of `value`, which must be a float tensor of rank 1 or more with a static last dim."""
    known = required(torch_tensor(value.type), f"{what} has no known rank and dtype ({value.type})")
    require(len(known.dims) > 0, f"{what} has rank 0, no rows")
    require(known.dims[-1] != 0, f"the last dim of {what} is 0: there is nothing to compute")
    require(known.dims[-1] is not None, f"the last dim of {what} is dynamic; its width must be static")
    require(known.element in FLOATS, f"{what} is {known.element}, not one of {', '.join(FLOATS)}")
    return known


def _f64(value: float) -> ir.FloatAttr:
    return ir.FloatAttr.get(ir.F64Type.get(), value)


def _i64(value: int) -> ir.IntegerAttr:
    return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)


def _type(name: str) -> ir.Type:
    return ir.Type.parse(name)


def _like(rows: ir.Value, element: str, width: int | None = None) -> ir.RankedTensorType:
    return ir.RankedTensorType.get([rows.type.shape[0], width or rows.type.shape[1]], _type(element))


@dataclass(frozen=True)
class Raiser:
    """Builds `fanfold` ops in place of a source op, in row form, stamped with the source op as their origin.

    Attributes:
        source: The op that is raised.
        name: What the report calls it.
        serial: Its number among the raised ops.
    """

    source: ir.Operation
    name: str
    serial: int

    def rms_norm(
        self,
        rows: ir.Value,
        weight: ir.Value | None,
        eps: float,
        *,
        normalized: str,
        result: str,
        variance_size: int | None = None,
        weight_offset: float = 0.0,
    ) -> ir.Value:
        """Build `fanfold.rms_norm` on rows; `weight` is a torch tensor or None."""
        if weight is not None and not is_none(weight):
            known = torch_tensor(weight.type)
            width = rows.type.shape[1]
            require(
                known is not None and known.dims == (width,) and known.element in FLOATS,
                f"the weight is {weight.type}, not a float tensor of shape [{width}]",
            )
            weight = to_builtin(weight)
        else:
            weight = None
        size = rows.type.shape[1] if variance_size is None else variance_size
        require(0 < size <= rows.type.shape[1], f"variance size {size} is not within the width {rows.type.shape[1]}")
        op = RMSNormOp(
            rows,
            weight=weight,
            y=_like(rows, result),
            eps=_f64(eps),
            normalized_type=ir.TypeAttr.get(_type(normalized)),
            variance_size=_i64(size),
            weight_offset=_f64(weight_offset if weight is not None else 0.0),
        )
        return self._stamped(op, op.y)

    def residual_add(self, rows: ir.Value, residual: ir.Value, element: str = "f32") -> ir.Value:
        """Build the sum of two row tensors, rounded to `element`: in f32, it is not rounded."""
        op = ResidualAddOp(rows, residual, y=_like(rows, element))
        return self._stamped(op, op.y)

    def cast(self, rows: ir.Value, element: str) -> ir.Value:
        """Build a rounding to `element`."""
        op = CastOp(rows, y=_like(rows, element))
        return self._stamped(op, op.y)

    def columns(self, rows: ir.Value, offset: int, width: int) -> ir.Value:
        """Build the columns ``offset`` to ``offset + width``; all columns are the rows themselves."""
        if width == rows.type.shape[1]:
            return rows
        op = ColumnsOp(rows, _like(rows, str(rows.type.element_type), width), offset=_i64(offset))
        return self._stamped(op, op.y)

    def elementwise(
        self, function: str, rows: ir.Value, other: ir.Value | None, element: str, constant: float = 0.0
    ) -> ir.Value:
        """Build a function of each value; `other` is rows, or a builtin tensor with one value a column."""
        op = ElementwiseOp(
            rows,
            other=other,
            y=_like(rows, element),
            function=ir.StringAttr.get(function),
            constant=_f64(constant),
        )
        return self._stamped(op, op.y)

    def silu_mul(self, gate: ir.Value, up: ir.Value, element: str, *, activation: str, limit: float | None) -> ir.Value:
        """Build SwiGLU of two row tensors, with SiLU rounded to `activation`."""
        op = SiluMulOp(
            gate,
            up,
            _like(gate, element),
            activation_type=ir.TypeAttr.get(_type(activation)),
            # Eager clamps in the dtype of x, so the limit is rounded to it; then clamping in f32 is exact.
            limit=_f64(float("inf") if limit is None else rounded_to(limit, element)),
        )
        return self._stamped(op, op.y)

    def quantize(
        self,
        rows: ir.Value,
        element: str,
        *,
        granularity: str,
        group_size: int | None = None,
        bound: float | None = None,
        absmax_floor: float = 0.0,
        scale_floor: float = 0.0,
        form: str = "divide",
        scale_type: str = "f32",
        quotient_type: str = "f32",
        scale_format: str = "f32",
        scale_layout: str = "row",
        scale: ir.Value | None = None,
        ceiling: ir.Value | None = None,
        low: float | None = None,
    ) -> tuple[ir.Value, ir.Value | None]:
        """Build `fanfold.quantize`; `scale` and `ceiling` are torch tensors of one f32, and `low` is -bound if None."""
        require(element in LARGEST_FINITE, f"{element} is not one of {', '.join(LARGEST_FINITE)}")
        require(scale_format in SCALE_FORMATS, f"scale format {scale_format} is not one of {', '.join(SCALE_FORMATS)}")
        require(scale_layout in SCALE_LAYOUTS, f"scale layout {scale_layout} is not one of {', '.join(SCALE_LAYOUTS)}")
        bound = LARGEST_FINITE[element] if bound is None else bound
        require(bound >= LEAST_BOUND, f"the bound {bound:g} is no normal f32")
        for floor in (absmax_floor, scale_floor):
            require(floor <= LARGEST_FLOOR, f"the floor {floor:g} is no finite f32")
        width = rows.type.shape[1]
        group = width if group_size is None else group_size
        scales = None
        if scale is None and granularity == "tensor":
            scales = ir.RankedTensorType.get([1], ir.F32Type.get())
        elif scale is None:
            count = 1 if granularity == "token" else -(-width // group)
            packed = scale_format == "ue8m0_packed"
            scales = _like(rows, "i32" if packed else "f32", -(-count // 4) if packed else count)
        op = QuantizeOp(
            rows,
            scale=None if scale is None else one_f32(scale, "the scale"),
            ceiling=None if ceiling is None else one_f32(ceiling, "the upper bound of the scale"),
            q=_like(rows, element),
            scales=scales,
            granularity=ir.StringAttr.get(granularity),
            group_size=_i64(group),
            bound=_f64(bound),
            absmax_floor=_f64(absmax_floor),
            scale_floor=_f64(scale_floor),
            form=ir.StringAttr.get(form),
            scale_type=ir.TypeAttr.get(_type(scale_type)),
            quotient_type=ir.TypeAttr.get(_type(quotient_type)),
            scale_format=ir.StringAttr.get(scale_format),
            scale_layout=ir.StringAttr.get(scale_layout),
        )
        if low is not None and low != -op.bound.value:
            op.attributes[LOW] = _f64(low)
        self._stamped(op, op.q)
        return op.q, op.scales

    def replace(self, results: list[ir.Value | None], leading_of: ir.Value) -> None:
        """Replace the source op's results and erase it.

        Rows get the leading dims of `leading_of`; a tensor of rank 1 (one scale) stays what it is.
        """
        for old, new in zip(self.source.results, results, strict=True):
            if new is not None:
                is_rows = new.type.rank == 2
                old.replace_all_uses_with(
                    from_rows(new, leading_of, old.type) if is_rows else from_builtin(new, old.type)
                )
        self.source.erase()

    def _stamped(self, op: ir.OpView, value: ir.Value) -> ir.Value:
        stamp(op.operation, [origin(self.source, self.name, self.serial)])
        return value


def one_f32(value: ir.Value, what: str) -> ir.Value:
    """Return a torch tensor of one f32, of any rank, as ``tensor<1xf32>``."""
    known = torch_tensor(value.type)
    require(
        known is not None and known.element == "f32" and set(known.dims) <= {1},
        f"{what} is {value.type}, not a tensor of one f32",
    )
    builtin = to_builtin(value)
    rank = builtin.type.rank
    type_ = ir.RankedTensorType.get([1], ir.F32Type.get())
    if rank == 0:
        return tensor.expand_shape(type_, builtin, [], [], [1])
    return builtin if rank == 1 else tensor.collapse_shape(type_, builtin, [list(range(rank))])


#: Rewrites the raiser's source op, or raises `RefusalError` before it changes anything that lives on.
Raise = Callable[[Raiser], None]


def raise_all(
    module: ir.Module, state: PassState, names: Mapping[str, Raise], key: Callable[[ir.Operation], str | None]
) -> int:
    """Apply raise functions to every op that `key` names, and record those that refuse.

    Args:
        module: The module, rewritten in place.
        state: Takes the decisions on the refused.
        names: Raise functions by name.
        key: Maps an op to its name in `names`, or None.

    Returns:
        How many ops were raised.
    """
    count = 0
    for op in list(iterate(module)):
        name = key(op)
        if name is None or name not in names:
            continue
        try:
            with module.context, op.location, ir.InsertionPoint(op):
                names[name](Raiser(op, name, state.raised))
            count += 1
            state.raised += 1
        except RefusalError as refusal:
            source, where = split(origin(op, name))
            state.decisions.append(Decision(source, where, None, reason=str(refusal)))
    return count
