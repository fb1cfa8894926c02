# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The types of the `spirv` dialect, read and made as text: its Python bindings have no classes for them."""

import re
from typing import NamedTuple

from torch_mlir import ir

_POINTER = re.compile(r"!spirv\.ptr<(.*), (\w+)>")
_BLOCK = re.compile(
    r"!spirv\.struct<(?:\w+, )?\(!spirv\.(?:rtarray<|array<(\d+) x )(.*), stride=(\d+)> \[0\]\)(?:, Block)?>"
)
_VECTOR = re.compile(r"vector<(\d+)x(\w+)>")
_NUMBER = re.compile(r"[if](\d+)")


class Pointer(NamedTuple):
    """A pointer type: what it points to, as text, and its storage class."""

    pointee: str
    storage: str


class Block(NamedTuple):
    """What a buffer holds: one array.

    Attributes:
        element: The type of its elements.
        length: How many there are, None if the array has no end.
        stride: Bytes from one element to the next.
    """

    element: str
    length: int | None
    stride: int


def read_pointer(type_: ir.Type) -> Pointer | None:
    """Return what kind of pointer a type is, None if it is none."""
    found = _POINTER.fullmatch(str(type_))
    return Pointer(found[1], found[2]) if found else None


def pointer(pointee: str, storage: str) -> ir.Type:
    """Return a pointer type."""
    return ir.Type.parse(f"!spirv.ptr<{pointee}, {storage}>")


def read_block(pointee: str) -> Block | None:
    """Return what a buffer of this type holds, None if that is not one array with a stride."""
    found = _BLOCK.fullmatch(pointee)
    return Block(found[2], int(found[1]) if found[1] else None, int(found[3])) if found else None


def bytes_apart(type_: str) -> int | None:
    """Return how many bytes apart two elements of this type are in OpenCL's memory, None if it does not say."""
    vector = _VECTOR.fullmatch(type_)
    number = _NUMBER.fullmatch(vector[2] if vector else type_)
    if number is None or int(number[1]) % 8:
        return None
    # A vector of three takes the place of one of four.
    lanes = (int(vector[1]) if vector[1] != "3" else 4) if vector else 1
    return lanes * int(number[1]) // 8


def bytes_numbered(type_: str) -> int:
    """Return the bytes of the elements that lead to an index into an array of this type.

    IREE reads several elements as one vector, and finds its place from theirs. As a vector of i32 it reads elements of
    any size: they may be bytes.
    """
    vector = _VECTOR.fullmatch(type_)
    if vector is None:
        return bytes_apart(type_) or 0
    return 1 if vector[2] == "i32" else bytes_apart(vector[2]) or 0


def width(type_: ir.Type) -> int:
    """Return the bits of a number, or of an element of a vector."""
    element = ir.VectorType(type_).element_type if isinstance(type_, ir.VectorType) else type_
    if isinstance(element, ir.IntegerType):
        return int(element.width)
    return int(ir.FloatType(element).width)


def like(type_: ir.Type, element: ir.Type) -> ir.Type:
    """Return a type of the shape of `type_`, with other elements."""
    return ir.VectorType.get(ir.VectorType(type_).shape, element) if isinstance(type_, ir.VectorType) else element
