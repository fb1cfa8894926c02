# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Program images on devices: numbers, reuse of what was recorded, and memory."""

from __future__ import annotations

import ctypes
import threading
from typing import Any

import numpy as np
import pytest

from compute.samples import GROUP, Writer, bits, call, code, image, scale_and_add, unlinked_code
from fanfold.backends.compute import executor as executors
from fanfold.backends.compute import resident
from fanfold.backends.compute.drivers import DRIVERS
from fanfold.backends.compute.executor import Argument, Executor
from fanfold.backends.compute.protocol import ComputeDriver
from fanfold.backends.image.program import Kernel
from fanfold.errors import ArtifactError, CallError, TargetError


def vector(count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(count).standard_normal(count, dtype=np.float32)


def test_results_for_many_shapes_each_with_a_list_of_its_own(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    for count in (16, 1600, 16, 48, 0, 64, 1600):
        x = vector(count)
        total, doubled = call(program, x)
        np.testing.assert_array_equal(doubled, x * 2)
        np.testing.assert_array_equal(total, x * 2 + x)
    program.close()


def test_the_recorded_list_is_used_again_with_other_numbers(
    driver: ComputeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    call(program, vector(64))
    context = program.memory.context
    monkeypatch.setattr(context, "record", lambda: pytest.fail("a list was recorded for shapes that had one"))
    for start in range(5):
        x = vector(64) + start
        np.testing.assert_array_equal(call(program, x)[1], x * 2)
    program.close()


def test_shapes_share_memory_and_only_so_many_keep_any(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    pool = program.memory.device.pool
    call(program, vector(GROUP * 64))
    largest = pool.used_bytes
    for step in range(1, executors.KEPT):
        x = vector(GROUP * step)
        np.testing.assert_array_equal(call(program, x)[1], x * 2)
        assert pool.used_bytes == largest
    for step in range(1, 2 * executors.KEPT):
        call(program, vector(GROUP * step))
    assert pool.used_bytes == largest
    assert len(program._prepared) == executors.KEPT
    program.close()


def test_growing_shapes_do_not_leave_their_memory_idle(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    pools = program.memory.device.pool, program.memory.host.pool
    for step in range(60):
        x = vector(GROUP * int(64 * 1.04**step))
        np.testing.assert_array_equal(call(program, x)[1], x * 2)
        assert all(pool.idle_bytes <= pool.used_bytes for pool in pools)
    program.close()


def test_a_forked_child_leaves_the_parents_memory_alone(driver: ComputeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    context = driver.open(0)
    program = Executor(image(scale_and_add()), context, {})
    allocated = context.allocate(64)
    with monkeypatch.context() as child:
        child.setattr(executors.os, "getpid", lambda: -1)
        del program
    assert context.allocation(allocated) is not None
    context.close()


def test_denormals_are_kept(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    x = np.full(GROUP, 1e-40, np.float32)
    total, doubled = call(program, x)
    assert doubled[0] > 0
    np.testing.assert_array_equal(doubled, x * 2)
    np.testing.assert_array_equal(total, x * 3)
    program.close()


def test_the_second_device(driver: ComputeDriver) -> None:
    if len(driver.devices()) < 2:
        pytest.skip("there is one device")
    first, second = driver.open(0), driver.open(1)
    assert [context.properties for context in (first, second)] == driver.devices()[:2]
    # A kernel on the second device is not given memory of the first.
    assert second.allocation(second.allocate(64)) is not None
    assert second.allocation(first.allocate(64)) is None
    first.close()
    program = Executor(image(scale_and_add()), second, {})
    x = vector(32)
    np.testing.assert_array_equal(call(program, x)[1], x * 2)
    program.close()


def test_a_device_that_is_not_there(driver: ComputeDriver) -> None:
    with pytest.raises(TargetError, match=r"there is no device .*:99") as caught:
        driver.open(99)
    assert ":0 (" in str(caught.value.expected)


def everything() -> Any:
    """A program with weights, constants, globals, fills, copies and updates; result: weight * 3 + constant + x."""
    size = 4 * GROUP
    init = Writer()
    four_groups = init.index(size)
    weight = init.do("parameter", init.index(size), four_groups, scope="model", key="w")
    tripled = init.do("allocate", four_groups)
    unused = init.do("allocate", four_groups)
    init.scale(weight, tripled, four_groups, 3.0)
    init.do("fill", unused, init.index(0), four_groups, init.do("integer", value=-1, bits=8), width=1)
    init.do("store", tripled, name="tripled")
    init.do("store", init.do("arith", four_groups, init.index(4), op="divui", bits=64), name="count")
    write = Writer(inputs=1)
    x, bytes_ = write.do("contents", 0), write.index(size)
    count = write.do("load", name="count")
    a, b = write.do("allocate", bytes_), write.do("allocate", bytes_)
    write.do("update", a, write.index(16), data=0, begin=32, bytes=16)
    write.do("fill", a, write.index(0), write.index(16), write.do("integer", value=bits(5.0), bits=32), width=4)
    write.do("fill", a, write.index(32), write.index(32), write.do("integer", value=0, bits=16), width=2)
    write.do("barrier")
    write.add(write.do("load", name="tripled"), a, b, bytes_)
    write.do("barrier")
    write.do("release", a)
    # In the memory of the one that was released.
    c, d = write.do("allocate", bytes_), write.do("allocate", bytes_)
    write.do("copy", b, write.index(0), d, write.index(0), bytes_)
    write.do("barrier")
    write.add(d, x, c, bytes_)
    constant = write.do("data", data=0)
    return image(
        write.function(write.view(c, bytes_, count), write.view(constant, write.do("size", constant), write.index(12))),
        initializers=[init.function()],
        data=[np.arange(12, dtype=np.float32).tobytes()],
    )


@pytest.mark.parametrize("chunk", [20, 1 << 20], ids=["in pieces", "at once"])
def test_everything_that_a_program_does(driver: ComputeDriver, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(resident, "CHUNK", chunk)
    weight, x = vector(2 * GROUP), vector(GROUP)
    program = Executor(everything(), driver.open(0), {"model": {"w": memoryview(weight.tobytes())}})
    a = np.zeros(GROUP, np.float32)
    a[:4], a[4:8] = 5, [8, 9, 10, 11]
    for _ in range(3):
        result, constant = call(program, x)
        np.testing.assert_array_equal(result, (weight[GROUP:] * np.float32(3) + a) + x)
        np.testing.assert_array_equal(constant, np.arange(12))
    program.close()


def test_a_weight_that_is_not_there(driver: ComputeDriver) -> None:
    with pytest.raises(ArtifactError, match="needs the weight 'w'") as caught:
        Executor(everything(), driver.open(0), {"model": {"v": memoryview(b"")}})
    assert "initializer 0, parameter" in str(caught.value.op)


def test_results_that_share_a_buffer_or_are_an_input(driver: ComputeDriver) -> None:
    write = Writer(inputs=1)
    size = write.bytes_of(0)
    dim, x = write.do("dim", 0, axis=0), write.do("contents", 0)
    y = write.do("allocate", size)
    write.scale(x, y, size, 2.0)
    half = write.do("arith", size, write.index(1), op="shrui", bits=64)
    start = write.do("arith", half, write.index(2), op="divui", bits=64)
    tail = write.do("view", write.do("subspan", y, half, start), write.index(0), start, write.index(8), dtype="f32")
    program = Executor(
        image(write.function(write.view(y, size, dim), 0, write.view(y, size, dim), tail)), driver.open(0), {}
    )
    x_in = vector(32)
    first, same, again, part = call(program, x_in)
    np.testing.assert_array_equal(first, x_in * 2)
    np.testing.assert_array_equal(again, x_in * 2)
    np.testing.assert_array_equal(same, x_in)
    np.testing.assert_array_equal(part, first[16:24])
    first[:] = 0
    assert again.any()
    program.close()


def test_memory_is_freed_when_nobody_has_the_program(driver: ComputeDriver) -> None:
    # The fixture compares what is alive on the device.
    program = Executor(image(scale_and_add()), driver.open(0), {})
    call(program, vector(64))
    del program


def test_memory_is_freed_after_errors_at_load(driver: ComputeDriver) -> None:
    wrong = [Kernel(0, "scale", (GROUP, 1, 1), GROUP, 2, 1), Kernel(0, "absent", (GROUP, 1, 1), GROUP, 3, 0)]
    with pytest.raises(ArtifactError, match="kernel 'absent'"):
        Executor(image(scale_and_add(), kernels=wrong), driver.open(0), {})


def test_subgroups_and_workgroups_that_the_device_does_not_have(driver: ComputeDriver) -> None:
    for kernel, found in (
        (Kernel(0, "scale", (GROUP, 1, 1), 7, 2, 1), "subgroups of 7 lanes"),
        (Kernel(0, "scale", (GROUP, 1 << 10, 1 << 10), GROUP, 2, 1), "threads"),
    ):
        with pytest.raises(TargetError, match="cannot run code compiled for 'xpu'") as caught:
            Executor(image(scale_and_add(), kernels=[kernel]), driver.open(0), {})
        assert found in str(caught.value.expected)
        assert caught.value.op == "scale"


def test_inputs_that_do_not_fit(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    with pytest.raises(CallError, match="input 0: the tensor does not fit") as caught:
        call(program, np.zeros(16, np.int32))
    assert caught.value.expected == "shape (16,), float32"
    with pytest.raises(CallError, match="input 0: the tensor does not fit"):
        call(program, np.zeros((16, 1), np.float32))
    with pytest.raises(CallError, match="another number of inputs"):
        call(program)
    np.testing.assert_array_equal(call(program, vector(16))[1], vector(16) * 2)
    program.close()


def test_a_dispatch_beyond_its_buffer_names_the_kernel(driver: ComputeDriver) -> None:
    write = Writer(inputs=1)
    size = write.bytes_of(0)
    x, y = write.do("contents", 0), write.do("allocate", write.index(32))
    write.scale(x, y, size, 2.0)
    program = Executor(image(write.function()), driver.open(0), {})
    with pytest.raises(CallError, match="bytes 0 to 64 are not in a buffer of 32") as caught:
        call(program, vector(16))
    assert "of main, dispatch scale" in str(caught.value.op)
    program.close()


def test_a_result_larger_than_its_buffer(driver: ComputeDriver) -> None:
    write = Writer(inputs=0)
    size = write.index(32)
    buffer = write.do("allocate", size)
    program = Executor(image(write.function(write.view(buffer, size, write.index(9)))), driver.open(0), {})
    with pytest.raises(CallError, match="a tensor of shape \\(9,\\) and float32 has more than 32 bytes") as caught:
        call(program)
    assert caught.value.op == "step 4 of main, view"
    program.close()


def test_arithmetic_that_fails_names_its_step(driver: ComputeDriver) -> None:
    write = Writer(inputs=1)
    write.do("arith", write.index(1), write.do("dim", 0, axis=0), op="divui", bits=64)
    program = Executor(image(write.function()), driver.open(0), {})
    with pytest.raises(CallError, match="the program failed") as caught:
        call(program, vector(0))
    assert caught.value.op == "step 2 of main, arith"
    program.close()


def test_a_failure_while_it_runs_gives_the_memory_back(driver: ComputeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    x = vector(64)
    call(program, x)
    used = program.memory.device.pool.used_bytes

    def interrupted(_number: int, _view: object) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program.call([Argument(x.ctypes.data, "float32", x.shape, x.nbytes)], interrupted)
    assert program.memory.device.pool.used_bytes < used
    np.testing.assert_array_equal(call(program, x)[1], x * 2)
    program.close()


def test_a_closed_program(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    program.close()
    program.close()
    with pytest.raises(CallError, match="the program was closed"):
        call(program, vector(16))


def test_the_memory_of_other_shapes_makes_room(driver: ComputeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    context, left = program.memory.context, [2]
    call(program, vector(GROUP))
    allocate = context.allocate

    def scarce(size: int) -> int:
        # Two more buffers, then none until some are freed.
        if not left[0]:
            left[0] = 10
            raise CallError("no memory is left", stage="call")
        left[0] -= 1
        return allocate(size)

    monkeypatch.setattr(program.memory.device.pool, "_allocate", scarce)
    x = vector(1600)
    np.testing.assert_array_equal(call(program, x)[1], x * 2)
    assert len(program._prepared) == 1
    program.close()


def test_more_memory_than_there_is(driver: ComputeDriver) -> None:
    write = Writer(inputs=0)
    size = write.index(1 << 50)
    view = write.view(write.do("allocate", size), size, write.index(1 << 48))
    program = Executor(image(write.function(view)), driver.open(0), {})
    with pytest.raises(CallError, match=r"cannot allocate \d+ bytes on ") as caught:
        call(program)
    assert "in one piece" in str(caught.value.expected)
    program.close()


def test_several_threads(driver: ComputeDriver) -> None:
    program = Executor(image(scale_and_add()), driver.open(0), {})
    wrong: list[int] = []

    def work(seed: int) -> None:
        for step in range(20):
            x = vector(GROUP * (1 + (seed + step) % 5)) + seed
            if not np.array_equal(call(program, x)[1], x * 2):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    program.close()


def test_a_module_that_does_not_build_gives_the_compilers_log(driver: ComputeDriver) -> None:
    with pytest.raises(ArtifactError, match="compiler refuses a module") as caught:
        Executor(image(scale_and_add(), module=unlinked_code()), driver.open(0), {})
    assert "nowhere_to_be_found" in str(caught.value.found)
    assert "module 0 with scale, add" in str(caught.value.op)


def test_opencl_is_told_to_round_quotients() -> None:
    """The compiler for CPUs does so anyhow, those for GPUs do not; Level Zero's test driver asks for it itself."""
    cl = pytest.importorskip("pyopencl", reason="pyopencl comes with the extra `xpu-test`")
    try:
        context = DRIVERS["opencl"].open(0)
    except TargetError as error:
        pytest.skip(error.message)
    program: Any = context.load(code())
    (device,) = program._program.devices
    options = program._program.get_build_info(device, cl.program_build_info.OPTIONS)
    assert "-cl-fp32-correctly-rounded-divide-sqrt" in options.split()
    context.close()


def test_inputs_and_results_on_the_device(driver: ComputeDriver) -> None:
    context = driver.open(0)
    program = Executor(image(scale_and_add()), context, {})
    x, size = vector(GROUP), 4 * GROUP
    host = context.allocate_host(size)
    inputs, outputs = [context.allocate(size) for _ in range(2)], [context.allocate(size) for _ in range(2)]
    ctypes.memmove(host, x.ctypes.data, size)
    for address in inputs:
        assert context.allocation(address) is not None
        upload = context.record()
        upload.copy(address, host, size)
        upload.close()
        upload.submit()
        upload.wait()
        used = program.memory.host.pool.used_bytes
        argument = Argument(address, "float32", x.shape, size, on_device=True)
        program.call([argument], lambda number, _view: outputs[number], to_host=False)
        # Nothing of the host is in between.
        assert program.memory.host.pool.used_bytes == used
        download = context.record()
        download.copy(host, outputs[1], size)
        download.close()
        download.submit()
        download.wait()
        result = np.ctypeslib.as_array((ctypes.c_float * GROUP).from_address(host))
        np.testing.assert_array_equal(result, x * 2)
        result[:] = x
        upload.release()
        download.release()
    assert context.allocation(x.ctypes.data) is None
    del result
    program.close()


def test_other_memory_at_the_address_of_an_input_on_the_device(driver: ComputeDriver) -> None:
    context = driver.open(0)
    program = Executor(image(scale_and_add()), context, {})
    size = 1 << 20
    outputs = [context.allocate(size) for _ in range(2)]
    address, allocations = context.allocate(size), set()
    for _ in range(3):
        allocation = context.allocation(address)
        assert allocation is not None
        allocations.add(allocation)
        argument = Argument(address, "float32", (size // 4,), size, on_device=True, allocation=allocation)
        program.call([argument], lambda number, _view: outputs[number], to_host=False)
        context.free(address)
        other = context.allocate(size)
        if other != address:
            pytest.skip("memory that is freed is not the next that is given")
    # A recorded list has what was there before, which is gone.
    assert len(allocations) == 3
    program.close()
