# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The plan of a row's results: as few walks over the columns as possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import lcm

from torch_mlir import ir

from .scales import ScaleBuffer
from .values import Buffer

#: Most bytes of values that a block of columns keeps between its loops: half of a small L1 cache, which also holds the
#: rows that come and go, and within what IREE allows a kernel on its stack.
BLOCK_BYTES = 16384

#: Most groups of a block: their scales are kept, too.
MAX_GROUPS = 256

#: Bytes at a multiple of which kept memory begins: a cache line, so that no vector lies in two.
SCRATCH_ALIGNMENT = 64

#: Columns of a block if no group asks for more: sixteen groups of 128, whose scales are one AVX-512 vector.
BLOCK_COLUMNS = 2048


@dataclass(frozen=True)
class PlainSink:
    """A row value that is stored as it is."""

    value: ir.Value
    buffer: Buffer


@dataclass(frozen=True)
class AbsmaxSink:
    """An `absmax` op, whose one number a row is known before any walk."""

    op: ir.OpView
    buffer: Buffer


@dataclass(frozen=True)
class QuantizeSink:
    """A `quantize` op and where its results go: nowhere if a result is not used, or to several buffers."""

    op: ir.OpView
    q: tuple[Buffer, ...]
    scales: tuple[ScaleBuffer, ...]

    @property
    def granularity(self) -> str:
        """``group``, ``token`` or ``tensor``."""
        return str(self.op.granularity.value)

    @property
    def group(self) -> int:
        """Columns that share a scale: those of the whole row for a token."""
        width = int(self.op.x.type.shape[1])
        return width if self.granularity == "token" else min(int(self.op.group_size.value), width)


@dataclass
class Walk:
    """One walk over the columns of a width, in blocks.

    Attributes:
        width: Columns of a row.
        groups: Quantisations whose groups all lie within blocks.
        maps: What needs no scale of its own (plain values and static scales) and rides along.
        is_long: Whether the one quantisation has groups that are too long for a block.
    """

    width: int
    groups: list[QuantizeSink] = field(default_factory=list)
    maps: list[PlainSink | QuantizeSink] = field(default_factory=list)
    is_long: bool = False

    @property
    def values(self) -> list[ir.Value]:
        """The rows that are quantised by group."""
        return list(dict.fromkeys(sink.op.x for sink in self.groups))

    @property
    def block(self) -> int:
        """Columns of a block: whole groups of each quantisation, or the whole row."""
        return _block(self.width, [sink.group for sink in self.groups], self.values) or self.width

    @property
    def scratch_bytes(self) -> int:
        """Most bytes that the loops over a block keep: values, and for each group its maximum and three numbers."""
        if self.is_long or not self.groups:
            return 0
        values = sum(padded(self.block * _bytes(value)) for value in self.values)
        return values + 4 * padded(4 * max(-(-self.block // sink.group) for sink in self.groups))


#: Where something that a region computes is stored.
Sink = PlainSink | AbsmaxSink | QuantizeSink


def sinks_of(outputs: Sequence[tuple[ir.Value, Buffer | ScaleBuffer]]) -> list[Sink]:
    """Return what stores the outputs of a body: the two results of a `quantize` belong together."""
    by_op: dict[ir.Operation, list[tuple[ir.Value, Buffer | ScaleBuffer]]] = {}
    sinks: list[Sink] = []
    for value, buffer in outputs:
        op = None if isinstance(value, ir.BlockArgument) else value.owner.operation
        if op is not None and op.name == "fanfold.quantize":
            by_op.setdefault(op, []).append((value, buffer))
        elif isinstance(buffer, Buffer):
            is_absmax = op is not None and op.name == "fanfold.absmax"
            sinks.append(AbsmaxSink(value.owner.opview, buffer) if is_absmax else PlainSink(value, buffer))
    for quantize, stored in by_op.items():
        q = tuple(buffer for _, buffer in stored if isinstance(buffer, Buffer))
        scales = tuple(buffer for _, buffer in stored if isinstance(buffer, ScaleBuffer))
        sinks.append(QuantizeSink(quantize.opview, q, scales))
    return sinks


def plan(sinks: Sequence[Sink]) -> list[Walk]:
    """Distribute sinks over walks, as few as there can be; an absmax needs none."""
    walks: list[Walk] = []
    for sink in sinks:
        if isinstance(sink, QuantizeSink) and sink.granularity != "tensor":
            _add_group(walks, sink)
    for sink in sinks:
        if isinstance(sink, PlainSink):
            _walk_of(walks, sink.value.type.shape[1]).maps.append(sink)
        elif isinstance(sink, QuantizeSink) and sink.granularity == "tensor":
            _walk_of(walks, sink.op.x.type.shape[1]).maps.append(sink)
    return walks


def _add_group(walks: list[Walk], sink: QuantizeSink) -> None:
    """Let the sink share a walk whose blocks can hold whole groups of both; otherwise it gets its own."""
    width = sink.op.x.type.shape[1]
    for walk in walks:
        groups = [*(other.group for other in walk.groups), sink.group]
        values = dict.fromkeys([*walk.values, sink.op.x])
        if walk.width == width and not walk.is_long and _block(width, groups, values):
            walk.groups.append(sink)
            return
    walks.append(Walk(width, [sink], is_long=not _block(width, [sink.group], [sink.op.x])))


def _block(width: int, groups: Sequence[int], values: Iterable[ir.Value]) -> int:
    """Return the columns of a block that keeps `values` and has whole groups; 0 if it would be too large."""
    bytes_a_column = sum(map(_bytes, values))
    most = min(BLOCK_BYTES // bytes_a_column, MAX_GROUPS * min(groups))
    common = lcm(*groups)
    if width <= most and (common >= width or width <= BLOCK_COLUMNS):
        return width
    return 0 if common > most else max(common, min(most, BLOCK_COLUMNS) // common * common)


def padded(size: int) -> int:
    """Return the bytes that memory of a size takes, up to where the next one begins."""
    return -(-size // SCRATCH_ALIGNMENT) * SCRATCH_ALIGNMENT


def _bytes(value: ir.Value) -> int:
    """Return the bytes that an element of a row takes while it is kept."""
    return 2 if isinstance(value.type.element_type, ir.BF16Type) else 4


def _walk_of(walks: list[Walk], width: int) -> Walk:
    """Return a walk over `width` columns that can take more, made when there is none."""
    for walk in walks:
        if walk.width == width and not walk.is_long:
            return walk
    walks.append(Walk(width))
    return walks[-1]
