# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small checks shared by the verifiers. Each emits one diagnostic that names what was expected and found."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from torch_mlir import ir

DYNAMIC = ir.ShapedType.get_dynamic_size()


class VerifyError(Exception):
    """Raised inside a verifier; :func:`verifier` turns it into an MLIR diagnostic."""


def expect(condition: bool, what: str, *, expected: object, found: object) -> None:
    """Raise :class:`VerifyError` with a uniform message unless `condition` holds."""
    if not condition:
        raise VerifyError(f"{what}: expected {expected}, found {found}")


def verifier(check: Callable[[Any], None]) -> Callable[[Any], bool]:
    """Wrap `check` as an ext verifier: a :class:`VerifyError` becomes an error at the op's location."""

    @wraps(check)
    def verify(self: Any) -> bool:
        try:
            check(self)
        except VerifyError as error:
            self.location.emit_error(f"'{self.operation.name}' op {error}")
            return False
        except Exception as error:  # noqa: BLE001 - C++ would take an exception for success
            self.location.emit_error(f"'{self.operation.name}' op could not be verified: {error!r}")
            return False
        return True

    return verify


def row_type(value: ir.Value, what: str) -> ir.RankedTensorType:
    """Return the type of `value` after checking that it is a row tensor: rank 2 with a static width."""
    type_ = value.type
    expect(isinstance(type_, ir.RankedTensorType), what, expected="a ranked tensor", found=type_)
    expect(type_.rank == 2, f"{what} rank", expected="2 (rows x width)", found=type_.rank)
    expect(not type_.is_dynamic_dim(1), f"{what} width", expected="a static last dim", found=type_)
    return type_


def expect_segments(op: ir.Operation, *names: str) -> None:
    """Check that the attributes that say which optional operands (or results) an op has are there."""
    for name in names:
        expect(
            name in op.attributes, f"attribute {name}", expected="one length for each operand or result", found="none"
        )


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
