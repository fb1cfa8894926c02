# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import iree.runtime as rt
import numpy as np
import pytest

from fanfold.backends.image.codec import decode, encode
from fanfold.backends.image.host import DEVICE_MODULE, INVOKE, LOAD, compile_host, declaration
from fanfold.backends.image.program import Function, Image, Step
from fanfold.backends.iree_compiler import find_compiler

from .schedules import image_of, schedule_of
from .test_schedule import PIECES


class Device:
    """The VM module that host modules call, as a driver would serve it.

    Args:
        inputs: How many views `main` takes.
        results: How many it gives.
        answer: Makes the results of the inputs.
    """

    def __init__(self, inputs: int, results: int, answer: Callable[..., Sequence[Any]]) -> None:
        self.images: list[Image] = []
        self.addresses: list[int] = []
        self.handles: list[int] = []
        device = self

        class Served:
            def __init__(self, interface: object) -> None:
                """Take what IREE hands over."""

            def load(self, buffer: Any) -> int:
                view = memoryview(buffer.deref(rt.VmBuffer))
                device.addresses.append(np.frombuffer(view, np.uint8).ctypes.data)
                device.images.append(decode(view))
                return 40 + len(device.images)

            def invoke(self, handle: int, *views: Any) -> Any:
                device.handles.append(handle)
                answers = tuple(answer(*views))
                return answers if len(answers) != 1 else answers[0]

        interface = rt.PyModuleInterface(DEVICE_MODULE, Served)
        interface.export(LOAD, "0r_I", Served.load)
        interface.export(INVOKE, f"0I{'r' * inputs}_{'r' * results or 'v'}", Served.invoke)
        self.module = interface.create()


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., tuple[Device, rt.VmModule, Any]]:
    """Return what compiles a host module, maps it and calls it."""

    def run(image: Image, answer: Callable[..., Sequence[Any]], *inputs: Any) -> tuple[Device, rt.VmModule, Any]:
        device = Device(image.main.inputs, len(image.main.results), answer)
        vmfb = compile_host(find_compiler(), encode(image), image.main, tmp_path, None)
        file = tmp_path / "a.vmfb"
        file.write_bytes(vmfb)
        config = rt.Config("local-sync")
        with file.open("rb") as stream:
            mapped = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        module = rt.VmModule.wrap_buffer(config.vm_instance, mapped)
        hal = rt.create_hal_module(config.vm_instance, config.device)
        context = rt.SystemContext(vm_modules=[hal, device.module, module], config=config)
        return device, module, context.modules.module.main(*inputs)

    return run


def test_a_program_is_loaded_once_and_called(call: Callable[..., Any]) -> None:
    image = image_of(schedule_of(PIECES))
    inputs = np.ones((3, 4), np.float32), np.array(True), np.arange(6)
    device, module, results = call(image, lambda a, b, c: (a, a, b, a, a, c, b), *inputs)
    assert device.images == [image]
    assert device.handles == [41]
    assert [result.shape for result in results] == [[3, 4], [3, 4], [], [3, 4], [3, 4], [6], []]
    assert np.array_equal(results[0].to_host(), inputs[0])
    assert module.lookup_function("main").reflection == {"iree.abi.declaration": declaration(image.main)}


def test_the_signature_is_told() -> None:
    # IREE looks at no input that it only passes on.
    assert declaration(image_of(schedule_of(PIECES)).main) == (
        "sync func @main(%input0: tensor<?x4xf32>, %input1: tensor<*>, %input2: tensor<6xi64>)"
        " -> (%output0: tensor<?x4xf32>, %output1: tensor<?x4xf32>, %output2: tensor<*>, %output3: tensor<3xbf16>,"
        " %output4: tensor<4xi1>, %output5: tensor<2xi64>, %output6: tensor<f32>)"
    )


@pytest.mark.parametrize(("inputs", "results"), [(0, 1), (1, 0), (1, 1), (2, 2)])
def test_any_number_of_tensors(call: Callable[..., Any], inputs: int, results: int) -> None:
    made = [
        Step("integer", (), (inputs,), {"value": 0, "bits": 64}),
        Step("allocate", (inputs,), (inputs + 1,)),
        Step("view", (inputs + 1, inputs, inputs), (inputs + 2,), {"dtype": "f32"}),
    ]
    image = Image("xpu", (), (), (), (), Function(inputs, tuple(made), (inputs + 2,) * results))
    config = rt.Config("local-sync")
    view = rt.asdevicearray(config.device, np.zeros(3, np.float32))._buffer_view.ref
    device, _, found = call(image, lambda *_: [view] * results, *[np.zeros(2, np.float32)] * inputs)
    assert device.handles == [41]
    count = 0 if found is None else len(found) if isinstance(found, (list, tuple)) else 1
    assert count == results


def test_a_big_image_lies_where_the_file_is_mapped(call: Callable[..., Any]) -> None:
    data = np.random.default_rng(0).bytes(2**22)
    image = Image("xpu", (), (), (data,), (), Function(0, (), ()))
    device, _, _ = call(image, lambda: ())
    assert device.images[0].data[0] == data
    assert device.addresses[0] % 64 == 0
    assert isinstance(device.images[0].data[0], memoryview)
