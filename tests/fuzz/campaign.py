# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Many graphs: packs of them, in several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from .check import Finding, Outcome, check
from .generate import generate

#: Graphs that are compiled as one model: more save little, and a failure costs more.
PACK = 8


def packs(seeds: Sequence[int]) -> list[list[int]]:
    """Return the seeds in packs."""
    return [list(seeds[i : i + PACK]) for i in range(0, len(seeds), PACK)]


def check_seeds(seeds: Sequence[int]) -> Outcome:
    """Generate and check the graphs of some seeds, in this process."""
    return check([generate(seed) for seed in seeds])


def run(seeds: Sequence[int], workers: int, progress: Callable[[Outcome], None] = lambda _: None) -> Outcome:
    """Check the graphs of all seeds in worker processes, and tell of the outcome so far after each pack."""
    total = Outcome()
    for outcome in _outcomes(packs(seeds), workers):
        total.add(outcome)
        progress(total)
    total.findings.sort(key=lambda finding: finding.graph.seed)
    return total


def _outcomes(work: list[list[int]], workers: int) -> Iterator[Outcome]:
    remaining = list(work)
    while remaining:
        try:
            with _pool(workers) as pool:
                futures = {pool.submit(check_seeds, pack): pack for pack in remaining}
                for future in as_completed(futures):
                    yield future.result()
                    remaining.remove(futures[future])
        except BrokenProcessPool:
            # A compiled graph took its process down: one of the first that are left. Each gets a process of its own.
            suspects, remaining = remaining[:workers], remaining[workers:]
            for seed in (seed for pack in suspects for seed in pack):
                yield _alone(seed)


def _alone(seed: int) -> Outcome:
    try:
        with _pool(1) as pool:
            return pool.submit(check_seeds, [seed]).result()
    except BrokenProcessPool:
        return Outcome(
            graphs=1, findings=[Finding(generate(seed), "crash", "the process that compiled or ran it died")]
        )


def _pool(workers: int) -> ProcessPoolExecutor:
    # Not forked: the compiler and the runtime have threads.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_one_thread)


def _one_thread() -> None:
    """Keep torch from starting threads for each worker: tensors are small."""
    import torch

    torch.set_num_threads(1)


def default_workers() -> int:
    """Return how many processes to use."""
    return os.cpu_count() or 1
