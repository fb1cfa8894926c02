# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keep the bf16 and f16 roundings of the ops that IREE lowers.

IREE fuses elementwise ops into one dispatch, computes in f32, and removes every `truncf` that is followed by an `extf`:
the model's roundings are gone, and a quantisation behind them moves by whole steps. So each op with a bf16 or f16
result is computed in f32, as eager PyTorch computes it, and rounded by integer arithmetic that no fold sees through.

Before::

    %y = torch.aten.add.Tensor %a, %b, %int1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, ...

After::

    %f = torch.aten.add.Tensor %af, %bf, %int1 : !torch.vtensor<[?,64],f32>, ...       // a and b, widened
    %t = torch_c.to_builtin_tensor %f
    %r = linalg.generic {...} ins(%t : tensor<?x64xf32>) outs(%e : tensor<?x64xbf16>)  // rounds to nearest even
    %y = torch_c.from_builtin_tensor %r

Numbers among the operands are f32 then (torch-mlir would round the 0.1 of ``x * 0.1``), but for sums and differences,
where eager itself rounds them. Another op (a matrix product, a cast) keeps its own arithmetic, and its result is
widened and rounded again, which changes nothing but that IREE must have it.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import arith, tensor

from .base import PassState
from .constants import rounded_to
from .kernel.rounding import round_to
from .linalg.build import elementwise
from .row_form import TO_BUILTIN, from_builtin, to_builtin
from .torch_values import CASTS, TorchTensor, constant_float, torch_tensor, users
from .walk import iterate

#: Ops that eager computes in f32, with numbers among their operands in f32 too, and rounds once.
COMPUTED_IN_F32 = frozenset(
    f"torch.aten.{name}"
    for name in (
        *(f"{op}.{kind}" for op in ("add", "sub", "mul", "div") for kind in ("Tensor", "Scalar")),
        "rsub.Scalar",
        "pow.Tensor_Scalar",
        "square",
        "sqrt",
        "rsqrt",
        "reciprocal",
        "exp",
        "log",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "silu",
        "gelu",
        "erf",
        "mean.dim",
        "sum.dim_IntList",
    )
)

#: Of these, the ones for which eager rounds numbers to the tensor's type first; for products and quotients it does not.
ROUNDS_NUMBERS = frozenset(
    f"torch.aten.{name}" for name in ("add.Tensor", "add.Scalar", "sub.Tensor", "sub.Scalar", "rsub.Scalar")
)

#: Other ops that end in a rounding.
ROUNDED_ONCE = frozenset(
    {"torch.aten.mm", "torch.aten.bmm", "torch.aten.matmul", "torch.aten.addmm", "torch.aten.linear", *CASTS}
)


#: Marks a rounding that this pass made.
ROUNDING = "fanfold_rounding"

#: Types that eager rounds to after every op.
NARROW = ("bf16", "f16")


@dataclass(frozen=True)
class KeepRoundings:
    """The pass `keep-roundings`."""

    name: ClassVar[str] = "keep-roundings"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Rewrite every op whose rounding IREE could drop."""
        count = 0
        for op in list(iterate(module)):
            if op.name not in COMPUTED_IN_F32 and op.name not in ROUNDED_ONCE:
                continue
            known = torch_tensor(op.results[0].type)
            if known is None or known.element not in NARROW:
                continue
            with module.context, op.location:
                if op.name in COMPUTED_IN_F32 and _takes_only(known.element, op):
                    _compute_in_f32(op, known)
                elif not _is_stored(op) and not _is_rounded_again(op):
                    _round_again(op, known)
                else:
                    continue
            count += 1
        return count


def _takes_only(element: str, op: ir.Operation) -> bool:
    """Return whether the tensors have the result's dtype: the op was not asked for another one."""
    tensors = [torch_tensor(value.type) for value in op.operands]
    return all(known.element == element for known in tensors if known is not None)


def _is_stored(op: ir.Operation) -> bool:
    """Return whether only a kernel or the caller reads the result: then it is in memory, rounded."""
    return all(_needs_memory(user) for user in users(op.results[0]))


def _is_rounded_again(op: ir.Operation) -> bool:
    """Return whether this pass has rounded the result before."""
    readers = [reader for border in users(op.results[0]) for result in border.results for reader in users(result)]
    return bool(readers) and all(ROUNDING in reader.attributes or reader.name == "tensor.dim" for reader in readers)


def _needs_memory(user: ir.Operation) -> bool:
    if user.name == "func.return":
        return True
    passes_on = user.name in (TO_BUILTIN, "tensor.collapse_shape", "tensor.expand_shape", "tensor.cast")
    if passes_on:
        return all(_needs_memory(following) for following in users(user.results[0]))
    return user.name in ("fanfold.rows", "tensor.dim")


def _compute_in_f32(op: ir.Operation, known: TorchTensor) -> None:
    with ir.InsertionPoint(op):
        operands = [_widened(value) for value in op.operands]
        if op.name in ROUNDS_NUMBERS:
            operands = [_rounded_number(value, known.element) for value in operands]
        wide = op.clone()
        for i, value in enumerate(operands):
            wide.operands[i] = value
        wide.results[0].set_type(known.with_element("f32").vtensor())
        rounded = _rounded(to_builtin(wide.results[0]), known)
    op.results[0].replace_all_uses_with(rounded)
    op.erase()


def _round_again(op: ir.Operation, known: TorchTensor) -> None:
    result = op.results[0]
    with ir.InsertionPoint.after(op):
        border = to_builtin(result)
        rounded = _rounded(border, known)
    result.replace_all_uses_except(rounded, border.owner.operation)


def _widened(value: ir.Value) -> ir.Value:
    """Return a bf16 or f16 torch tensor as f32; anything else is returned as it is."""
    known = torch_tensor(value.type)
    if known is None or known.element not in NARROW:
        return value
    f32_dtype = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 6)
    number = ir.Operation.create(
        "torch.constant.int", results=[ir.Type.parse("!torch.int")], attributes={"value": f32_dtype}
    )
    cast = ir.Operation.create(
        "torch.prims.convert_element_type",
        results=[known.with_element("f32").vtensor()],
        operands=[value, number.result],
    )
    return cast.result


def _rounded_number(value: ir.Value, element: str) -> ir.Value:
    """Return a constant number rounded to `element`; anything else is returned as it is."""
    number = constant_float(value)
    if number is None or rounded_to(number, element) == number:
        return value
    attr = ir.FloatAttr.get(ir.F64Type.get(), rounded_to(number, element))
    constant = ir.Operation.create(
        "torch.constant.float", results=[ir.Type.parse("!torch.float")], attributes={"value": attr}
    )
    return constant.result


def _rounded(builtin: ir.Value, known: TorchTensor) -> ir.Value:
    """Return a builtin tensor, of f32 or rounded, as the torch tensor `known`; a `linalg.generic` rounds it."""
    index, narrow = ir.IndexType.get(), ir.Type.parse(known.element)
    sizes = [tensor.dim(builtin, arith.constant(index, i)) if d is None else d for i, d in enumerate(known.dims)]
    inputs = [(builtin, tuple(range(len(known.dims))))]
    rounded = elementwise(inputs, tensor.empty(sizes, narrow), lambda e, v: round_to(e, v[0], narrow))
    rounded.owner.attributes[ROUNDING] = ir.UnitAttr.get()
    return from_builtin(rounded, known.vtensor())
