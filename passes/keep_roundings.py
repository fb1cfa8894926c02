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
where eager itself rounds them; so are scalars of another type, such as an f32 parameter of rank 0. Any other op that
can round keeps its own arithmetic (a matrix product, a pooling): its result is widened and rounded again, which changes
nothing but that IREE must have it. `rounded_ops.py` says which op is which.

An integer becomes f32 first, as in eager; IREE on CPU has no conversion from integers to bf16 at all::

    %y = torch.prims.convert_element_type %i, %int15 : !torch.vtensor<[?,64],si8>, ... -> !torch.vtensor<[?,64],bf16>
"""

from dataclasses import dataclass
from typing import ClassVar

from torch_mlir import ir
from torch_mlir.dialects import tensor

from .base import PassState
from .casts import as_f32
from .constants import rounded_to
from .kernel.rounding import round_to
from .linalg.build import elementwise
from .rounded_ops import COMPUTED_IN_F32, EXACT, KEEPS_A_SCALAR, ROUNDS_NUMBERS
from .row_form import TO_BUILTIN, from_builtin, sizes_of, to_builtin
from .torch_values import CASTS, TorchTensor, constant_float, known_tensor, torch_tensor, users
from .walk import iterate

#: Marks a rounding that this pass made.
ROUNDING = "fanfold_rounding"

#: Types that eager rounds to after every op.
NARROW = ("bf16", "f16")

#: Types from which a cast to these goes through f32.
THROUGH_F32 = ("i1", "ui8", "i8", "i16", "i32", "i64", "f64")


@dataclass(frozen=True)
class KeepRoundings:
    """The pass `keep-roundings`."""

    name: ClassVar[str] = "keep-roundings"

    def run(self, module: ir.Module, state: PassState) -> int:  # noqa: ARG002
        """Rewrite every op whose rounding IREE could drop."""
        count = 0
        for op in list(iterate(module)):
            if not op.name.startswith(("torch.aten.", "torch.prims.")):
                continue
            results = [result for result in op.results if _is_narrow(result)]
            if not results:
                continue
            with module.context, op.location:
                count += _rewritten(op, results)
        return count


def _rewritten(op: ir.Operation, results: list[ir.Value]) -> bool:
    """Rewrite one op with these bf16 or f16 results; return False if there is nothing to do."""
    if op.name in CASTS and _element(op.operands[0]) in THROUGH_F32:
        known = known_tensor(op.results[0])
        with ir.InsertionPoint(op):
            rounded = _rounded(to_builtin(as_f32(op.operands[0])), known)
        op.results[0].replace_all_uses_with(rounded)
        op.erase()
        return True
    if op.name in COMPUTED_IN_F32:
        _compute_in_f32(op)
        return True
    if op.name in EXACT and _takes_only(_element(results[0]), op):
        return False
    unkept = [result for result in results if not _is_stored(result) and not _is_rounded_again(result)]
    for result in unkept:
        _round_again(op, result)
    return bool(unkept)


def _element(value: ir.Value) -> str:
    """Return the element type of a torch tensor, nothing for anything else."""
    known = torch_tensor(value.type)
    return "" if known is None else known.element


def _is_narrow(value: ir.Value) -> bool:
    return _element(value) in NARROW


def _takes_only(element: str, op: ir.Operation) -> bool:
    """Return whether all float tensors among the operands have this type: none is rounded to it."""
    floats = (known for value in op.operands if (known := torch_tensor(value.type)) and "f" in known.element)
    return all(known.element == element for known in floats)


def _is_stored(result: ir.Value) -> bool:
    """Return whether only a kernel or the caller reads a result: then it is in memory, rounded."""
    return all(_needs_memory(user) for user in users(result))


def _is_rounded_again(result: ir.Value) -> bool:
    """Return whether this pass has rounded a result before."""
    readers = [reader for border in users(result) for seen in border.results for reader in users(seen)]
    return bool(readers) and all(ROUNDING in reader.attributes or reader.name == "tensor.dim" for reader in readers)


def _needs_memory(user: ir.Operation) -> bool:
    if user.name == "func.return":
        return True
    passes_on = user.name in (TO_BUILTIN, "tensor.collapse_shape", "tensor.expand_shape", "tensor.cast")
    if passes_on:
        return all(_needs_memory(following) for following in users(user.results[0]))
    return user.name in ("fanfold.rows", "tensor.dim")


def _compute_in_f32(op: ir.Operation) -> None:
    element = next(_element(result) for result in op.results if _is_narrow(result))
    with ir.InsertionPoint(op):
        operands = [_operand(op, i, element) for i in range(len(op.operands))]
        wide = op.clone()
        for i, value in enumerate(operands):
            wide.operands[i] = value
        for result, narrow in zip(wide.results, op.results, strict=True):
            if not _is_narrow(narrow):
                narrow.replace_all_uses_with(result)
                continue
            known = known_tensor(narrow)
            result.set_type(known.with_element("f32").vtensor())
            narrow.replace_all_uses_with(_rounded(to_builtin(result), known))
    op.erase()


def _operand(op: ir.Operation, i: int, element: str) -> ir.Value:
    """Return an operand as f32, with the value that eager computes with if the op's type is `element`."""
    value = op.operands[i]
    known = torch_tensor(value.type)
    if known is None:
        return _rounded_number(value, element) if op.name in ROUNDS_NUMBERS else value
    wide = as_f32(value)
    is_kept = known.element == element or (op.name in KEEPS_A_SCALAR and i == 1 and not known.dims)
    return wide if is_kept else _rounded(to_builtin(wide), known.with_element(element), stays_f32=True)


def _round_again(op: ir.Operation, result: ir.Value) -> None:
    with ir.InsertionPoint.after(op):
        border = to_builtin(result)
        rounded = _rounded(border, known_tensor(result))
    result.replace_all_uses_except(rounded, border.owner.operation)


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


def _rounded(builtin: ir.Value, known: TorchTensor, *, stays_f32: bool = False) -> ir.Value:
    """Round a builtin tensor, of f32 or rounded, to the element type of `known`; a `linalg.generic` does it.

    Returns:
        The torch tensor `known`, or the same values as f32.
    """
    narrow = ir.Type.parse(known.element)
    inputs = [(builtin, tuple(range(len(known.dims))))]
    result = known.with_element("f32") if stays_f32 else known
    init = tensor.empty(sizes_of(builtin, known.dims), ir.Type.parse(result.element))
    rounded = elementwise(inputs, init, lambda e, v: round_to(e, v[0], narrow))
    rounded.owner.attributes[ROUNDING] = ir.UnitAttr.get()
    return from_builtin(rounded, result.vtensor())
