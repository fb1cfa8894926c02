# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Interleaved timing: every round asks each peer once, so that a slow moment of the machine hits all of them."""

from __future__ import annotations

import math
import multiprocessing
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np

from benchmarks.peers import serve


class PeerError(RuntimeError):
    """A peer's process reported a failure; the message is its traceback."""


@dataclass(frozen=True)
class Sample:
    """What was measured of one peer at one shape.

    Attributes:
        milliseconds: Median over the rounds of the time of a call.
        best: The same in the fastest round: what a quiet machine gives.
        spread: Interquartile range of the rounds, as a fraction of the median: the noise.
        equal: Fraction of quantised bytes that equal eager's, or ``None`` for a peer without results.
    """

    milliseconds: float
    best: float
    spread: float
    equal: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the sample as JSON-serialisable data."""
        return asdict(self)


class PeerProcess:
    """A peer in a process of its own.

    Args:
        name: A key of ``benchmarks.peers.BUILDERS``.
        cores: The CPU cores that it may use.
    """

    def __init__(self, name: str, cores: list[int]) -> None:
        self.name = name
        # Spawned, not forked: thread pools do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, name, cores), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, *request: object) -> Any:
        """Send one request and return its answer.

        Raises:
            PeerError: If the peer failed or died.
        """
        self._connection.send(request)
        try:
            answer = self._connection.recv()
        except EOFError as error:
            raise PeerError(f"{self.name}: the process ended") from error
        if isinstance(answer, str):
            raise PeerError(f"{self.name}: {answer}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.is_alive():
            self._connection.send(None)
        self._process.join(timeout=10)
        self._process.kill()


def measure(
    peers: Iterable[PeerProcess], rows: int, width: int, *, rounds: int, batch_seconds: float
) -> dict[str, Sample]:
    """Build every peer for one shape, then time them in turns."""
    peers = list(peers)
    results = {peer.name: peer.ask("build", rows, width) for peer in peers}
    # A batch is long enough for the clock and for the pools to settle.
    first = {peer.name: peer.ask("time", 3) for peer in peers}
    calls = {name: max(1, min(20_000, math.ceil(batch_seconds / seconds))) for name, seconds in first.items()}
    times: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for number in range(rounds):
        # The order turns from round to round: no peer always follows the same neighbour.
        start = number % len(peers)
        for peer in [*peers[start:], *peers[:start]]:
            times[peer.name].append(peer.ask("time", calls[peer.name]) * 1e3)
    return {
        name: Sample(statistics.median(found), min(found), _spread(found), _equal(results[name], results.get("eager")))
        for name, found in times.items()
    }


def _spread(times: list[float]) -> float:
    low, middle, high = np.quantile(times, [0.25, 0.5, 0.75])
    return float((high - low) / middle)


def _equal(found: tuple[np.ndarray, ...] | None, expected: tuple[np.ndarray, ...] | None) -> float | None:
    if found is None or expected is None:
        return None
    return float(np.mean([np.mean(a == b) for a, b in zip(found, expected, strict=True) if a.dtype == np.uint8]))
