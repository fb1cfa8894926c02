# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Own decompositions of ops on integers: torch-mlir reads bytes with a sign, and computes some ops through floats."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND, elementwise_dtypes
from torch.utils import _pytree

from .decomposing import Decomposition, Number, tensor

_ATEN = torch.ops.aten

#: Ops whose result or arithmetic depends on what a byte means. The tables of dtypes that they follow are PyTorch's.
_ARITHMETIC = (
    "abs.default neg.default reciprocal.default relu.default softplus.default square.default"
    " add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Scalar mul.Tensor mul.Scalar div.Tensor div.Scalar"
    " div.Tensor_mode div.Scalar_mode floor_divide.default floor_divide.Scalar"
    " remainder.Tensor remainder.Scalar remainder.Scalar_Tensor fmod.Tensor fmod.Scalar"
    " pow.Tensor_Tensor pow.Tensor_Scalar pow.Scalar atan2.default copysign.Tensor copysign.Scalar"
    " maximum.default minimum.default clamp.default clamp.Tensor clamp_min.default clamp_min.Tensor"
    " clamp_max.default clamp_max.Tensor addcmul.default addcdiv.default lerp.Scalar lerp.Tensor"
    " eq.Tensor ne.Tensor lt.Tensor le.Tensor gt.Tensor ge.Tensor"
    " eq.Scalar ne.Scalar lt.Scalar le.Scalar gt.Scalar ge.Scalar"
    " bitwise_left_shift.Tensor bitwise_right_shift.Tensor"
    " sum.default sum.dim_IntList prod.default prod.dim_int cumsum.default cumprod.default"
    " max.default min.default max.dim min.dim amax.default amin.default argmax.default argmin.default"
)

#: Ops of three operands; others have two, and numbers that say something else behind them.
_OF_THREE = ("clamp.Tensor", "addcmul.default", "addcdiv.default")

_COMPARED = ("eq", "ne", "lt", "le", "gt", "ge")

#: Comparisons and choices: the operands have the common dtype first, where a byte may become another number.
_IN_COMMON = (
    *(f"{name}.Tensor" for name in (*_COMPARED, "clamp", "clamp_min", "clamp_max")),
    "maximum.default",
    "minimum.default",
)

#: Comparisons with a number, of which eager, too, takes only what fits into a byte.
_WITH_NUMBER = tuple(f"{name}.Scalar" for name in _COMPARED)

#: Ops for which bits are enough once the operands have one dtype.
_OF_BITS = "where.self cat.default bitwise_and.Tensor bitwise_or.Tensor bitwise_xor.Tensor"

#: Ops that say whether elements are zero: of bytes they make bytes.
_LOGIC = "any.default any.dim any.dims all.default all.dim all.dims"

_BYTES = (torch.uint8, torch.int8)

#: What torch-mlir rejects for int8, or crashes on; ops with a number are more: it has no conversion of one to int8.
_NOT_OF_INT8 = (_ATEN.max.default, _ATEN.min.default, _ATEN.div.Tensor_mode, _ATEN.floor_divide.default)


def byte_decompositions() -> dict[Any, Decomposition]:
    """Return the decompositions of ops on bytes."""
    table = {op: _widened(op) for op in map(_overload, _ARITHMETIC.split())}
    table |= {op: _asked(op) for op in map(_overload, _LOGIC.split())}
    table |= {op: in_common(op) for op in map(_overload, _OF_BITS.split())}
    table |= {op: _as_int32(op) for op in (_ATEN.max_pool2d.default, _ATEN.max_pool1d.default)}
    table |= {op: _mean(op) for op in (_ATEN.mean.default, _ATEN.mean.dim)}
    return table


def _overload(name: str) -> Any:
    packet, overload = name.split(".")
    return getattr(getattr(_ATEN, packet), overload)


def _widened(op: Any) -> Decomposition:
    """Bytes are computed with as int32, and the result is a byte again where eager's is: it wraps around."""
    name = str(op).removeprefix("aten.")
    count = 3 if name in _OF_THREE else 2

    def decomposition(*args: Any, **kwargs: Any) -> Any:
        tensors = [x for x in _pytree.tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        if not any(x.dtype in _BYTES for x in tensors):
            return NotImplemented
        operands = [*args[:count], *(x for x in kwargs.values() if isinstance(x, Tensor))]
        common = _common([x for x in operands if isinstance(x, Tensor | Number | torch.SymInt | torch.SymFloat)])
        if not any(x.dtype == torch.uint8 for x in tensors) and not _crashes(op, args, tensors, common):
            return NotImplemented
        dtype = kwargs.get("dtype") or common
        if name in _IN_COMMON:
            args, kwargs = _pytree.tree_map(lambda x: x.to(common) if isinstance(x, Tensor) else x, (args, kwargs))
        if name in _WITH_NUMBER and common in _BYTES and type(args[1]) is int:
            args = (args[0], _wrapped(args[1], common))
        args, kwargs = _pytree.tree_map(lambda x: x.to(torch.int32) if _is_byte(x) else x, (args, kwargs))
        results = op(*args, **kwargs)
        return _pytree.tree_map(lambda y: y.to(dtype) if y.dtype == torch.int32 else y, results)

    return decomposition


def _wrapped(number: int, dtype: torch.dtype) -> int:
    least = torch.iinfo(dtype).min
    return (number - least) % 256 + least


def _common(operands: list[Any]) -> torch.dtype:
    """Return the dtype that eager computes in, whatever the result has."""
    return elementwise_dtypes(*operands, type_promotion_kind=ELEMENTWISE_TYPE_PROMOTION_KIND.DEFAULT)[1]


def _is_byte(x: Any) -> bool:
    return isinstance(x, Tensor) and x.dtype in _BYTES


def _crashes(op: Any, args: tuple[Any, ...], tensors: list[Tensor], common: torch.dtype) -> bool:
    """Return whether torch-mlir lacks what the op takes for int8: numbers, and conversions of others to it."""
    numbers = (bool, int, float, torch.SymInt, torch.SymFloat)
    has_number = any(type(x) in numbers for x in args) and "dim" not in op._overloadname
    is_mixed = common == torch.int8 and any(x.dtype != torch.int8 for x in tensors)
    return is_mixed or (tensors[0].dtype == torch.int8 and (has_number or op in _NOT_OF_INT8))


def in_common(op: Any, dtypes_to_convert: tuple[torch.dtype, ...] = _BYTES) -> Decomposition:
    """Return a decomposition for operands of several dtypes, one of which has to be converted by an op of its own."""

    def decomposition(*args: Any, **kwargs: Any) -> Any:
        first = 1 if op == _ATEN.where.self else 0
        operands = [x for x in _pytree.tree_leaves(args[first:]) if isinstance(x, Tensor)]
        dtypes = {x.dtype for x in operands}
        if len(dtypes) == 1 or dtypes.isdisjoint(dtypes_to_convert):
            return NotImplemented
        dtype = _common(operands)
        rest = _pytree.tree_map(lambda x: x.to(dtype) if isinstance(x, Tensor) else x, args[first:])
        return op(*args[:first], *rest, **kwargs)

    return decomposition


def clamp_by_tensors(op: Any) -> Decomposition:
    """Return the decomposition for bounds of another dtype: torch-mlir does not convert them."""
    return in_common(op, (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64))


def _as_int32(op: Any) -> Decomposition:
    def decomposition(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return op(x.to(torch.int32), *args, **kwargs).to(x.dtype) if x.dtype == torch.uint8 else NotImplemented

    return decomposition


def _mean(op: Any) -> Decomposition:
    """Of floats: torch-mlir converts what it has summed up, and bytes as if they had a sign."""

    def decomposition(x: Tensor, *args: Any, dtype: torch.dtype | None = None) -> Any:
        is_converted = dtype is not None and not x.dtype.is_floating_point and not x.dtype.is_complex
        return op(x.to(dtype), *args) if is_converted else NotImplemented

    return decomposition


def _asked(op: Any) -> Decomposition:
    def decomposition(x: Tensor, *args: Any, **kwargs: Any) -> Any:
        return op(x != 0, *args, **kwargs).to(torch.uint8) if x.dtype == torch.uint8 else NotImplemented

    return decomposition


def floor_divide(x: Tensor, y: Tensor) -> Tensor:
    """By the quotient that is cut; torch-mlir rounds down in f64, which is f32 where a target has no f64."""
    quotient = _ATEN.div.Tensor_mode(x, y, rounding_mode="trunc")
    rest = x - quotient * y
    return torch.where((rest != 0) & ((rest < 0) != (y < 0)), quotient - 1, quotient)


def fmod(x: Tensor | Number, y: Tensor | Number) -> Any:
    """What a quotient that is cut leaves."""
    dtype = torch.result_type(x, y)
    if dtype.is_floating_point or dtype == torch.bool:
        return NotImplemented
    a, b = tensor(x, dtype), tensor(y, dtype)
    return a - _ATEN.div.Tensor_mode(a, b, rounding_mode="trunc") * b


def remainder(x: Tensor | Number, y: Tensor | Number) -> Any:
    """As `fmod`, with the sign of the divisor; MLIR's SPIR-V takes the least integer for a positive one."""
    rest = fmod(x, y)
    return rest if rest is NotImplemented else torch.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


def negative(x: Tensor) -> Any:
    """A product: torch-mlir negates integers through floats, which lose the last digits."""
    return NotImplemented if x.dtype.is_floating_point or x.dtype.is_complex else x * -1


def square(x: Tensor) -> Any:
    """A product; torch-mlir has squares of floats."""
    return NotImplemented if x.dtype.is_floating_point or x.dtype.is_complex else x * x


def power(x: Tensor, exponent: Number) -> Any:
    """Products, as few as the binary digits of a whole exponent say; a fraction makes floats."""
    if x.dtype.is_floating_point or x.dtype.is_complex:
        return NotImplemented
    if type(exponent) is float:
        return torch.pow(x.to(torch.get_default_dtype()), exponent)
    if type(exponent) is not int or exponent < 0:
        return NotImplemented
    result, factor = None, x.to(torch.int64) if x.dtype == torch.bool else x
    while exponent:
        if exponent & 1:
            result = factor if result is None else result * factor
        exponent >>= 1
        factor = factor * factor if exponent else factor
    return torch.ones_like(factor) if result is None else result.clone()


def clamp(op: Any) -> Decomposition:
    """Return a decomposition for bounds that are floats: of integers, they make floats."""

    def decomposition(x: Tensor, *bounds: Number | None) -> Any:
        if x.dtype.is_floating_point or not any(isinstance(bound, float) for bound in bounds):
            return NotImplemented
        return op(x.to(torch.get_default_dtype()), *bounds)

    return decomposition
