# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Three times of a call: until its results are there, among many calls in a row, and on the device alone.

``latency`` is a call followed by a wait for the device. ``throughput`` is many calls followed by one wait, divided by
their number: a peer that only queues its work hides what Python costs behind what the device does, and one that waits
in each call does not. Nothing is subtracted from either. ``device`` is what the profiler of the driver (CUPTI or its
like at AMD, through `torch.profiler`) says that kernels and copies took: it sees the work of the whole process, whoever
launched it, and no gaps between kernels. Events of torch's own streams would not do, since IREE's work is on another.

``kernel`` is a second opinion on ``device`` for fanfold alone, and takes its place where the profiler does not see
IREE's kernels: a launch among many in one submission, as IREE's own tool measures it (`kernel_time.py`).

Calls take turns over several sets of inputs, so that those of more than a quarter of `ROUND_BYTES` do not find their
operands in the cache. Small ones do, all peers alike.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch._C._autograd import DeviceType

#: Bytes that the sets of inputs have together, at least: several times the caches of today's GPUs.
ROUND_BYTES = 256 << 20
MOST_SETS = 4

Call = Callable[..., object]


@dataclass(frozen=True)
class Times:
    """Microseconds a call.

    Attributes:
        latency: From the call until its results are there; the median.
        throughput: Among many calls; the median of several batches.
        device: Kernels and copies alone; ``None`` where the profiler saw nothing.
        kernel: A launch among many in one submission (`kernel_time`); ``None`` where it was not measured.
        launches: Kernels and copies a call; ``None`` where the profiler saw nothing.
    """

    latency: float
    throughput: float
    device: float | None
    launches: float | None
    kernel: float | None = None

    @property
    def on_device(self) -> float | None:
        """Return the time of the device alone: the profiler's, or else that of a launch among many."""
        return self.kernel if self.device is None else self.device

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-serialisable data."""
        return asdict(self)


def set_count(size: int) -> int:
    """Return how many sets of inputs calls of `size` bytes take turns over."""
    return max(1, min(MOST_SETS, -(-ROUND_BYTES // max(size, 1))))


class Clock:
    """Measures calls on one device.

    Args:
        device: Such as ``cuda:0``.
        seconds: Time for one measurement, about.

    Attributes:
        profiler_error: Why the profiler does not work, if it does not.
    """

    def __init__(self, device: str, seconds: float) -> None:
        self._on_gpu = device != "cpu"
        self._seconds = seconds
        self.profiler_error: str | None = None

    def wait(self) -> None:
        """Wait until the device has done everything."""
        if self._on_gpu:
            torch.cuda.synchronize()

    def measure(self, call: Call, sets: Sequence[tuple[Tensor, ...]]) -> Times:
        """Measure a call that takes each of `sets` in turn."""
        turns = itertools.cycle(sets)
        latency = self.latency(call, turns, len(sets))
        batch = self._calls(latency, 10)
        throughput = statistics.median(self._time(call, turns, batch) for _ in range(5)) / batch
        device, launches = self._on_device(call, turns, self._calls(latency, 10)) if self._on_gpu else (None, None)
        return Times(latency * 1e6, throughput * 1e6, device, launches)

    def latency(self, call: Call, turns: Iterator[tuple[Any, ...]], sets: int = 1) -> float:
        """Return the seconds of a call that is waited for, after some that do not count."""
        for _ in range(max(3, sets)):
            call(*next(turns))
        self.wait()
        once = self._time(call, turns, 1)
        return statistics.median(self._time(call, turns, 1) for _ in range(self._calls(once, 2)))

    def _calls(self, one: float, share: int) -> int:
        return max(3, min(2000, int(self._seconds / share / max(one, 1e-7))))

    def _time(self, call: Call, turns: Iterator[tuple[Any, ...]], count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            call(*next(turns))
        self.wait()
        return time.perf_counter() - start

    def _on_device(self, call: Call, turns: Iterator[tuple[Any, ...]], count: int) -> tuple[float | None, float | None]:
        try:
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
                for _ in range(count):
                    call(*next(turns))
                self.wait()
            spans = [event for event in profiler.events() or [] if event.device_type != DeviceType.CPU]
        except (RuntimeError, AssertionError) as error:
            # Not every machine lets its users profile: the other times are worth having.
            self.profiler_error = f"{type(error).__name__}: {error}"
            return None, None
        if not spans:
            return None, None
        return sum(event.time_range.elapsed_us() for event in spans) / count, len(spans) / count
