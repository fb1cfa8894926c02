# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls on a real GPU. Compiled only so far: no machine of the project has had one."""

from __future__ import annotations

import threading

import pytest
import torch

import fanfold
from fanfold import trial
from fanfold.errors import CallError

pytestmark = pytest.mark.gpu


class NormQuant(torch.nn.Module):
    """A norm, quantised by groups to FP8, and its input doubled."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.RMSNorm(1536, dtype=torch.bfloat16)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return bytes, scales and the doubled input."""
        return (*fanfold.ops.group_quant(self.norm(x), 128), x + x)


@pytest.fixture(scope="module")
def executable() -> fanfold.Executable:
    """The model, compiled for the first device."""
    if torch.version.hip:
        arch = torch.cuda.get_device_properties(0).gcnArchName.partition(":")[0]
        target = f"rocm:{arch}"
    else:
        major, minor = torch.cuda.get_device_capability(0)
        target = f"cuda:sm_{major}{minor}"
    return fanfold.compile(NormQuant(), (torch.randn(4, 1536).bfloat16(),), target=target, device="cuda:0")


def same(results: tuple[torch.Tensor, ...], x: torch.Tensor) -> bool:
    expected = NormQuant()(x.cpu())
    return all(one.ok for one in trial.compare(tuple(result.cpu() for result in results), expected))


def test_tensors_on_the_gpu_stay_there(executable: fanfold.Executable) -> None:
    x = torch.randn(4, 1536, device="cuda").bfloat16()
    results = executable(x)
    assert all(result.device == x.device for result in results)
    assert same(results, x)


def test_tensors_on_the_cpu_come_back_to_the_cpu(executable: fanfold.Executable) -> None:
    x = torch.randn(4, 1536).bfloat16()
    results = executable(x)
    assert all(result.is_cpu for result in results)
    assert same(results, x)
    with pytest.raises(CallError):
        executable(x.cuda().float())


def test_a_kernel_of_torch_that_still_runs_is_waited_for(executable: fanfold.Executable) -> None:
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        x = torch.zeros(4, 1536, device="cuda", dtype=torch.bfloat16)
        busy = torch.randn(4096, 4096, device="cuda")
        for _ in range(20):
            busy = busy @ busy
        x += torch.randn(4, 1536, device="cuda").bfloat16()
        results = executable(x)
    assert same(results, x)


def test_other_threads_and_freed_results(executable: fanfold.Executable) -> None:
    wrong: list[int] = []

    def work(seed: int) -> None:
        for turn in range(50):
            x = torch.randn(4, 1536, generator=torch.Generator().manual_seed(seed * 100 + turn)).bfloat16().cuda()
            if not same(executable(x), x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_threads_current_device_is_left_alone(executable: fanfold.Executable) -> None:
    before = torch.cuda.current_device()
    executable(torch.zeros(4, 1536, device="cuda", dtype=torch.bfloat16))
    assert torch.cuda.current_device() == before
