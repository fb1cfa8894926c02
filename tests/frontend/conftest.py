# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures of the frontend tests: import, and run on the CPU with stock IREE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from fanfold.frontend import ImportedModel

Runner = Callable[..., list[np.ndarray[Any, Any]]]


def _bytes(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


@pytest.fixture
def run_stock() -> Runner:
    """Compile an imported model with stock IREE, call it with f32 or integer tensors, return its results."""
    compiler = pytest.importorskip("iree.compiler")
    runtime = pytest.importorskip("iree.runtime")

    def run(model: ImportedModel, *inputs: torch.Tensor) -> list[np.ndarray[Any, Any]]:
        flags = [
            "--iree-hal-target-device=local",
            "--iree-hal-local-target-device-backends=llvm-cpu",
            "--iree-llvmcpu-target-cpu=generic",
            # Demoting would read f64 parameters as f32, and cut off f64 literals.
            "--iree-input-demote-f64-to-f32=false",
        ]
        vmfb = compiler.compile_str(str(model.module), extra_args=flags, input_type="torch")
        config = runtime.Config("local-sync")
        index = runtime.ParameterIndex()
        for name, tensor in model.parameters.items():
            index.add_buffer(name, _bytes(tensor))
        modules = runtime.load_vm_modules(
            runtime.create_io_parameters_module(config.vm_instance, index.create_provider(scope="model")),
            runtime.create_hal_module(config.vm_instance, config.device),
            runtime.VmModule.copy_buffer(config.vm_instance, vmfb),
            config=config,
        )
        results = modules[-1].main(*(tensor.numpy() for tensor in inputs))
        results = results if isinstance(results, (list, tuple)) else [results]
        return [np.asarray(result.to_host()) for result in results]

    return run
