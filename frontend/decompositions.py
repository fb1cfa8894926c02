# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Own decompositions: ops whose other lowerings round elsewhere than eager PyTorch on CPU, or do not exist.

Each is what ATen's CPU kernel computes, op by op, so that `keep-roundings` finds the same rounding points. "Narrow" is
computed in the tensor's own dtype, with a rounding after each step; "wide" is computed in f32 and rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from . import decompose_functions as functions
from . import decompose_integers as integers
from .decomposing import NARROW, Decomposition, Number, first_of, is_exact, tensor, wide
from .scaled_mm import scaled_mm

_ATEN = torch.ops.aten
_UNSIGNED = (torch.bool, torch.uint8)

#: Up to as many factors, eager multiplies one after the other, whatever the vector width.
_SEQUENTIAL = 32


def own_decompositions(others: Mapping[Any, Decomposition]) -> dict[Any, Decomposition]:
    """Return our decompositions; where one does not apply, that of `others` is used, or the op is kept."""
    return {op: _with_fallback(fn, others.get(op)) for op, fn in _OWN.items()}


def _with_fallback(own: Decomposition, other: Decomposition | None) -> Decomposition:
    def decomposition(*args: Any, **kwargs: Any) -> Any:
        result = own(*args, **kwargs)
        return other(*args, **kwargs) if result is NotImplemented and other is not None else result

    return decomposition


def _gelu(x: Tensor, approximate: str = "none") -> Any:
    """Wide; torch-mlir has another constant in the polynomial."""
    if approximate != "tanh":
        return NotImplemented
    f = wide(x)
    inner = math.sqrt(2 / math.pi) * (f + 0.044715 * (f * f * f))
    return (0.5 * f * (1 + inner.tanh())).to(x.dtype)


def _pow(x: Tensor, exponent: Number) -> Any:
    """Products for 3 and -2: narrow in bf16, wide in f16. A size is no constant, and has to be told from a fraction."""
    if isinstance(exponent, torch.SymInt | torch.SymFloat):
        return torch.pow(x, tensor(exponent, x.dtype)) if x.is_floating_point() else NotImplemented
    if exponent not in (3, -2) or not x.is_floating_point():
        return NotImplemented
    base = wide(x) if x.dtype == torch.float16 else x
    return (base * base * base if exponent == 3 else (base * base).reciprocal()).to(x.dtype)


def _logsumexp(x: Tensor, dim: list[int], keepdim: bool = False) -> Any:
    """Narrow."""
    if not x.is_floating_point():
        return NotImplemented
    largest = x.amax(dim, keepdim=True)
    largest = torch.where(largest.abs() == math.inf, 0, largest)
    summed = (x - largest).exp().sum(dim, keepdim=keepdim)
    return summed.log() + (largest if keepdim else largest.squeeze(dim))


def _log_softmax(x: Tensor, dim: int, half_to_float: bool) -> Any:
    """Wide, but over the last dim the sum and its logarithm are rounded."""
    is_last = dim in (-1, x.dim() - 1)
    if x.dtype not in NARROW or half_to_float or not is_last:
        return NotImplemented
    shifted = x.to(torch.float32) - x.amax(dim, keepdim=True).to(torch.float32)
    summed = shifted.exp().sum(dim, keepdim=True).to(x.dtype)
    return (shifted - summed.log().to(torch.float32)).to(x.dtype)


def _xlogy(x: Tensor | Number, y: Tensor | Number) -> Any:
    """Narrow."""
    dtype = torch.result_type(x, y)
    if not dtype.is_floating_point:
        return NotImplemented
    factor, argument = tensor(x, dtype), tensor(y, dtype)
    product = torch.where(factor == 0, 0, factor * argument.log())
    return torch.where(argument.isnan(), argument, product)


def _prod(x: Tensor, dim: int, keepdim: bool = False, *, dtype: torch.dtype | None = None) -> Any:
    """Narrow, one factor after the other."""
    x = x if dtype is None else x.to(dtype)
    size = x.shape[dim] if x.dim() else 1
    if x.dtype not in NARROW or not isinstance(size, int) or not 1 < size <= _SEQUENTIAL:
        return NotImplemented
    product, *factors = x.split(1, dim)
    for factor in factors:
        product = product * factor
    return product if keepdim else product.squeeze(dim)


def _log10(x: Tensor) -> Any:
    """Wide; IREE has no log10 on CPU."""
    return (wide(x).log2() * math.log10(2)).to(x.dtype) if x.is_floating_point() else NotImplemented


def _fmod(x: Tensor, y: Number) -> Any:
    """The number is rounded."""
    dtype = torch.result_type(x, y)
    return torch.fmod(x.to(dtype), tensor(y, dtype))


def _remainder_of_number(x: Number, y: Tensor) -> Tensor:
    dtype = torch.result_type(x, y)
    return torch.remainder(tensor(x, dtype), y.to(dtype))


def _copysign(x: Tensor, y: Tensor | Number) -> Any:
    """By the sign bit; of rank 0, by the sign of the reciprocal of a zero."""
    dtype = torch.result_type(x, y)
    dtype = dtype if dtype.is_floating_point else torch.get_default_dtype()
    magnitude = x.to(dtype).abs()
    if not isinstance(y, Tensor):
        return -magnitude if math.copysign(1, y) < 0 else magnitude
    same_size = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    if not y.is_floating_point():
        is_negative = y < 0
    elif y.dim():
        is_negative = y.view(same_size[y.element_size()]) < 0
    else:  # IREE crashes on a view of a constant of rank 0
        is_negative = torch.where(y == 0.0, y.reciprocal(), y) < 0.0
    return torch.where(is_negative, -magnitude, magnitude)


def _divide(x: Tensor | Number, y: Tensor | Number, *, rounding_mode: str | None) -> Any:
    """Narrow, but wide when the divisor is a number or has rank 0; of integers, as integers."""
    dtype = torch.result_type(x, y)
    if rounding_mode == "floor" and not dtype.is_floating_point:
        return integers.floor_divide(tensor(x, dtype), tensor(y, dtype))
    if not dtype.is_floating_point or rounding_mode is None:
        return NotImplemented
    is_wide = dtype in NARROW and not (isinstance(y, Tensor) and y.dim())
    computed = torch.float32 if is_wide else dtype
    a, b = tensor(x, dtype).to(computed), y.to(computed) if isinstance(y, Tensor) else y
    quotient = a / b
    rounded = quotient.trunc() if rounding_mode == "trunc" else _floored(a, b, quotient)
    return rounded.to(dtype)


def _floored(a: Tensor, b: Tensor | Number, quotient: Tensor) -> Tensor:
    """Return the floor of a / b as Python has it: of the exact quotient, not of the rounded one."""
    if not isinstance(b, Tensor) and b == 0:
        return quotient
    rest = torch.fmod(a, b)
    exact = (a - rest) / b
    has_other_sign = (rest != 0) & ((rest < 0) != (b < 0))
    exact = torch.where(has_other_sign, exact - 1, exact)
    floor = exact.floor()
    floor = torch.where(exact - floor > 0.5, floor + 1, floor)
    floor = torch.where(exact == 0, quotient * 0, floor)
    return torch.where(b == 0, quotient, floor) if isinstance(b, Tensor) else floor


def _round(x: Tensor, *, decimals: int) -> Any:
    """Wide."""
    return _ATEN.round.decimals(wide(x), decimals=decimals).to(x.dtype) if x.dtype in NARROW else NotImplemented


def _arange(start: Number, end: Number, step: Number = 1, *, dtype: torch.dtype | None = None, **_: Any) -> Any:
    """Wide; eager adds vectors of steps in the narrow dtype, and its values depend on their width."""
    numbers = (start, end, step)
    is_static = all(type(n) in (int, float) for n in numbers)
    if dtype not in NARROW or not is_static or all(float(n).is_integer() for n in numbers):
        return NotImplemented
    count = math.ceil((end - start) / step)
    return (start + step * torch.arange(count).to(torch.float32)).to(dtype)


def _compare(op: Any) -> Decomposition:
    """torch-mlir compares in f64, with a number that is not rounded to the tensor's dtype.

    It folds `t < 0`, with t a constant, to the wrong result if the 0 is an integer.
    """

    def compare(x: Tensor, y: Number) -> Any:
        if not x.is_floating_point():
            return NotImplemented
        if isinstance(y, torch.SymInt | torch.SymFloat):
            # IREE has no conversion between f64 and bf16 on CPU.
            is_narrow = x.dtype in NARROW
            return op.overloadpacket(wide(x), wide(tensor(y, x.dtype))) if is_narrow else NotImplemented
        if not is_exact(y, x.dtype):
            return op.overloadpacket(x, tensor(y, x.dtype))
        return op(x, float(y)) if type(y) is int else NotImplemented

    return compare


def _sign(x: Tensor) -> Any:
    """For rank 0, of comparisons that torch-mlir folds right."""
    if x.dim() or not x.is_floating_point():
        return NotImplemented
    return torch.where(x > 0.0, 1.0, torch.where(x < 0.0, -1.0, x * 0.0)).to(x.dtype)


def _sort(x: Tensor, dim: int = -1, descending: bool = False) -> Any:
    """Without a sign: torch-mlir compares bytes and flags as if they had one."""
    if x.dtype not in _UNSIGNED:
        return NotImplemented
    values, positions = _ATEN.sort.default(x.to(torch.int16), dim, descending)
    return values.to(x.dtype), positions


def _sort_stable(x: Tensor, *, stable: bool | None, dim: int = -1, descending: bool = False) -> Any:  # noqa: ARG001
    """As any: the pass `lower-sorts` leaves what is equal in its order."""
    return _ATEN.sort.default(x, dim, descending)


def _topk(x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:  # noqa: A002
    """Without a sign, as a sort."""
    if x.dtype not in _UNSIGNED:
        return NotImplemented
    values, positions = _ATEN.topk.default(x.to(torch.int16), k, dim, largest, sorted)
    return values.to(x.dtype), positions


def _floor_divide(x: Tensor | Number, y: Tensor | Number) -> Any:
    return _divide(x, y, rounding_mode="floor")


_FUNCTIONS: dict[Any, Decomposition] = {
    _ATEN.pow.Tensor_Tensor: functions.of_two(functions.power),
    _ATEN.pow.Scalar: functions.power_of_number,
    _ATEN.fmod.Tensor: functions.of_two(functions.remainder_of_division),
    _ATEN.atan.default: functions.of_one(functions.arctangent),
    _ATEN.atan2.default: functions.of_two(functions.arctangent_of_two),
    _ATEN.sinh.default: functions.of_one(functions.sinh),
    _ATEN.asinh.default: functions.of_one(functions.asinh),
    _ATEN.acosh.default: functions.of_one(functions.acosh),
    _ATEN.atanh.default: functions.of_one(functions.atanh),
    _ATEN.hypot.default: functions.of_two(functions.hypotenuse),
    _ATEN.logaddexp.default: functions.of_two(functions.sum_of_exponentials),
    _ATEN.isfinite.default: functions.is_finite,
    _ATEN.signbit.default: functions.has_sign,
    _ATEN.threshold.default: functions.threshold,
    _ATEN.argmax.default: functions.position(_ATEN.argmax.default, largest=True),
    _ATEN.argmin.default: functions.position(_ATEN.argmin.default, largest=False),
    _ATEN.max.dim: functions.value_and_position(_ATEN.amax.default, _ATEN.argmax.default, largest=True),
    _ATEN.min.dim: functions.value_and_position(_ATEN.amin.default, _ATEN.argmin.default, largest=False),
    **{
        op: functions.average(op)
        for op in (_ATEN.avg_pool1d.default, _ATEN.avg_pool2d.default, _ATEN.avg_pool3d.default)
    },
}

_INTEGERS: dict[Any, Decomposition] = {
    **{op: functions.of_integers(op) for op in (_ATEN.sin.default, _ATEN.cos.default, _ATEN.tan.default)},
    _ATEN.log10.default: functions.of_integers(_ATEN.log10.default),
    _ATEN.atan2.default: functions.of_integers(_ATEN.atan2.default),
    _ATEN.neg.default: integers.negative,
    _ATEN.square.default: integers.square,
    _ATEN.pow.Tensor_Scalar: integers.power,
    _ATEN.fmod.Scalar: integers.fmod,
    _ATEN.fmod.Tensor: integers.fmod,
    _ATEN.remainder.Scalar: integers.remainder,
    _ATEN.remainder.Tensor: integers.remainder,
    _ATEN.remainder.Scalar_Tensor: integers.remainder,
    **{
        op: integers.clamp_by_tensors(op) for op in (_ATEN.clamp.Tensor, _ATEN.clamp_min.Tensor, _ATEN.clamp_max.Tensor)
    },
    **{op: integers.clamp(op) for op in (_ATEN.clamp.default, _ATEN.clamp_min.default, _ATEN.clamp_max.default)},
}

_ROUNDINGS: dict[Any, Decomposition] = {
    _ATEN._scaled_mm.default: scaled_mm,
    _ATEN.gelu.default: _gelu,
    _ATEN.pow.Tensor_Scalar: _pow,
    _ATEN.logsumexp.default: _logsumexp,
    _ATEN._log_softmax.default: _log_softmax,
    _ATEN.xlogy.Tensor: _xlogy,
    _ATEN.xlogy.Scalar_Self: _xlogy,
    _ATEN.xlogy.Scalar_Other: _xlogy,
    _ATEN.prod.dim_int: _prod,
    _ATEN.log10.default: _log10,
    _ATEN.fmod.Scalar: _fmod,
    _ATEN.remainder.Scalar_Tensor: _remainder_of_number,
    _ATEN.copysign.Tensor: _copysign,
    _ATEN.copysign.Scalar: _copysign,
    _ATEN.div.Tensor_mode: _divide,
    _ATEN.div.Scalar_mode: _divide,
    _ATEN.arange.start_step: _arange,
    _ATEN.round.decimals: _round,
    _ATEN.sign.default: _sign,
    _ATEN.sort.default: _sort,
    _ATEN.sort.stable: _sort_stable,
    _ATEN.topk.default: _topk,
    **{op: _compare(op) for op in (getattr(_ATEN, name).Scalar for name in ("eq", "ne", "lt", "le", "gt", "ge"))},
    _ATEN.floor_divide.default: _floor_divide,
    _ATEN.floor_divide.Scalar: _floor_divide,
}

#: All of them; of those of one op, what is said of bytes comes first.
_TABLES = (integers.byte_decompositions(), _INTEGERS, _FUNCTIONS, _ROUNDINGS)
_OWN = {op: first_of(*(table[op] for table in _TABLES if op in table)) for table in _TABLES for op in table}
