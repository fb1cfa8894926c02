# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an op computes of its operands, all threads at once: the first axis of every array is the thread."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch_mlir import ir

Array = np.ndarray[Any, Any]

#: NumPy's type of an MLIR element type.
NUMPY = {
    "f32": np.float32,
    "f16": np.float16,
    "i1": np.bool_,
    "i8": np.int8,
    "i16": np.int16,
    "i32": np.int32,
    "i64": np.int64,
    "index": np.int64,
}


def _bf16_pair(high: Array, low: Array) -> Array:
    halves = [torch.from_numpy(np.ascontiguousarray(v)).bfloat16().view(torch.int16).numpy() for v in (high, low)]
    # PTX: a NaN becomes the one with all bits set but the sign.
    halves = [np.where(np.isnan(v), 0x7FFF, h) for v, h in zip((high, low), halves, strict=True)]
    return (halves[0].astype(np.int32) << 16) | (halves[1].astype(np.int32) & 0xFFFF)


def _fp8_pair(dtype: torch.dtype, high: Array, low: Array) -> Array:
    largest = torch.finfo(dtype).max
    halves = []
    for value in (high, low):
        code = torch.from_numpy(np.clip(value, -largest, largest)).to(dtype).view(torch.uint8).numpy()
        halves.append(np.where(np.isnan(value), 0x7F, code).astype(np.int32))
    return ((halves[0] << 8) | halves[1]).astype(np.int16)


#: What instructions compute of their sources, as the vendors document it, by how their text begins. PTX has the source
#: of the high half first, AMD that of the low half.
INSTRUCTIONS: dict[str, Callable[[Array, Array], Array]] = {
    "cvt.rn.bf16x2.f32 ": _bf16_pair,
    "v_cvt_pk_bf16_f32 ": lambda low, high: _bf16_pair(high, low),
    "cvt.rn.satfinite.e4m3x2.f32 ": functools.partial(_fp8_pair, torch.float8_e4m3fn),
    "cvt.rn.satfinite.e5m2x2.f32 ": functools.partial(_fp8_pair, torch.float8_e5m2),
}


def element_size(element: ir.Type) -> int:
    return np.dtype(NUMPY[str(element)]).itemsize


def _unsigned(value: Array) -> Array:
    return value.view(value.dtype.str.replace("i", "u"))


def _signed(value: Array) -> Array:
    return value.view(value.dtype.str.replace("u", "i"))


def _of_unsigned(fn: Callable[..., Array]) -> Callable[..., Array]:
    return lambda _, *operands: _signed(fn(*(_unsigned(v) for v in operands)))


def _element(value: ir.Value) -> Any:
    type_ = value.type
    return NUMPY[str(type_.element_type if isinstance(type_, ir.VectorType) else type_)]


def _bitcast(op: ir.Operation, value: Array) -> Array:
    return np.ascontiguousarray(value).view(_element(op.results[0]))


def _cmpi(op: ir.Operation, left: Array, right: Array) -> Array:
    predicate = ir.IntegerAttr(op.attributes["predicate"]).value
    if predicate >= 6:
        left, right, predicate = _unsigned(left), _unsigned(right), predicate - 4
    compare = (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)[predicate]
    return compare(left, right)


def _cmpf(op: ir.Operation, left: Array, right: Array) -> Array:
    match ir.IntegerAttr(op.attributes["predicate"]).value:
        case 4:
            return left < right
        case 14:
            return np.isnan(left) | np.isnan(right)
    raise NotImplementedError(str(op))


def _select(_: ir.Operation, condition: Array, left: Array, right: Array) -> Array:
    if condition.ndim < left.ndim:
        condition = condition[:, None]
    return np.where(condition, left, right)


def _fma(_: ir.Operation, a: Array, b: Array, c: Array) -> Array:
    return (a.astype(np.longdouble) * b.astype(np.longdouble) + c.astype(np.longdouble)).astype(np.float32)


def _reduction(op: ir.Operation, value: Array) -> Array:
    kind = str(op.attributes["kind"])
    if "maxsi" in kind:
        return value.max(axis=1)
    if "add" in kind:
        return value.sum(axis=1, dtype=value.dtype)
    raise NotImplementedError(str(op))


def _extract(op: ir.Operation, value: Array) -> Array:
    (at,) = ir.DenseI64ArrayAttr(op.attributes["static_position"])
    return value[:, at]


def _broadcast(op: ir.Operation, value: Array) -> Array:
    (count,) = ir.VectorType(op.results[0].type).shape
    return np.repeat(value.reshape(-1, 1), count, axis=1)


def _float_binary(fn: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    return lambda _, left, right: fn(left, right)


def _divf(_: ir.Operation, left: Array, right: Array) -> Array:
    return left / right


def _to_int(op: ir.Operation, value: Array) -> Array:
    return np.nan_to_num(value, nan=0.0, posinf=2.0**31 - 128, neginf=-(2.0**31)).astype(_element(op.results[0]))


def _convert(op: ir.Operation, value: Array) -> Array:
    return value.astype(_element(op.results[0]))


def _extui(op: ir.Operation, value: Array) -> Array:
    wide = value.astype(np.uint8) if value.dtype == np.bool_ else _unsigned(value)
    return wide.astype(_element(op.results[0]))


PURE: dict[str, Callable[..., Array]] = {
    "arith.addi": lambda _, a, b: a + b,
    "arith.subi": lambda _, a, b: a - b,
    "arith.muli": lambda _, a, b: a * b,
    "arith.divui": _of_unsigned(np.floor_divide),
    "arith.remui": _of_unsigned(np.remainder),
    "arith.ceildivui": lambda _, a, b: -(-a // b),
    "arith.minui": _of_unsigned(np.minimum),
    "arith.maxsi": lambda _, a, b: np.maximum(a, b),
    "arith.minsi": lambda _, a, b: np.minimum(a, b),
    "arith.andi": lambda _, a, b: a & b,
    "arith.ori": lambda _, a, b: a | b,
    "arith.xori": lambda _, a, b: a ^ b,
    "arith.shli": lambda _, a, b: a << b,
    "arith.shrsi": lambda _, a, b: a >> b,
    "arith.shrui": _of_unsigned(np.right_shift),
    "arith.extui": _extui,
    "arith.trunci": _convert,
    "arith.index_castui": _extui,
    "arith.bitcast": _bitcast,
    "arith.cmpi": _cmpi,
    "arith.cmpf": _cmpf,
    "arith.select": _select,
    "arith.addf": _float_binary(np.add),
    "arith.subf": _float_binary(np.subtract),
    "arith.mulf": _float_binary(np.multiply),
    "arith.divf": _divf,
    "arith.negf": lambda _, a: -a,
    "arith.minimumf": _float_binary(np.minimum),
    "arith.maximumf": _float_binary(np.maximum),
    "arith.fptosi": _to_int,
    "arith.sitofp": _convert,
    "arith.extf": _convert,
    "arith.truncf": _convert,
    "math.fma": _fma,
    "math.sqrt": lambda _, a: np.sqrt(a),
    # Correctly rounded: the device's own is as good or a little worse.
    "math.exp": lambda _, a: np.exp(a.astype(np.float64)).astype(np.float32),
    "math.roundeven": lambda _, a: np.rint(a),
    "vector.broadcast": _broadcast,
    "vector.reduction": _reduction,
    "vector.extract": _extract,
    "vector.bitcast": _bitcast,
    "vector.from_elements": lambda _, *values: np.stack(values, axis=1),
}
