# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A process that measures. When it is lost, hangs, or its device no longer answers it, a new one goes on.

A kernel that touches memory that is not its own ends every later call of its process, one that waits for a thread that
has left never ends, and a fault in a driver ends the process itself: none of it must cost the other programs.
"""

from __future__ import annotations

import argparse
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.gpu.clock import Clock
from benchmarks.gpu.grid import Program
from benchmarks.gpu.machine import describe
from benchmarks.gpu.peers import PEERS, Peers
from benchmarks.gpu.results import Cell
from benchmarks.gpu.runner import Runner


@dataclass(frozen=True)
class Answer:
    """What the process says of a program.

    Attributes:
        cells: One for each number of tokens.
        profiler_error: Why the profiler does not work, if it does not.
        works: Whether the device still does.
    """

    cells: list[Cell]
    profiler_error: str | None
    works: bool


class Worker:
    """The process, as its parent sees it.

    Args:
        folder: The benchmark's folder.
        manifest: What is in it.
        options: The command line's.

    Attributes:
        machine: What it runs on.
        profiler_error: Why the profiler does not work there, if it does not.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], options: argparse.Namespace) -> None:
        self._arguments = (folder, manifest, options)
        self._tokens: list[int] = options.tokens
        self._limit: float = options.limit
        self.profiler_error: str | None = None
        self._start()

    def run(self, program: Program) -> list[Cell]:
        """Return the cells of a program; if the process ends over it, they say so."""
        try:
            self._connection.send(program)
            if self._connection.poll(self._limit):
                answer: Answer = self._connection.recv()
            else:
                self._process.kill()
                answer = self._lost(program, f"it was ended after {self._limit:g} seconds")
        except (EOFError, OSError):
            self._process.join(timeout=10)
            answer = self._lost(program, f"it ended with {self._process.exitcode}")
        self.profiler_error = self.profiler_error or answer.profiler_error
        if not answer.works:
            self._stop()
            self._start()
        return answer.cells

    def _lost(self, program: Program, why: str) -> Answer:
        return Answer([Cell(program, tokens, errors={"process": why}) for tokens in self._tokens], None, works=False)

    def _start(self) -> None:
        # Spawned, not forked: a device does not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
        self._process.start()
        theirs.close()
        self.machine: dict[str, str] = self._connection.recv()

    def _stop(self) -> None:
        self._connection.close()
        # One that waits for a program ends by itself.
        self._process.join(timeout=10)
        self._process.kill()
        self._process.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()


def _serve(connection: Connection, folder: Path, manifest: dict[str, Any], options: argparse.Namespace) -> None:
    connection.send(describe(options.device))
    clock = Clock(options.device, options.seconds)
    peers = Peers(folder, manifest, options.device, dynamic=not options.static)
    runner = Runner(peers, [name for name in PEERS if name in options.peers], clock, options.device)
    while True:
        try:
            program = connection.recv()
        except EOFError:
            return
        cells = runner.run(program, options.tokens)
        connection.send(Answer(cells, clock.profiler_error, runner.device_works()))
