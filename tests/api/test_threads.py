# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several threads that load and call one executable."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import iree.runtime as rt
import pytest
import torch

from fanfold.backends.drivers import DRIVERS
from fanfold.backends.placement import Placement
from fanfold.backends.program import Program
from fanfold.errors import CallError
from fanfold.executable import Executable

THREADS = 6
#: Rows of fanout that are called on the caller's thread, and on the workers.
SMALL, LARGE = 3, 4000


def expected(x: torch.Tensor) -> list[torch.Tensor]:
    return [x + x, (x + x).bfloat16(), x.relu(), -x]


def fresh(executable: Executable) -> Executable:
    """The same program, not loaded yet."""
    return Executable(executable._artifact)


def in_threads(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(work, number) for number in range(THREADS)]:
            future.result(timeout=60)


def test_threads_load_once_and_get_their_own_results(fanout: Executable) -> None:
    executable = fresh(fanout)
    start, deadline = threading.Barrier(THREADS), time.monotonic() + 2

    def work(number: int) -> None:
        generator = torch.Generator().manual_seed(number)
        start.wait()  # the first calls, which load, come at once
        for turn in itertools.count():
            # Sizes change, so that threads also differ about which shape was the last that fitted.
            rows = (SMALL, SMALL + number, LARGE)[turn % 3] if turn else SMALL
            x = torch.randn(rows, 256, generator=generator)
            results = executable(x)
            assert all(torch.equal(r, e) for r, e in zip(results, expected(x), strict=True))
            if turn >= 6 and time.monotonic() > deadline:
                break

    in_threads(work)


def test_sizes_are_checked_for_each_thread(pair: Executable) -> None:
    def work(number: int) -> None:
        a = torch.ones(number + 1, 4)
        for _ in range(100):
            assert torch.equal(pair(a, b=a)["parts"][0], a + a)
            with pytest.raises(CallError, match="disagree about the size n"):
                pair(a, b=torch.ones(number + 2, 4))

    in_threads(work)


def test_programs_load_at_once(fanout: Executable, linear: Executable, pair: Executable) -> None:
    x = torch.ones(2, 256)

    def work(number: int) -> None:
        match number % 3:
            case 0:
                assert torch.equal(fresh(fanout)(x)[0], x + x)
            case 1:
                assert fresh(linear)(x.bfloat16()).shape == (2, 512)
            case _:
                assert torch.equal(fresh(pair)(x[:, :4], b=x[:, :4])["parts"][0], torch.full((2, 4), 2.0))

    in_threads(work)


class Watched:
    """A context that counts who is in it, and in all of its kind."""

    inside = most = 0
    lock = threading.Lock()

    def __init__(self, *_: Any) -> None:
        self.busy = False

    def invoke(self, *_: Any) -> None:
        with Watched.lock:
            assert not self.busy, "two threads are in one context"
            self.busy = True
            Watched.inside += 1
            Watched.most = max(Watched.most, Watched.inside)
        time.sleep(0.01)
        with Watched.lock:
            self.busy = False
            Watched.inside -= 1


@pytest.mark.parametrize("contexts", [1, 3])
def test_as_many_threads_are_inside_as_there_are_contexts(
    fanout: Executable, monkeypatch: pytest.MonkeyPatch, contexts: int
) -> None:
    monkeypatch.setattr(rt, "VmContext", Watched)
    monkeypatch.setattr(Watched, "most", 0)
    placement = Placement(DRIVERS["local-sync"])
    program = Program(fanout._artifact.module, ["float32"], [], {}, placement, contexts=contexts)

    def work(_: int) -> None:
        for _ in range(5):
            program.call([torch.ones(1, 256)])

    in_threads(work)
    assert Watched.most == contexts
    assert Watched.inside == 0
