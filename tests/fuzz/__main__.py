# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m fuzz`, see the package."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from .campaign import default_workers, run
from .check import Finding, Outcome
from .generate import generate
from .shrink import shrink
from .table import KINDS, NOT_YET


def main() -> int:
    """Run the seeds that the command line asks for; 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Compare random graphs with eager PyTorch.")
    parser.add_argument("--graphs", type=int, default=10_000, help="how many (default: 10000)")
    parser.add_argument("--start", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--seed", type=int, help="only the graph of this seed")
    parser.add_argument("--workers", type=int, default=default_workers(), help="processes (default: one a core)")
    parser.add_argument("--shrink", type=int, default=3, help="how many failing graphs to make small (default: 3)")
    options = parser.parse_args()
    seeds = range(options.start, options.start + options.graphs) if options.seed is None else [options.seed]
    start = time.perf_counter()
    outcome = run(seeds, min(options.workers, len(seeds)), _progress)
    seconds = time.perf_counter() - start
    print(f"\n{outcome.graphs} graphs in {seconds:.0f} s, {len(outcome.findings)} of them wrong")
    print(statistics(seeds, outcome))
    for number, finding in enumerate(outcome.findings):
        print(describe(finding))
        if number < options.shrink and finding.symptom != "crash":
            print("made small:\n" + describe(shrink(finding)))
    return 1 if outcome.findings else 0


def _progress(outcome: Outcome) -> None:
    print(f"\r{outcome.graphs} graphs, {len(outcome.findings)} wrong", end="", file=sys.stderr, flush=True)


def describe(finding: Finding) -> str:
    """Return what is wrong with a graph, and Python that checks it again."""
    return (
        f"seed {finding.graph.seed}: {finding.symptom}\n  {finding.details}\n"
        "  from fuzz.check import check; from fuzz.graph import Graph, Source, Step  # with PYTHONPATH=tests\n"
        f"  print(check([{finding.graph!r}]).findings)"
    )


def statistics(seeds: Sequence[int], outcome: Outcome) -> str:
    """Return how often each kind of step ran, and what became of the row-wise ops."""
    kinds = Counter(step.kind for seed in seeds for step in generate(seed).steps)
    sharp = outcome.exact / max(outcome.elements, 1)
    lines = [f"{outcome.calls} calls, {outcome.elements} elements, {sharp:.2%} of them with one right value"]
    lines.append("steps: " + ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS))
    if NOT_YET:
        lines.append(f"NOT COVERED YET: {', '.join(sorted(NOT_YET))}")
    lines.append(f"row-wise ops in kernels: {_counts(outcome.kernels)}")
    for title, reasons in (("without a kernel", outcome.refused), ("in a kernel apart", outcome.apart)):
        lines.append(f"{title}: {reasons.total()}")
        lines += [f"  {count:5} {op}: {reason}" for (op, reason), count in reasons.most_common()]
    return "\n".join(lines)


def _counts(counter: Counter[str]) -> str:
    return f"{counter.total()} (" + ", ".join(f"{op} {count}" for op, count in counter.most_common()) + ")"


if __name__ == "__main__":
    sys.exit(main())
