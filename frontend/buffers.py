# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Views of a buffer, read and overwritten by functional ops.

``auto_functionalized_v2`` names an argument that is written to by its buffer and by the part of it: the whole, a slice
along one dim, or sizes and strides. Of the last, only a permutation of the whole buffer has a form in plain ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node
from torch.fx.experimental.symbolic_shapes import statically_known_true, sym_eq

from .mutating import same_shape

_ATEN = torch.ops.aten

#: Adds a call of an op to the graph.
Emit = Callable[..., Node]


@dataclass(frozen=True)
class BufferView:
    """One argument that an op writes to: a part of buffer number `base`.

    Attributes:
        base: Index of the buffer.
        piece: Dim, start and end of a slice; ``None`` if it is none.
        strided: Sizes, strides and offset in the buffer's memory; ``None`` if it has the buffer's own.
    """

    base: int
    piece: tuple[int, Any, Any] | None = None
    strided: tuple[Sequence[Any], Sequence[Any], Any] | None = None

    @classmethod
    def from_kwargs(cls, name: str, kwargs: Mapping[str, Any]) -> BufferView | None:
        """Read what ``auto_functionalized_v2`` says about argument `name`; ``None`` if the argument is ``None``."""
        base = kwargs[f"_{name}_base_index"]
        if base is None:
            return None
        if f"_{name}_slice_dim" in kwargs:
            dim, start, end = (kwargs[f"_{name}_slice_{key}"] for key in ("dim", "start", "end"))
            return cls(base, piece=(dim, start, end))
        if f"_{name}_storage_offset" in kwargs:
            size, stride, offset = (kwargs[f"_{name}_{key}"] for key in ("size", "stride", "storage_offset"))
            return cls(base, strided=(size, stride, offset))
        return cls(base)

    def is_expressible(self, buffer: Node) -> bool:
        """Return whether this part of `buffer` can be read and overwritten with plain ops."""
        if self.strided is None:
            return True
        size, stride, offset = map(_value, self.strided)
        whole = buffer.meta["val"]
        numel = 1
        for length in size:
            numel = numel * length
        return (
            statically_known_true(offset == 0)
            and statically_known_true(whole.storage_offset() == 0)
            and statically_known_true(whole.numel() == numel)
            and _memory_order(size, stride) is not None
            and _memory_order(whole.shape, whole.stride()) is not None
        )

    def is_apart_from(self, other: BufferView) -> bool:
        """Return whether two parts are known to share no memory."""
        if self.base != other.base:
            return True
        if self.piece is None or other.piece is None or self.piece[0] != other.piece[0]:
            return False
        (_, start, end), (_, other_start, other_end) = map(_value, (self.piece, other.piece))
        return statically_known_true(end <= other_start) or statically_known_true(other_end <= start)

    def read(self, emit: Emit, buffer: Node) -> Node:
        """Return the part as it is in `buffer`."""
        if self.piece is not None:
            return emit(_ATEN.slice.Tensor, buffer, *self.piece)
        if self.strided is None:
            return buffer
        size, stride, _ = self.strided
        return _rearrange(emit, buffer, _order_of(buffer), list(size), _known_order(_value(size), _value(stride)))

    def write(self, emit: Emit, buffer: Node, value: Node) -> Node:
        """Return `buffer` with `value`, of the shape of the part, in its place."""
        if self.piece is not None:
            return emit(_ATEN.slice_scatter.default, buffer, value, *self.piece)
        if self.strided is None:
            return value
        size, stride, _ = map(_value, self.strided)
        return _rearrange(emit, value, _known_order(size, stride), sizes_of(emit, buffer), _order_of(buffer))


def sizes_of(emit: Emit, node: Node) -> list[Any]:
    """Return the sizes of a tensor: numbers, and nodes for the dynamic ones."""
    shape = node.meta["val"].shape
    return [n if isinstance(n, int) else emit(_ATEN.sym_size.int, node, dim) for dim, n in enumerate(shape)]


def fit(emit: Emit, value: Node, target: Node) -> Node:
    """Return `value` in the shape of `target`, and with its strides if those leave no gaps."""
    if not same_shape(value.meta["val"], target.meta["val"]):
        value = emit(_ATEN.reshape.default, value, sizes_of(emit, target))
    found, wanted = value.meta["val"], target.meta["val"]
    order = _memory_order(wanted.shape, wanted.stride())
    if order is None or _same_strides(found, wanted):
        return value
    # A later aten.view may rely on them.
    value = _permute(emit, value, order)
    value = emit(_ATEN.clone.default, value, memory_format=torch.contiguous_format)
    return _permute(emit, value, _inverse(order))


def cancel_permutes(nodes: Iterable[Node]) -> None:
    """Connect the users of a permutation with its operand where they undo it."""
    for node in nodes:
        for user in list(node.users) if node.target is _ATEN.permute.default else ():
            order: Any = node.args[1]
            back: Any = user.args[1] if user.target is _ATEN.permute.default else ()
            if [order[dim] for dim in back] == list(range(len(order))):
                user.replace_all_uses_with(node.args[0])  # type: ignore[arg-type]


def _value(arg: Any) -> Any:
    """Return `arg` with the example value of each node in it."""
    return torch.fx.node.map_arg(arg, lambda node: node.meta["val"])


def _memory_order(size: Sequence[Any], stride: Sequence[Any]) -> list[int] | None:
    """Return the dims from the outermost to the innermost in memory; ``None`` if they leave gaps or overlap."""
    order: list[int] = []
    left = list(range(len(size)))
    expected: Any = 1
    while left:
        inner = [
            dim
            for dim in reversed(left)
            if statically_known_true(size[dim] == 1) or statically_known_true(stride[dim] == expected)
        ]
        if not inner:
            return None
        order.insert(0, inner[0])
        left.remove(inner[0])
        expected = expected * size[inner[0]]
    return order


def _known_order(size: Sequence[Any], stride: Sequence[Any]) -> list[int]:
    order = _memory_order(size, stride)
    return list(range(len(size))) if order is None else order


def _order_of(node: Node) -> list[int]:
    tensor = node.meta["val"]
    return _known_order(tensor.shape, tensor.stride())


def _rearrange(emit: Emit, value: Node, order: list[int], sizes: list[Any], target_order: list[int]) -> Node:
    """Return the elements of `value` as a tensor of other `sizes` that lies in memory as `value` does.

    The orders are those of :func:`_memory_order`.
    """
    value = _permute(emit, value, order)
    in_memory = [sizes[dim] for dim in target_order]
    shape = value.meta["val"].shape
    if len(shape) != len(in_memory) or not statically_known_true(sym_eq(shape, _value(in_memory))):
        value = emit(_ATEN.reshape.default, value, in_memory)
    return _permute(emit, value, _inverse(target_order))


def _permute(emit: Emit, value: Node, order: list[int]) -> Node:
    return value if order == sorted(order) else emit(_ATEN.permute.default, value, order)


def _inverse(order: list[int]) -> list[int]:
    return [order.index(dim) for dim in range(len(order))]


def _same_strides(one: torch.Tensor, other: torch.Tensor) -> bool:
    sizes = zip(one.shape, one.stride(), other.stride(), strict=True)
    return all(statically_known_true(n == 1) or statically_known_true(a == b) for n, a, b in sizes)
