# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bindings as arrays of words: what a thread reads or writes at a time, at most 16 bytes.

SPIR-V arrays have one dim and one type, and Vulkan's pointers cannot be cast. So the word is chosen by the accesses:
all of them are vectors of as many numbers, or some are of single numbers, and a word is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, vector

#: Bytes of the widest word.
WIDEST = 16

_WORD_BITS = 32


@dataclass(frozen=True)
class Memory:
    """A binding.

    Attributes:
        words: memref of rank 1, of words.
        element: The type of a number.
        lanes: Numbers of a word.
        pitch: Words from a row to the next, if there are rows.
    """

    words: ir.Value
    element: ir.Type
    lanes: int
    pitch: ir.Value | None

    @staticmethod
    def of(binding: ir.Operation) -> Memory:
        """Make the array for a `hal.interface.binding.subspan` of rank 1 or 2, in front of it."""
        type_ = ir.MemRefType(binding.results[0].type)
        lanes = _lanes_of_accesses(binding.results[0])
        # Operand 0 is the offset; then come the dynamic sizes.
        sizes = iter(list(binding.operands)[1:])
        *rows, width = type_.shape
        in_words = (*rows, width if type_.is_dynamic_dim(type_.rank - 1) else width // lanes)
        shape = [next(sizes) if type_.is_dynamic_dim(i) else _index(size) for i, size in enumerate(in_words)]
        count = reduce(arith.muli, shape)
        attributes = {name: binding.attributes[name] for name in binding.attributes}
        attributes["operandSegmentSizes"] = ir.DenseI32ArrayAttr.get([1, 1])
        dynamic = ir.ShapedType.get_dynamic_size()
        words = ir.Operation.create(
            binding.name,
            [ir.MemRefType.get([dynamic], _word(type_.element_type, lanes))],
            [binding.operands[0], count],
            attributes,
        ).result
        return Memory(words, type_.element_type, lanes, shape[-1] if type_.rank > 1 else None)

    def load(self, indices: Sequence[ir.Value], types: Sequence[ir.Type]) -> list[ir.Value]:
        """Return what is at `indices`, as parts of the given types."""
        at = self._at(indices)
        count = sum(map(size_of, types)) // self.lanes
        return reinterpreted([memref.load(self.words, [plus(at, i)]) for i in range(count)], types)

    def store(self, parts: Sequence[ir.Value], indices: Sequence[ir.Value]) -> None:
        """Store parts at `indices`."""
        at = self._at(indices)
        count = sum(size_of(part.type) for part in parts) // self.lanes
        for i, word in enumerate(reinterpreted(parts, [ir.MemRefType(self.words.type).element_type] * count)):
            memref.store(word, self.words, [plus(at, i)])

    def _at(self, indices: Sequence[ir.Value]) -> ir.Value:
        """Return the number of the first word: what is read or written begins with a word."""
        *rows, column = indices
        at = arith.divui(column, _index(self.lanes)) if self.lanes > 1 else column
        return arith.addi(arith.muli(rows[0], self.pitch), at) if rows else at


def reinterpreted(parts: Sequence[ir.Value], types: Sequence[ir.Type]) -> list[ir.Value]:
    """Return the bits of numbers and vectors, one after another, as those of other types."""
    if [part.type for part in parts] == list(types):
        return list(parts)
    have, want = _element(parts[0].type), _element(types[0])
    if have.width <= want.width:
        wide = [_cast(part, size_of(part.type) * have.width // want.width, want) for part in parts]
        return joined([number for part in wide for number in numbers_of(part)], types)
    numbers = iter([number for part in parts for number in numbers_of(part)])
    result = []
    for type_ in types:
        count = size_of(type_) * want.width // have.width
        of_type = vector.from_elements(ir.VectorType.get([count], have), [next(numbers) for _ in range(count)])
        result.append(_cast(of_type, size_of(type_), want))
    return result


def numbers_of(part: ir.Value) -> list[ir.Value]:
    """Return the numbers of a vector; a number is its own."""
    if not isinstance(part.type, ir.VectorType):
        return [part]
    return [vector.extract(part, [], [i]) for i in range(part.type.shape[0])]


def joined(numbers: Sequence[ir.Value], types: Sequence[ir.Type]) -> list[ir.Value]:
    """Return numbers, one after another, as vectors of the given types."""
    left = iter(numbers)
    return [
        vector.from_elements(type_, [next(left) for _ in range(size_of(type_))])
        if isinstance(type_, ir.VectorType)
        else next(left)
        for type_ in types
    ]


def size_of(type_: ir.Type) -> int:
    """Return how many numbers a vector has; a number is one."""
    return int(type_.shape[0]) if isinstance(type_, ir.VectorType) else 1


def plus(index: ir.Value, by: int) -> ir.Value:
    """Return ``index + by``."""
    return arith.addi(index, _index(by)) if by else index


def _index(value: int) -> ir.Value:
    return arith.constant(ir.IndexType.get(), value)


def _element(type_: ir.Type) -> ir.Type:
    return type_.element_type if isinstance(type_, ir.VectorType) else type_


def _cast(part: ir.Value, count: int, element: ir.Type) -> ir.Value:
    if not isinstance(part.type, ir.VectorType):
        part = vector.broadcast(ir.VectorType.get([1], part.type), part)
    return vector.bitcast(ir.VectorType.get([count], element), part)


def _lanes_of_accesses(memory: ir.Value) -> int:
    """Return the numbers of a word: as many as divide every access, within `WIDEST` bytes."""
    width = ir.MemRefType(memory.type).element_type.width // 8
    lanes: int = WIDEST // width
    for use in memory.uses:
        lanes = gcd(lanes, _lanes(use.owner))
    return lanes


def _lanes(access: ir.Operation) -> int:
    value = access.operands[0] if access.name.endswith(".store") else access.results[0]
    return size_of(value.type)


def _word(element: ir.Type, lanes: int) -> ir.Type:
    """Return the type of so many numbers in memory: of 32 bits, or of several times that."""
    bits = element.width * lanes
    if lanes > 1 and bits <= _WORD_BITS:
        return ir.IntegerType.get_signless(bits)
    if lanes == 1:
        return element
    part = element if element.width == _WORD_BITS else ir.IntegerType.get_signless(_WORD_BITS)
    return ir.VectorType.get([bits // _WORD_BITS], part)
