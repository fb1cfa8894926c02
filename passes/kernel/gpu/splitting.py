# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A kernel in what SPIR-V takes: vectors of few numbers, and memory that is one array for each binding.

Before::

    %x = hal.interface.binding.subspan ... : memref<?x1536xi16>{%rows}
    %v = vector.load %x[%row, %column] : memref<?x1536xi16>, vector<8xi16>
    %w = arith.extui %v : vector<8xi16> to vector<8xi32>

After::

    %x = hal.interface.binding.subspan ... : memref<?xvector<4xi32>>{%words}
    %word = memref.load %x[%at] : memref<?xvector<4xi32>>
    %low = vector.bitcast (the first half of %word) : vector<2xi32> to vector<4xi16>      %high likewise
    %w0 = arith.extui %low : vector<4xi16> to vector<4xi32>                               %w1 likewise

A thread's access stays one access of as many bytes. A vector of one number becomes the number.
"""

from __future__ import annotations

from collections.abc import Callable

from torch_mlir import ir
from torch_mlir.dialects import arith, memref, scf, vector

from fanfold.passes.kernel.emitter import tree

from .words import Memory, joined, numbers_of, plus, size_of

#: What combines two vectors in a `vector.reduction`, by its kind.
_COMBINE: dict[str, Callable[[ir.Value, ir.Value], ir.Value]] = {"add": arith.addf, "maxsi": arith.maxsi}

_BINDING = "hal.interface.binding.subspan"


def split_vectors(function: ir.Operation, limit: int) -> None:
    """Rewrite a kernel function so that no vector has more than `limit` numbers, and no buffer more than one dim."""
    splitter = _Splitter(limit)
    splitter.rewrite(function.regions[0].blocks[0])
    splitter.erase_old()


class _Splitter:
    """Rewrites the ops of a kernel in their order.

    Args:
        limit: Most numbers of a vector.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: dict[ir.Value, list[ir.Value]] = {}
        self._memories: dict[ir.Value, Memory] = {}
        self._old: list[ir.Operation] = []
        self._old_arguments: list[tuple[ir.Block, int]] = []
        self._handlers: dict[str, Callable[[ir.Operation], list[list[ir.Value]]]] = {
            _BINDING: self._binding,
            "arith.constant": self._constant,
            "vector.load": self._load,
            "vector.store": self._store,
            "memref.load": self._load,
            "memref.store": self._store,
            "vector.broadcast": self._broadcast,
            "vector.extract": self._extract,
            "vector.from_elements": self._from_elements,
            "vector.reduction": self._reduction,
            "scf.if": self._region_op,
            "scf.for": self._region_op,
            "scf.yield": self._yield,
        }

    def rewrite(self, block: ir.Block) -> None:
        """Rewrite the ops of a block."""
        for view in list(block.operations):
            op = view.operation
            with op.location, ir.InsertionPoint(op):
                self._rewrite_op(op)

    def erase_old(self) -> None:
        """Erase what has been rewritten: users before what they use."""
        for op in reversed(self._old):
            op.erase()
        for block, count in self._old_arguments:
            for _ in range(count):
                block.erase_argument(0)

    def _rewrite_op(self, op: ir.Operation) -> None:
        if not self._concerns(op):
            for region in op.regions:
                for block in region.blocks:
                    self.rewrite(block)
            return
        results = self._handlers.get(op.name, self._elementwise)(op)
        for old, parts in zip(op.results, results, strict=True):
            if self._is_split(old.type):
                self._parts[old] = parts
            else:
                old.replace_all_uses_with(parts[0])
        self._old.append(op)

    def _concerns(self, op: ir.Operation) -> bool:
        return (
            op.name == _BINDING
            or any(self._is_split(value.type) for value in (*op.operands, *op.results))
            or (op.name in ("memref.load", "memref.store") and self._memory(op) in self._memories)
            or (op.name in ("vector.load", "vector.store"))
        )

    def _is_split(self, type_: ir.Type) -> bool:
        return isinstance(type_, ir.VectorType) and not 1 < type_.shape[0] <= self._limit

    def _of(self, value: ir.Value) -> list[ir.Value]:
        return self._parts.get(value, [value])

    def _types(self, type_: ir.Type) -> list[ir.Type]:
        """Return the types of the parts of a type."""
        if not self._is_split(type_):
            return [type_]
        whole, rest = divmod(type_.shape[0], self._limit)
        sizes = [self._limit] * whole + ([rest] if rest else [])
        return [type_.element_type if n == 1 else ir.VectorType.get([n], type_.element_type) for n in sizes]

    @staticmethod
    def _memory(op: ir.Operation) -> ir.Value:
        return op.operands[1 if op.name.endswith(".store") else 0]

    # Memory

    def _binding(self, op: ir.Operation) -> list[list[ir.Value]]:
        memory = Memory.of(op)
        self._memories[memory.words] = memory
        return [[memory.words]]

    def _load(self, op: ir.Operation) -> list[list[ir.Value]]:
        types = self._types(op.results[0].type)
        indices = list(op.operands)[1:]
        memory = self._memories.get(op.operands[0])
        if memory is not None:
            return [memory.load(indices, types)]
        numbers = [
            memref.load(op.operands[0], [plus(indices[0], at)]) for at in range(sum(size_of(type_) for type_ in types))
        ]
        return [joined(numbers, types)]

    def _store(self, op: ir.Operation) -> list[list[ir.Value]]:
        self._memories[op.operands[1]].store(self._of(op.operands[0]), list(op.operands)[2:])
        return []

    # Numbers

    def _elementwise(self, op: ir.Operation) -> list[list[ir.Value]]:
        """Do to each part what was done to the whole."""
        if op.regions or op.name.startswith(("vector.", "llvm.")):
            raise NotImplementedError(f"{op.name} on a vector that SPIR-V does not have")
        attributes = {name: op.attributes[name] for name in op.attributes}
        types = [self._types(result.type) for result in op.results]
        operands = [self._of(operand) for operand in op.operands]
        made = [
            ir.Operation.create(
                op.name,
                [t[i] for t in types],
                [parts[i] if len(parts) > 1 else parts[0] for parts in operands],
                attributes,
            )
            for i in range(max(map(len, (*types, *operands))))
        ]
        return [[part.results[i] for part in made] for i in range(len(op.results))]

    def _constant(self, op: ir.Operation) -> list[list[ir.Value]]:
        splat = ir.DenseElementsAttr(op.attributes["value"]).get_splat_value()
        made: dict[ir.Type, ir.Value] = {}
        for type_ in self._types(op.results[0].type):
            if type_ not in made:
                is_vector = isinstance(type_, ir.VectorType)
                made[type_] = arith.constant(
                    type_, ir.DenseElementsAttr.get_splat(type_, splat) if is_vector else splat
                )
        return [[made[type_] for type_ in self._types(op.results[0].type)]]

    def _broadcast(self, op: ir.Operation) -> list[list[ir.Value]]:
        number = op.operands[0]
        made = {
            type_: vector.broadcast(type_, number) if isinstance(type_, ir.VectorType) else number
            for type_ in self._types(op.results[0].type)
        }
        return [[made[type_] for type_ in self._types(op.results[0].type)]]

    def _extract(self, op: ir.Operation) -> list[list[ir.Value]]:
        (at,) = ir.DenseI64ArrayAttr(op.attributes["static_position"])
        part = self._of(op.operands[0])[at // self._limit]
        is_vector = isinstance(part.type, ir.VectorType)
        return [[vector.extract(part, [], [at % self._limit]) if is_vector else part]]

    def _from_elements(self, op: ir.Operation) -> list[list[ir.Value]]:
        return [joined(list(op.operands), self._types(op.results[0].type))]

    def _reduction(self, op: ir.Operation) -> list[list[ir.Value]]:
        """Combine the parts, then the numbers of one, pairwise: IREE's own way adds by a dot product with ones."""
        kind = str(op.attributes["kind"]).removeprefix("#vector.kind<").removesuffix(">")
        parts = self._of(op.operands[0])
        whole = [part for part in parts if part.type == parts[0].type]
        numbers = [n for part in (tree(whole, _COMBINE[kind]), *parts[len(whole) :]) for n in numbers_of(part)]
        return [[tree(numbers, _COMBINE[kind])]]

    # Control

    def _region_op(self, op: ir.Operation) -> list[list[ir.Value]]:
        types = [self._types(result.type) for result in op.results]
        flat = [type_ for many in types for type_ in many]
        operands = [part for operand in op.operands for part in self._of(operand)]
        made = ir.Operation.create(op.name, flat, operands, regions=len(op.regions))
        for old, new in zip(op.regions, made.regions, strict=True):
            for block in list(old.blocks):
                block.append_to(new)
                self._split_arguments(block)
                self.rewrite(block)
        results = iter(made.results)
        return [[next(results) for _ in many] for many in types]

    def _split_arguments(self, block: ir.Block) -> None:
        old = list(block.arguments)
        for argument in old:
            new = [block.add_argument(type_, argument.location) for type_ in self._types(argument.type)]
            if self._is_split(argument.type):
                self._parts[argument] = new
            else:
                argument.replace_all_uses_with(new[0])
        # Ops that are erased in the end may use them.
        self._old_arguments.append((block, len(old)))

    def _yield(self, op: ir.Operation) -> list[list[ir.Value]]:
        scf.yield_([part for operand in op.operands for part in self._of(operand)])
        return []
