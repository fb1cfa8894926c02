# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rewrites of `retarget-float8`: codes are followed from where they come in to whoever reads them."""

from dataclasses import dataclass, replace

from torch_mlir import ir

from fanfold.dialect.quantize import LARGEST_FLOOR, QuantizeOp
from fanfold.float8 import COUNTERPARTS, REACH, Float8Choice, gain

from .casts import as_f32
from .float8_bounds import Numbers, refuse_left_bounds
from .float8_refusals import arguments, float8_of, retyped, unconvertible
from .float8_scales import LIST, MOVES, ScaleRoot, is_computed_from, kept_in_by, root_of
from .row_form import from_builtin, to_builtin
from .torch_values import CASTS, TorchTensor, torch_tensor
from .walk import iterate

#: Ops that ask for sizes alone.
SIZES = ("tensor.dim", "torch.aten.size.int", "torch.aten.size", "torch.aten.numel", "torch.aten.dim")


@dataclass(frozen=True)
class Codes:
    """What is known of codes.

    Attributes:
        gain: What a reader that widens them must multiply with, to have the model's values; 1 where the scale does it.
        element: Their type in the model.
        source: Where they come from.
        kept_in: Why they must not leave the model, if they must not.
        given_scales: The scales that they were quantised by, as far as these were given.
    """

    gain: float
    element: str
    source: ir.Operation | ir.BlockArgument
    kept_in: str = ""
    given_scales: frozenset[ScaleRoot] = frozenset()


class Retargeting:
    """One run over a module.

    Args:
        module: The module, rewritten in place.
        choice: The types that it may have.
        numbers: The numbers in parameters that have few different ones.
    """

    def __init__(self, module: ir.Module, choice: Float8Choice, numbers: Numbers) -> None:
        self._module = module
        self._choice = choice
        self._numbers = numbers
        self._codes: dict[ir.Value, Codes] = {}
        self._bounds: set[float] = set()
        #: The scales that quantisations make and that are converted with their values.
        self._scales: set[ScaleRoot] = set()
        self._count = 0

    def run(self) -> int:
        """Rewrite everything and return the number of rewrites.

        Raises:
            TargetError: If something cannot be proven to keep its value.
        """
        for op in list(iterate(self._module)):
            with op.location:
                self._visit(op)
        refuse_left_bounds(self._module, self._bounds, self._numbers)
        return self._count

    def _visit(self, op: ir.Operation) -> None:
        made = [result for result in op.results if self._foreign(result) is not None]
        if op.name == "func.func":
            for argument in arguments(op):
                self._take_in(argument, 1.0, argument)
        elif op.name == "util.global":
            self._retype_global(op)
        elif op.name == "util.global.load":
            kept_in = "the weight leaves the model, whose caller does not know that its scale is another one"
            for result in made:
                self._take_in(result, None, op, kept_in)
        elif op.name == QuantizeOp.OPERATION_NAME:
            if made:
                self._quantize(op.opview)
        elif any(value in self._codes for value in op.operands):
            self._read(op)
        elif made:
            plain = "a plain conversion has no scale that could be adjusted, and no quantisation was recognised in it"
            reason = plain if op.name in CASTS else f"{op.name} makes it"
            raise unconvertible(op, self._element(made[0]), reason)

    def _foreign(self, value: ir.Value) -> str | None:
        element = float8_of(value.type)
        return element if element is not None and self._choice.is_foreign(element) else None

    def _element(self, value: ir.Value) -> str:
        return self._foreign(value) or ""

    def _take_in(
        self, value: ir.Value, factor: float | None, source: ir.Operation | ir.BlockArgument, kept_in: str = ""
    ) -> None:
        element = self._foreign(value)
        if element is not None:
            value.set_type(retyped(value.type))
            self._codes[value] = Codes(gain(element) if factor is None else factor, element, source, kept_in)
            self._count += 1

    def _retype_global(self, op: ir.Operation) -> None:
        element = float8_of(ir.TypeAttr(op.attributes["type"]).value)
        if element is not None and self._choice.is_foreign(element):
            op.attributes["type"] = ir.TypeAttr.get(retyped(ir.TypeAttr(op.attributes["type"]).value))
            value = str(op.attributes["initial_value"])
            op.attributes["initial_value"] = ir.Attribute.parse(_with_type(value, op.attributes["type"]))

    # Sources

    def _quantize(self, op: ir.OpView) -> None:
        element = self._element(op.q)
        factor, bound = gain(element), op.bound.value
        new = min(bound / factor, REACH[COUNTERPARTS[element]])
        floor = op.scale_floor.value * (bound / new)
        if floor > LARGEST_FLOOR:
            raise unconvertible(op.operation, element, f"the floor {op.scale_floor.value:g} of its scales overflows")
        f64 = ir.F64Type.get()
        op.operation.attributes["bound"] = ir.FloatAttr.get(f64, new)
        op.operation.attributes["scale_floor"] = ir.FloatAttr.get(f64, floor)
        self._bounds.add(bound)
        self._count += 1
        if op.scales is not None:
            if not list(op.scales.uses):
                reason = "nothing reads the scales that it makes, and whoever scales its values does so by others"
                raise unconvertible(op.operation, element, reason)
            self._codes[op.q] = Codes(1.0, element, op.operation)
            self._scales.add(op.scales)
        else:
            self._quantize_by_given_scale(op, element, factor)
        op.q.set_type(retyped(op.q.type))

    def _quantize_by_given_scale(self, op: ir.OpView, element: str, factor: float) -> None:
        divides = op.form.value != "multiplier"
        root = root_of(op.scale)
        if root in self._scales and divides:
            # It is another one already, and so is whoever else reads it.
            self._codes[op.q] = Codes(1.0, element, op.operation)
            return
        if is_computed_from(op.scale, self._scales, self._codes):
            reason = "its scale is computed from that of another quantisation, which is converted"
            raise unconvertible(op.operation, element, reason)
        self._codes[op.q] = Codes(factor, element, op.operation, kept_in_by(root), frozenset({root}))
        self._scale_by(op, factor if divides else 1 / factor)

    def _scale_by(self, op: ir.OpView, factor: float) -> None:
        """Let a quantisation have a multiple of the scale that it is given."""
        with ir.InsertionPoint(op.operation):
            scale = from_builtin(op.scale, TorchTensor((1,), "f32").vtensor())
            scaled = to_builtin(_times(scale, factor))
        number = next(i for i, value in enumerate(op.operation.operands) if value == op.scale)
        op.operation.operands[number] = scaled

    # Readers

    def _read(self, op: ir.Operation) -> None:
        read = [self._codes[value] for value in op.operands if value in self._codes]
        codes = read[0]
        if op.name in SIZES:
            return
        if op.name == "func.return":
            self._leave(op)
            return
        result = torch_tensor(op.results[0].type) if op.results else None
        if op.name in CASTS and result is not None and float8_of(op.results[0].type) is None:
            self._widen(op, codes, result.element)
            return
        # A list has no element type.
        keeps = op.name == LIST or all(self._element(result) == codes.element for result in op.results)
        if not keeps or op.name not in (*MOVES, *CASTS):
            raise unconvertible(op, codes.element, f"{op.name} reads the codes, and is not known to keep them")
        if any(other.gain != codes.gain or other.element != codes.element for other in read):
            reason = "values with scales of their own are joined with others, whose scale is given"
            raise unconvertible(op, codes.element, reason)
        kept = next((other for other in read if other.kept_in), codes)
        kept = replace(kept, given_scales=frozenset().union(*(other.given_scales for other in read)))
        for value in op.results:
            value.set_type(retyped(value.type))
            self._codes[value] = kept

    def _widen(self, op: ir.Operation, codes: Codes, element: str) -> None:
        if codes.gain == 1.0:
            return
        self._count += 1
        with ir.InsertionPoint(op):
            wide = _times(as_f32(op.operands[0]), codes.gain)
        if element != "f32":
            op.operands[0] = wide
            return
        op.results[0].replace_all_uses_with(wide)
        op.erase()

    def _leave(self, op: ir.Operation) -> None:
        for value in op.operands:
            codes = self._codes.get(value)
            if codes is None:
                continue
            if codes.kept_in:
                raise unconvertible(codes.source, codes.element, codes.kept_in)
            if any(is_computed_from(other, codes.given_scales, self._codes) for other in op.operands):
                reason = "it leaves the model together with the scale that it was given, or what is computed of it"
                raise unconvertible(codes.source, codes.element, reason)
        function = op.parent.opview
        inputs = [argument.type for argument in arguments(function.operation)]
        type_ = ir.FunctionType.get(inputs, [value.type for value in op.operands])
        function.operation.attributes["function_type"] = ir.TypeAttr.get(type_)


def _times(value: ir.Value, factor: float) -> ir.Value:
    """Return a torch tensor of f32 times a power of two, which is exact."""
    number = ir.Operation.create(
        "torch.constant.float",
        results=[ir.Type.parse("!torch.float")],
        attributes={"value": ir.FloatAttr.get(ir.F64Type.get(), factor)},
    )
    return ir.Operation.create("torch.aten.mul.Scalar", results=[value.type], operands=[value, number.result]).result


def _with_type(attribute: str, type_: ir.Attribute) -> str:
    """Return the text of a typed attribute with another type."""
    return f"{attribute.rpartition(' : ')[0]} : {type_}"
