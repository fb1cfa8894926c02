# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the generator has to know of a GPU."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GpuDevice:
    """The device that kernels are generated for.

    Attributes:
        subgroup: Lanes that run together and exchange values without memory.
        max_threads: Most threads of a workgroup.
        shared_bytes: Memory that the threads of a workgroup share, in bytes.
        load_bytes: Widest access of one thread, in bytes.
    """

    subgroup: int = 32
    max_threads: int = 1024
    shared_bytes: int = 49152
    load_bytes: int = 16
