# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The plan of a row's results: as few walks over the columns as possible."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import lcm

from torch_mlir import ir

from .scales import ScaleBuffer
from .values import Buffer

#: Most columns whose values one loop body holds in registers (or, beyond them, in spill slots of the L1 cache).
MAX_CHUNK = 512

#: Columns that one loop body takes at a time if it is free to choose: half of 32 vector registers of 16 lanes.
MANY_COLUMNS = 256


#: Each group of a chunk is code of its own: so many are taken at most if a walk is free to choose.
MANY_GROUPS = 16

#: Most groups, those of all sinks, that share a chunk.
MAX_GROUPS = 48


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
        """Columns that share a scale."""
        return int(min(self.op.group_size.value, self.op.x.type.shape[1]))


@dataclass
class Walk:
    """One walk over the columns of a width, in chunks of `chunk` columns.

    A chunk holds whole groups of each of the `groups`; the `maps` need no scale of their own (plain values and static
    scales) and ride along.
    """

    width: int
    chunk: int
    groups: list[QuantizeSink] = field(default_factory=list)
    maps: list[PlainSink | QuantizeSink] = field(default_factory=list)


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


def plan(sinks: Sequence[Sink], lanes: int) -> list[Walk]:
    """Distribute sinks over walks, but for those of a token: its absmax or scale is known before.

    Args:
        sinks: What has to be stored.
        lanes: f32 lanes of a vector.
    """
    walks: list[Walk] = []
    for sink in sinks:
        if isinstance(sink, QuantizeSink) and sink.granularity == "group":
            _add_group(walks, sink)
    for sink in sinks:
        if isinstance(sink, PlainSink):
            _walk_of(walks, sink.value.type.shape[1], 4 * lanes).maps.append(sink)
        elif isinstance(sink, QuantizeSink) and sink.granularity == "tensor":
            _walk_of(walks, sink.op.x.type.shape[1], 4 * lanes).maps.append(sink)
    return walks


def _add_group(walks: list[Walk], sink: QuantizeSink) -> None:
    """Let the sink share a walk whose chunk can hold whole groups of both; otherwise it gets its own."""
    width = sink.op.x.type.shape[1]
    for walk in walks:
        common = lcm(walk.chunk, sink.group)
        groups = sum(common // other.group for other in (*walk.groups, sink))
        if walk.width == width and common <= MAX_CHUNK and groups <= MAX_GROUPS:
            walk.chunk = common
            walk.groups.append(sink)
            return
    # Several groups a chunk, so that independent work is in flight, as far as registers reach.
    walks.append(Walk(width, sink.group * min(MANY_GROUPS, max(1, MANY_COLUMNS // sink.group)), [sink]))


def _walk_of(walks: list[Walk], width: int, chunk: int) -> Walk:
    """Return a walk over `width` columns that can take more, made when there is none."""
    for walk in walks:
        if walk.width == width and walk.chunk <= MAX_CHUNK:
            return walk
    walks.append(Walk(width, chunk))
    return walks[-1]
