# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small checks shared by the verifiers. Each emits one diagnostic that names what was expected and found."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from torch_mlir import ir
from torch_mlir.dialects import ext
from torch_mlir.dialects.irdl import Variadicity

DYNAMIC = ir.ShapedType.get_dynamic_size()


#: What an attribute of each kind is called, and the type that it must have, if it has one.
_KINDS: dict[type[ir.Attribute], tuple[str, str | None]] = {
    ir.FloatAttr: ("an f64 number", "f64"),
    ir.IntegerAttr: ("an i64 number", "i64"),
    ir.StringAttr: ("a string", None),
    ir.TypeAttr: ("a type", None),
}


class VerifyError(Exception):
    """Raised inside a verifier; :func:`verifier` turns it into an MLIR diagnostic."""


def expect(condition: bool, what: str, *, expected: object, found: object) -> None:
    """Raise :class:`VerifyError` with a uniform message unless `condition` holds."""
    if not condition:
        raise VerifyError(f"{what}: expected {expected}, found {found}")


def verifier(check: Callable[[Any], None]) -> Callable[[Any], bool]:
    """Wrap `check` as an ext verifier: a :class:`VerifyError` becomes an error at the op's location.

    `check` runs on ops that have all that their class declares.
    """

    @wraps(check)
    def verify(self: Any) -> bool:
        try:
            expect_fields(self)
            check(self)
        except VerifyError as error:
            self.location.emit_error(f"'{self.operation.name}' op {error}")
            return False
        except Exception as error:  # noqa: BLE001 - C++ would take an exception for success
            self.location.emit_error(f"'{self.operation.name}' op could not be verified: {error!r}")
            return False
        return True

    return verify


def expect_fields(op: ir.OpView) -> None:
    """Check that an op has the attributes, operands and results that its class declares, each of its kind.

    IRDL checks the like, but after the op's own verifier, and it takes an f32 where an f64 is declared.
    """
    operands, attributes, results, _ = ext.partition_fields(type(op)._fields)
    for field in attributes:
        expect_attribute(op, field.name, field.constraint)
    _expect_values(op, "operand", operands, op.operation.operands)
    _expect_values(op, "result", results, op.operation.results)


def expect_attribute(op: ir.OpView, name: str, kind: type[ir.Attribute]) -> None:
    """Check that `op` has an attribute of a kind."""
    text, type_ = _KINDS[kind]
    found = op.attributes.get(name)
    is_it = isinstance(found, kind) and (type_ is None or str(found.type) == type_)
    expect(is_it, f"attribute {name}", expected=text, found="none" if found is None else found)


def _expect_values(op: ir.OpView, what: str, fields: Sequence[Any], values: Sequence[ir.Value]) -> None:
    kinds = {field.variadicity for field in fields}
    if Variadicity.variadic in kinds:
        names = [f"{what} {i}" for i in range(len(values))]
    elif Variadicity.optional in kinds:
        names = _names_by_segments(op, f"{what}SegmentSizes", fields, len(values))
    else:
        names = [field.name for field in fields]
        wanted = f"{len(names)} ({', '.join(names)})"
        expect(len(values) == len(names), f"{what}s", expected=wanted, found=len(values))
    for name, value in zip(names, values, strict=True):
        expect(isinstance(value.type, ir.RankedTensorType), name, expected="a ranked tensor", found=value.type)


def _names_by_segments(op: ir.OpView, attribute: str, fields: Sequence[Any], count: int) -> list[str]:
    """Return the fields that `count` values belong to, by the attribute that says which of the optional ones are there.

    MLIR finds a value of its own by this attribute, without looking whether it makes sense.
    """
    found = op.attributes.get(attribute)
    allowed = [(0, 1) if field.variadicity == Variadicity.optional else (1,) for field in fields]
    sizes = list(found) if isinstance(found, ir.DenseI32ArrayAttr) else []
    makes_sense = len(sizes) == len(fields) and all(size in some for size, some in zip(sizes, allowed, strict=True))
    each = (f"{' or '.join(map(str, some))} for {field.name}" for field, some in zip(fields, allowed, strict=True))
    expect(
        makes_sense and sum(sizes) == count,
        f"attribute {attribute}",
        expected=f"array<i32> with {', '.join(each)}, {count} in all",
        found="none" if found is None else found,
    )
    return [field.name for field, size in zip(fields, sizes, strict=True) if size]


def row_type(value: ir.Value, what: str) -> ir.RankedTensorType:
    """Return the type of `value` after checking that it is a row tensor: rank 2 with a static width."""
    type_ = value.type
    expect(type_.rank == 2, f"{what} rank", expected="2 (rows x width)", found=type_.rank)
    expect(not type_.is_dynamic_dim(1), f"{what} width", expected="a static last dim", found=type_)
    return type_


def expect_float(type_: ir.Type, what: str) -> None:
    """Check that `type_` is one of the float types that rows are computed from."""
    is_float = isinstance(type_, ir.BF16Type | ir.F16Type | ir.F32Type)
    expect(is_float, what, expected="bf16, f16 or f32", found=type_)


def expect_same_rows(a: ir.RankedTensorType, b: ir.RankedTensorType, what: str) -> None:
    """Check that two row tensors agree in their number of rows (a dynamic one agrees only with a dynamic one)."""
    expect(a.shape[0] == b.shape[0], f"{what} row count", expected=rows_text(a), found=rows_text(b))


def rows_text(type_: ir.RankedTensorType) -> str:
    """Return the row count as MLIR prints it."""
    return "?" if type_.is_dynamic_dim(0) else str(type_.shape[0])
