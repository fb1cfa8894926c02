# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A differential fuzzer: random graphs, compiled, against eager PyTorch.

    make fuzz                                             # ten thousand graphs
    PYTHONPATH=tests python -m fuzz --graphs 3000         # the seeds 0 to 2999
    PYTHONPATH=tests python -m fuzz --seed 4711           # that graph alone, made small if it fails

A graph is data (`graph.py`), made from its seed (`generate.py`) out of the kinds of steps in a table (`table.py`).
Eight at a time are compiled as one model and called (`check.py`). What each element of a result may be is computed in
eager (`bounds.py`): it is one value nearly everywhere, and two neighbours where another order of a norm's sum can flip
a rounding. So a mistake of one step in one element is found, and no chain is too long for the comparison.

A graph that fails is printed with its seed and made small (`shrink.py`). Last come the kinds of steps that ran, and how
many row-wise ops have a kernel, or why not.
"""
