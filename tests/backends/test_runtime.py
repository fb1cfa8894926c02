# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from fanfold.backends import cpu
from fanfold.backends.device import open_device, worker_count
from fanfold.backends.drivers import DRIVERS, Driver
from fanfold.backends.inventory import Listing, list_targets
from fanfold.backends.iree_compiler import CompiledModule, compile_module
from fanfold.backends.placement import Placement
from fanfold.backends.runtime import LoadedModule
from fanfold.backends.target import parse_target
from fanfold.backends.tensors import make_importer, torch_dtype
from fanfold.errors import ArtifactError, CallError, TargetError

FANOUT = (["float32"], ["float32", "bfloat16", "float32", "float32"])
DTYPES = ["int64", "bool", "uint8", "float8_e4m3fn", "float32", "int32", "float16"]


@pytest.fixture
def fanout(compiled: Callable[[str], CompiledModule]) -> LoadedModule:
    return LoadedModule(compiled("fanout").vmfb, "local-task", *FANOUT, {})


def expected_fanout(x: torch.Tensor) -> list[torch.Tensor]:
    return [x + x, (x + x).bfloat16(), x.relu(), -x]


def same(results: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    return all(
        r.dtype is e.dtype and r.shape == e.shape and torch.equal(r, e) for r, e in zip(results, expected, strict=True)
    )


@pytest.mark.parametrize("rows", [0, 1, 2, 33, 1000])
def test_results_are_right_for_any_number_of_rows(fanout: LoadedModule, rows: int) -> None:
    x = torch.randn(rows, 256)
    assert same(fanout.call([x]), expected_fanout(x))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.t().contiguous().t(),
        lambda x: torch.cat([torch.zeros(3), x.reshape(-1)])[3:].view_as(x),
        lambda x: torch.cat([x, x], 1)[:, :256],
        lambda x: x.clone().requires_grad_(),
        torch.nn.Parameter,
        lambda x: torch.complex(torch.zeros_like(x), -x).conj().imag,
        lambda x: x[:1].expand(5, 256),
    ],
    ids=["transposed", "unaligned", "strided", "grad", "parameter", "negated", "expanded"],
)
def test_unusual_memory_is_taken(fanout: LoadedModule, make: Callable[[torch.Tensor], torch.Tensor]) -> None:
    x = make(torch.randn(5, 256))
    assert same(fanout.call([x]), expected_fanout(x.detach().clone()))
    assert not any(r.requires_grad for r in fanout.call([x]))


@pytest.mark.parametrize("rows", [5, 0])
def test_every_dtype_crosses_both_ways(compiled: Callable[[str], CompiledModule], rows: int) -> None:
    module = LoadedModule(compiled("dtypes").vmfb, "local-task", DTYPES, [*DTYPES[:6], "bool", "int64", "float16"], {})
    a, b = torch.arange(rows) - 2, torch.arange(rows) % 2 == 0
    fp8 = torch.randn(rows).to(torch.float8_e4m3fn)
    scalar, i = torch.tensor(3.5), torch.arange(rows, dtype=torch.int32)
    inputs = [a, b, torch.arange(rows, dtype=torch.uint8) + 250, fp8, scalar, i, torch.randn(rows).half()]
    expected = [*inputs[:6], ~b, a + a, inputs[6]]
    results = module.call(inputs)
    for r, e in zip(results, expected, strict=True):
        assert r.dtype is e.dtype
        assert r.shape == e.shape
        assert torch.equal(r.reshape(-1).view(torch.uint8), e.reshape(-1).view(torch.uint8))


def test_parameters_of_every_kind_and_of_any_alignment(compiled: Callable[[str], CompiledModule]) -> None:
    q = torch.tensor([1.0, -2.0, 448.0]).to(torch.float8_e4m3fn)
    b, i = torch.randn(6).bfloat16()[1:], torch.tensor([2**40, -1])
    dtypes = ["float8_e4m3fn", "float8_e4m3fn", "bfloat16", "int64"]
    module = LoadedModule(compiled("weights").vmfb, "local-task", dtypes[:1], dtypes, {"q": q, "b": b, "i": i})
    x = torch.zeros(4).to(torch.float8_e4m3fn)
    _, got_q, got_b, got_i = module.call([x])
    assert torch.equal(got_q.view(torch.uint8), q.view(torch.uint8))
    assert torch.equal(got_b, b)
    assert torch.equal(got_i, i)
    # A result is not the weight's own memory: writing to it changes no later call.
    got_b.zero_()
    assert torch.equal(module.call([x])[2], b)


def test_a_missing_parameter_is_an_error(compiled: Callable[[str], CompiledModule]) -> None:
    with pytest.raises(ArtifactError, match="cannot load"):
        LoadedModule(compiled("weights").vmfb, "local-task", ["float8_e4m3fn"], ["float8_e4m3fn"] * 4, {})


def test_inputs_are_not_copied_and_outlive_their_tensor(compiled: Callable[[str], CompiledModule]) -> None:
    hal = open_device(Placement(DRIVERS["local-task"])).hal
    x = torch.randn(1 << 20)
    view = make_importer(hal, torch.float32)(x, x.data_ptr())
    x[0] = 42.0
    assert view.map().asarray([1 << 20], np.dtype(np.float32))[0] == 42.0
    del x
    gc.collect()
    torch.randn(1 << 20)
    assert view.map().asarray([1 << 20], np.dtype(np.float32))[0] == 42.0


def test_results_stay_what_they_are_while_calls_go_on(fanout: LoadedModule) -> None:
    inputs = [torch.randn(64, 256) for _ in range(50)]
    kept = [fanout.call([x]) for x in inputs]
    for _ in range(50):
        fanout.call([inputs[0]])
    assert all(same(results, expected_fanout(x)) for x, results in zip(inputs, kept, strict=True))


def test_results_outlive_the_module(compiled: Callable[[str], CompiledModule]) -> None:
    module = LoadedModule(compiled("fanout").vmfb, "local-task", *FANOUT, {})
    x = torch.randn(100, 256)
    results = module.call([x])
    del module
    gc.collect()
    assert same(results, expected_fanout(x))


def test_threads_get_their_own_results(fanout: LoadedModule) -> None:
    wrong: list[BaseException | int] = []

    def work(seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        try:
            for _ in range(40):
                x = torch.randn(1 + seed, 256, generator=generator)
                if not same(fanout.call([x]), expected_fanout(x)):
                    wrong.append(seed)
        except Exception as error:  # noqa: BLE001 - reported below
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_failing_execution_is_a_call_error(fanout: LoadedModule) -> None:
    with pytest.raises(CallError, match="execution failed"):
        fanout.call([torch.randn(3, 255)])
    x = torch.randn(2, 256)
    assert same(fanout.call([x]), expected_fanout(x))


@pytest.mark.parametrize("module", [b"", b"x" * 100, b"PK\x03\x04" + bytes(200)])
def test_rubbish_is_an_artifact_error(module: bytes) -> None:
    with pytest.raises(ArtifactError, match="cannot load"):
        LoadedModule(module, "local-task", [], [], {})


def test_an_unknown_driver_is_refused() -> None:
    with pytest.raises(TargetError, match="local-task"):
        open_device(Placement(Driver("levelzero", ("xpu",), 14)))


def test_a_dtype_that_torch_lacks() -> None:
    with pytest.raises(CallError, match="float3"):
        torch_dtype("float3")


def test_a_worker_for_every_usable_core(tmp_path: Path) -> None:
    script = (
        "import os, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from fanfold.backends.device import open_device, worker_count\n"
        "from fanfold.backends.placement import choose_device\n"
        "assert worker_count() == 1; open_device(choose_device(None, 'cpu'))\n"
        "for delay in (0.1, 0.2, 0.5, 1, 2, 5):\n"  # a worker names itself when it starts
        "    time.sleep(delay)\n"
        "    names = [open(f'/proc/self/task/{t}/comm').read().strip() for t in os.listdir('/proc/self/task')]\n"
        "    if any('worker' in name for name in names): break\n"
        "print(sum('worker' in name for name in names), names)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.startswith("1 "), done.stdout
    assert worker_count() >= 1


def test_a_forked_child_gets_an_error_instead_of_a_hang(
    tmp_path: Path, compiled: Callable[[str], CompiledModule]
) -> None:
    (tmp_path / "m.vmfb").write_bytes(compiled("fanout").vmfb)
    script = f"""
import os, sys, torch
from fanfold.backends.runtime import LoadedModule
from fanfold.errors import CallError
module = LoadedModule(open({str(tmp_path / "m.vmfb")!r}, "rb").read(), "local-task", *{FANOUT!r}, {{}})
module.call([torch.zeros(1, 256)])
child = os.fork()
if child == 0:
    try:
        module.call([torch.zeros(1, 256)])
    except CallError as error:
        os._exit(7 if "spawn" in str(error) else 8)
    os._exit(9)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path
    )
    assert done.stdout.strip() == "7"


def test_a_process_that_holds_results_exits_cleanly(tmp_path: Path, compiled: Callable[[str], CompiledModule]) -> None:
    (tmp_path / "m.vmfb").write_bytes(compiled("fanout").vmfb)
    script = f"""
import sys, torch
from fanfold.backends.runtime import LoadedModule
module = LoadedModule(open({str(tmp_path / "m.vmfb")!r}, "rb").read(), "local-task", *{FANOUT!r}, {{}})
sys.kept = results = module.call([torch.zeros(1, 256)])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not cpu.is_x86_host(), reason="the table of processors is x86-64's")
@pytest.mark.parametrize(
    "listing", [line for line in list_targets() if line.target.startswith("cpu")], ids=lambda listing: listing.target
)
def test_every_processor_compiles_and_runs_where_it_can(listing: Listing, sample_text: Callable[[str], bytes]) -> None:
    result = compile_module(sample_text("pair"), parse_target(listing.target))
    if listing.missing:
        pytest.skip(f"compiled; this machine cannot run it: lacks {', '.join(listing.missing)}")
    a, b = torch.randn(7, 4), torch.randn(7, 4)
    module = LoadedModule(result.vmfb, "local-task", ["float32"] * 2, ["float32"] * 2, {})
    assert same(module.call([a, b]), [a + b, a - b])


def test_results_share_no_memory(compiled: Callable[[str], CompiledModule]) -> None:
    x = torch.randn(8, 256)
    module = LoadedModule(compiled("aliases").vmfb, "local-task", ["float32"], ["float32"] * 4, {})
    for _ in range(2):
        unchanged, start, twice, again = results = module.call([x])
        assert same(results, [x, x[:6], x + x, x + x])
        assert len({tensor.data_ptr() for tensor in (x, *results)}) == 5
        twice.zero_()
        unchanged.zero_()
        assert same([start, again], [x[:6], x + x])
    empty = torch.empty(0, 256)
    assert [r.shape[0] for r in module.call([empty])] == [0] * 4
