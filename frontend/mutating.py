# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""vLLM's ``_C`` ops, which write into their arguments, in terms of the functional ops of fanfold.

Each op is planned as a call of one functional op whose results overwrite some of the arguments. One plan serves for the
eager implementation and for the rewrite of a captured graph. The semantics are those of vLLM's native (plain torch)
implementations; where its kernels differ from them, a comment says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
from torch.fx.experimental.symbolic_shapes import statically_known_true, sym_eq

from fanfold.errors import ExportError
from fanfold.ops.quantization import SCALE_LAYOUTS, scale_strides

#: vLLM keeps FNUZ values within 224, although the type reaches 240.
FP8_BOUNDS = {torch.float8_e4m3fn: 448.0, torch.float8_e4m3fnuz: 224.0}

_OPS = torch.ops.fanfold


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call of a mutating op.

    Attributes:
        op: The op's name, such as ``_C::rms_norm``.
        values: Every argument by name, as the functional op gets it: a tensor, a node of a graph, or a constant.
        tensors: The tensors among them, real or fake, to look at.
        location: Where the call stands in the user's code.
    """

    op: str
    values: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor]
    location: str | None = None

    def refuse(self, message: str, *, expected: object, found: object, remedy: str) -> ExportError:
        """Return the error that says why this call has no functional form."""
        return ExportError(
            f"{self.op}: {message}",
            stage="import",
            op=self.op,
            location=self.location,
            expected=str(expected),
            found=str(found),
            remedy=remedy,
        )

    def require_dtype(self, name: str, dtype: torch.dtype) -> None:
        """Check the dtype of a tensor that is overwritten.

        Raises:
            ExportError: If it is another one.
        """
        found = self.tensors[name].dtype
        if found != dtype:
            raise self.refuse(
                f"cannot write to {name}", expected=dtype, found=found, remedy=f"allocate {name} in the expected dtype"
            )

    def require_fits(self, name: str, result: torch.Tensor) -> None:
        """Check that a result overwrites the whole of an argument: it has as many elements.

        Raises:
            ExportError: If it has not, or if that depends on the sizes of an input.
        """
        target = self.tensors[name]
        if not (same_shape(target, result) or statically_known_true(target.numel() == result.numel())):
            raise self.refuse(
                f"{name} is not as large as what is written to it",
                expected=list(result.shape),
                found=list(target.shape),
                remedy=f"allocate {name} without padding",
            )


@dataclass(frozen=True)
class Plan:
    """A call of a functional op, and the arguments that its results overwrite, in their order."""

    op: torch._ops.OpOverload
    args: tuple[Any, ...]
    targets: tuple[str, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def same_shape(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors are known to have the same shape, whatever the dynamic sizes are."""
    return one.dim() == other.dim() and statically_known_true(sym_eq(one.shape, other.shape))


def _rms_norm(a: Arguments) -> Plan:
    a.require_dtype("result", a.tensors["input"].dtype)
    v = a.values
    return Plan(_OPS.rms_norm.default, (v["input"], v["weight"], v["epsilon"]), ("result",))


def _fused_add_rms_norm(a: Arguments) -> Plan:
    # vLLM's kernel normalises the rounded sum, its native implementation the f32 one.
    v = a.values
    args = (v["input"], v["residual"], v["weight"], v["epsilon"])
    return Plan(_OPS.add_rms_norm.default, args, ("input", "residual"))


def _silu_and_mul(a: Arguments) -> Plan:
    a.require_dtype("out", a.tensors["input"].dtype)
    return Plan(_OPS.silu_and_mul.default, (a.values["input"],), ("out",))


def _fp8(a: Arguments, name: str) -> tuple[torch.dtype, float]:
    dtype = a.tensors[name].dtype
    if dtype not in FP8_BOUNDS:
        raise a.refuse(
            f"cannot write to {name}",
            expected=" or ".join(map(str, FP8_BOUNDS)),
            found=dtype,
            remedy=f"allocate {name} in the fp8 dtype of the platform",
        )
    return dtype, FP8_BOUNDS[dtype]


def _static_quant(a: Arguments) -> Plan:
    v = a.values
    shape, scale = v["group_shape"], a.tensors["scale"]
    if (shape is not None and tuple(shape) != (-1, -1)) or not statically_known_true(scale.numel() == 1):
        raise a.refuse(
            "only one scale for the whole tensor is supported",
            expected="a scale of one element, group_shape None or (-1, -1)",
            found=f"a scale of shape {list(scale.shape)}, group_shape {shape}",
            remedy="quantise dynamically, or with plain torch ops",
        )
    dtype, bound = _fp8(a, "result")
    return Plan(_OPS.static_quant.default, (v["input"], v["scale"], dtype), ("result",), {"bound": bound})


# Native vLLM multiplies by the reciprocal of the scale of a tensor or token, as its kernel does for a tensor; its
# kernel for tokens divides. Group quantisation divides everywhere.


def _tensor_quant(a: Arguments) -> Plan:
    # The kernel has no floor: zeros alone make it NaN.
    dtype, bound = _fp8(a, "result")
    a.require_dtype("scale", torch.float32)
    kwargs = {"reciprocal": True, "bound": bound}
    return Plan(_OPS.tensor_quant.default, (a.values["input"], dtype), ("result", "scale"), kwargs)


def _token_quant(a: Arguments) -> Plan:
    dtype, bound = _fp8(a, "result")
    a.require_dtype("scale", torch.float32)
    kwargs = {"scale_ub": a.values["scale_ub"], "reciprocal": True, "bound": bound}
    return Plan(_OPS.token_quant.default, (a.values["input"], dtype), ("result", "scale"), kwargs)


def _may_be(scales: torch.Tensor, layout: str) -> bool:
    """Return whether the strides of `scales` do not contradict a layout, as far as the sizes are known."""

    def example(value: Any) -> int | None:
        return value if isinstance(value, int) else value.node.hint if value.node.has_hint() else None

    def differ(one: Any, other: Any) -> bool:
        known = example(one), example(other)
        return statically_known_true(one != other) or (None not in known and known[0] != known[1])

    wanted = scale_strides(scales.shape, layout)
    return not any(
        differ(stride, other)
        for size, stride, other in zip(scales.shape, scales.stride(), wanted, strict=True)
        if not statically_known_true(size == 1)
    )


def _layout(a: Arguments, name: str, preferred: str) -> str:
    """Return the layout of the scales; the strides decide, and `preferred` where they allow it."""
    scales = a.tensors[name]
    for layout in (preferred, *SCALE_LAYOUTS):
        if _may_be(scales, layout):
            return layout
    raise a.refuse(
        f"the memory layout of {name} is not known",
        expected="scales that lie row by row, column by column, or that with rows padded to a multiple of 4",
        found=f"shape {list(scales.shape)}, strides {list(scales.stride())}",
        remedy=f"allocate {name} of shape [rows, groups] with torch.empty or torch.empty_strided",
    )


def _group_quant(a: Arguments, prefix: str, scales: str, scale_format: str, preferred: str) -> Plan:
    v = a.values
    low, high = v[f"{prefix}_min"], v[f"{prefix}_max"]
    # absmax / scale is the upper bound to within one ulp: a lower one that is further away, as int8's -128, is not
    # reached, and clamps nothing.
    if low > -high:
        raise a.refuse(
            "the bounds are not symmetric",
            expected=f"{prefix}_min <= -{prefix}_max",
            found=f"{low} and {high}",
            remedy="pass the range of the element type",
        )
    a.require_dtype(scales, torch.int32 if scale_format == "ue8m0_packed" else torch.float32)
    kwargs = {
        "absmax_floor": v["eps"],
        "bound": high,
        "scale_format": scale_format,
        "scale_layout": _layout(a, scales, preferred),
    }
    args = (v["input"], v["group_size"], a.tensors["output_q"].dtype)
    return Plan(_OPS.group_quant.default, args, ("output_q", scales), kwargs)


def _group_fp8(a: Arguments) -> Plan:
    v = a.values
    column = "column_padded" if v["dummy_is_tma_aligned"] else "column"
    preferred = column if v["dummy_is_scale_transposed"] else "row"
    # The kernel bounds a scale by 1e-10 from below before it rounds it up; the native implementation does not.
    return _group_quant(a, "fp8", "output_s", "ue8m0" if v["scale_ue8m0"] else "f32", preferred)


def _group_fp8_packed(a: Arguments) -> Plan:
    return _group_quant(a, "fp8", "output_s_packed", "ue8m0_packed", "column_padded")


def _group_int8(a: Arguments) -> Plan:
    # The native implementation rounds to nearest; the kernel cuts the fraction off.
    a.require_dtype("output_q", torch.int8)
    return _group_quant(a, "int8", "output_s", "f32", "row")


@dataclass(frozen=True)
class MutatingOp:
    """One op of the namespace ``_C``: its schema and how its calls are planned."""

    schema: str
    plan: Callable[[Arguments], Plan]

    @property
    def name(self) -> str:
        """The op's name without the namespace."""
        return self.schema.partition("(")[0]

    def parsed(self) -> torch.FunctionSchema:
        """Return the schema with its arguments and defaults."""
        return _parse(self.schema)

    def run(self, *args: Any, **kwargs: Any) -> None:
        """Execute the op: the eager implementation."""
        arguments = self.parsed().arguments
        values = {argument.name: argument.default_value for argument in arguments}
        values |= dict(zip(values, args, strict=False)) | kwargs
        tensors = {name: value for name, value in values.items() if isinstance(value, torch.Tensor)}
        call = Arguments(f"_C::{self.name}", values, tensors)
        plan = self.plan(call)
        results = plan.op(*plan.args, **plan.kwargs)
        for name, result in zip(plan.targets, results if len(plan.targets) > 1 else (results,), strict=True):
            call.require_fits(name, result)
            tensors[name].copy_(result.reshape(tensors[name].shape))


@cache
def _parse(schema: str) -> torch.FunctionSchema:
    return torch._C.parse_schema(f"_C::{schema}")


_ALL = (
    MutatingOp("rms_norm(Tensor! result, Tensor input, Tensor weight, float epsilon) -> ()", _rms_norm),
    MutatingOp(
        "fused_add_rms_norm(Tensor! input, Tensor! residual, Tensor weight, float epsilon) -> ()", _fused_add_rms_norm
    ),
    MutatingOp("silu_and_mul(Tensor! out, Tensor input) -> ()", _silu_and_mul),
    MutatingOp(
        "static_scaled_fp8_quant(Tensor! result, Tensor input, Tensor scale, (int, int)? group_shape=None) -> ()",
        _static_quant,
    ),
    MutatingOp("dynamic_scaled_fp8_quant(Tensor! result, Tensor input, Tensor! scale) -> ()", _tensor_quant),
    MutatingOp(
        "dynamic_per_token_scaled_fp8_quant(Tensor! result, Tensor input, Tensor! scale, Tensor? scale_ub) -> ()",
        _token_quant,
    ),
    MutatingOp(
        "per_token_group_fp8_quant(Tensor input, Tensor! output_q, Tensor! output_s, int group_size, float eps, "
        "float fp8_min, float fp8_max, bool scale_ue8m0, bool dummy_is_scale_transposed, bool dummy_is_tma_aligned"
        ") -> ()",
        _group_fp8,
    ),
    MutatingOp(
        "per_token_group_fp8_quant_packed(Tensor input, Tensor! output_q, Tensor! output_s_packed, int group_size, "
        "float eps, float fp8_min, float fp8_max) -> ()",
        _group_fp8_packed,
    ),
    MutatingOp(
        "per_token_group_quant_int8(Tensor input, Tensor! output_q, Tensor! output_s, int group_size, float eps, "
        "float int8_min, float int8_max) -> ()",
        _group_int8,
    ),
)

#: The ops by name.
MUTATING_OPS = {op.name: op for op in _ALL}
