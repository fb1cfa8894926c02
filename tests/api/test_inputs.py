# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the inputs of a call may be. ``meta`` stands for a GPU's memory: torch has tensors there on every machine."""

from __future__ import annotations

import weakref

import pytest
import torch

from fanfold.checks import InputCheck
from fanfold.errors import CallError
from fanfold.executable import Executable
from fanfold.inputs import UNKNOWN, Inputs
from fanfold.signature import TensorSpec

CPU, GPU = torch.device("cpu"), torch.device("meta")
SPECS = tuple(TensorSpec(name, (None, 4), "float32", ("n", None)) for name in "ab")


def rows(count: int, device: torch.device = CPU) -> torch.Tensor:
    return torch.zeros(count, 4, device=device)


@pytest.mark.parametrize("device", [CPU, GPU])
def test_all_on_the_device_or_all_on_the_cpu(device: torch.device) -> None:
    fit = Inputs(SPECS, (GPU, CPU)).fit([rows(3, device), rows(3, device)])
    assert (fit.device, fit.sizes, fit.input_bytes) == (device, {"n": 3}, 96)


def test_what_fitted_last_is_remembered_and_nothing_else() -> None:
    inputs = Inputs(SPECS, (GPU, CPU))
    fit = inputs.fit([rows(3), rows(3)])
    assert inputs.fit([rows(3), rows(3)]) is fit
    assert inputs.fit([rows(2), rows(2)]).sizes == {"n": 2}
    assert inputs.fit([rows(2, GPU), rows(2, GPU)]).device == GPU
    for wrong in ([rows(2), rows(3)], [rows(2), rows(2).double()], [rows(2), rows(2).to_sparse()], [rows(2), None]):
        with pytest.raises(CallError):
            inputs.fit(wrong)
    assert Inputs((), (CPU,)).fit([]).input_bytes == 0


def test_what_is_alike_fits_and_nothing_else_is_alike() -> None:
    fit = Inputs(SPECS, (GPU, CPU)).fit([rows(3), rows(3)])
    assert fit.alike(rows(3), rows(3))
    one = rows(3)
    others = [rows(2), rows(3, GPU), rows(3).double(), rows(3).to_sparse(), None, 1.0, torch.nn.Parameter(rows(3))]
    others += [torch.zeros(4, 3).t(), torch.zeros(3, 4, dtype=torch.complex64).imag, one]
    assert [other for other in others if fit.alike(one, other)] == []
    with torch.no_grad():
        assert fit.alike(rows(3), rows(3))


def test_nothing_is_alike_without_inputs_or_before_the_first_call() -> None:
    assert not Inputs((), (CPU,)).fit([]).alike()
    assert not UNKNOWN.alike(rows(3))


def test_what_fitted_is_not_kept_alive() -> None:
    value = rows(3)
    memory = weakref.ref(value)
    fit = Inputs(SPECS[:1], (CPU,)).fit([value])
    del value
    assert memory() is None
    assert fit.alike(rows(3))


def test_inputs_on_two_devices_are_refused() -> None:
    inputs = Inputs(SPECS, (GPU, CPU))
    for first, second in ((CPU, GPU), (GPU, CPU)):
        inputs.fit([rows(3, first), rows(3, first)])
        with pytest.raises(CallError, match="on two devices") as caught:
            inputs.fit([rows(3, first), rows(3, second)])
        assert caught.value.expected == f"b on {first}, as a is"
        assert f".to('{first}')" in str(caught.value.remedy)


def test_another_gpu_is_refused_with_both_ways_out() -> None:
    check = InputCheck(SPECS[0], 0, (torch.device("meta", 1), CPU))
    assert not check.passes(rows(3, GPU))
    error = check.error(rows(3, GPU))
    assert error.expected == "float32[n, 4] on meta:1 or cpu"
    assert error.remedy == "move it with .to('meta:1'), or load the model with device='meta'"


def test_a_gpus_tensor_does_not_go_into_a_cpu_program(fanout: Executable) -> None:
    with pytest.raises(CallError) as caught:
        fanout(torch.zeros(2, 256, device="meta"))
    assert ".cpu()" in str(caught.value.remedy)
    assert "results of this program are on the CPU" in str(caught.value.remedy)
