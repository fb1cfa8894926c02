# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the tensors of a call reach a program's device, and its results come back: as they lie, or as copies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .placement import Placement
from .staging import make_downloader, make_uploader
from .tensors import Exporter, Importer, make_exporter, make_importer, torch_dtype


@dataclass(frozen=True)
class Crossing:
    """The ways of a program's inputs and results.

    Attributes:
        importers: One for each input.
        exporters: One for each result.
    """

    importers: tuple[Importer, ...]
    exporters: tuple[Exporter, ...]


def share(
    hal: Any, placement: Placement, inputs: Sequence[str], outputs: Sequence[str], byte_results: Collection[int]
) -> Crossing:
    """Return the crossing of tensors that are on the device: nothing is copied.

    Args:
        hal: The device.
        placement: Its driver and index.
        inputs: The dtype name of each input.
        outputs: The dtype name of each result.
        byte_results: The numbers of the results that the program returns as bytes.
    """
    device = placement.torch_device() or torch.device("cpu")
    dlpack = placement.driver.dlpack
    return Crossing(
        tuple(make_importer(hal, torch_dtype(name)) for name in inputs),
        tuple(
            make_exporter(hal, torch_dtype(name), device, dlpack, as_bytes=i in byte_results)
            for i, name in enumerate(outputs)
        ),
    )


def stage(hal: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Crossing:
    """Return the crossing of tensors on the CPU to a GPU: each is copied, and so is each result.

    Args:
        hal: The device.
        inputs: The dtype name of each input.
        outputs: The dtype name of each result.
    """
    return Crossing(
        tuple(make_uploader(hal, torch_dtype(name)) for name in inputs),
        tuple(make_downloader(hal, torch_dtype(name)) for name in outputs),
    )
