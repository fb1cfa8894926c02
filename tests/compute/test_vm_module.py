# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A host-only ``.vmfb`` with a program image runs through iree-runtime, with ordinary buffer views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import iree.runtime as rt
import ml_dtypes
import numpy as np
import pytest

from compute.samples import GROUP, Writer, image, scale_and_add
from fanfold.backends.compute.protocol import ComputeDriver
from fanfold.backends.compute.vm_module import DeviceModule, make_module
from fanfold.backends.image.codec import encode
from fanfold.backends.image.host import compile_host
from fanfold.backends.image.program import Image
from fanfold.backends.iree_compiler import find_compiler


def load(driver: ComputeDriver, program: Image, folder: Path) -> tuple[Any, DeviceModule, Any]:
    """Return the loaded module, what serves it, and the configuration that both are in."""
    file = folder / "program.vmfb"
    file.write_bytes(compile_host(find_compiler(), encode(program), program.main, folder, None))
    config = rt.Config("local-sync")
    device = DeviceModule(lambda: driver.open(0), config.device, {})
    module = make_module(device, program.main.inputs, len(program.main.results))
    hal = rt.create_hal_module(config.vm_instance, config.device)
    modules = (hal, module, rt.VmModule.mmap(config.vm_instance, str(file)))
    context = rt.SystemContext(vm_modules=modules, config=config)
    return context.modules.module, device, config


def test_arrays_go_in_and_come_out(driver: ComputeDriver, tmp_path: Path) -> None:
    module, device, _ = load(driver, image(scale_and_add()), tmp_path)
    for count in (16, 160, 16):
        x = np.random.default_rng(count).standard_normal(count, dtype=np.float32)
        total, doubled = (result.to_host() for result in module.main(x))
        np.testing.assert_array_equal(doubled, x * 2)
        np.testing.assert_array_equal(total, x * 2 + x)
    device.programs[0].close()


def test_one_result_and_dtypes_that_numpy_does_not_have(driver: ComputeDriver, tmp_path: Path) -> None:
    write = Writer(inputs=1)
    write.do("check", 0, write.index(GROUP), dtype="bf16", name="input 0")
    module, device, _ = load(driver, image(write.function(0)), tmp_path)
    x = np.arange(GROUP).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(module.main(x).to_host().view(np.uint16), x.view(np.uint16))
    device.programs[0].close()


def test_a_program_without_results(driver: ComputeDriver, tmp_path: Path) -> None:
    module, device, _ = load(driver, image(Writer(inputs=1).function()), tmp_path)
    assert module.main(np.zeros(4, np.float32)) is None
    device.programs[0].close()


def test_an_error_in_a_call_is_kept(driver: ComputeDriver, tmp_path: Path) -> None:
    module, device, _ = load(driver, image(scale_and_add()), tmp_path)
    with pytest.raises(Exception, match="the tensor does not fit"):
        module.main(np.zeros((4, 4), np.float32))
    assert device.error is not None
    assert device.error.found == "shape (4, 4), float32"
    device.programs[0].close()


def test_a_damaged_image_is_refused(driver: ComputeDriver, tmp_path: Path) -> None:
    program = image(scale_and_add())
    bytes_ = bytearray(encode(program))
    bytes_[-1] ^= 1
    file = tmp_path / "damaged.vmfb"
    file.write_bytes(compile_host(find_compiler(), bytes(bytes_), program.main, tmp_path, None))
    config = rt.Config("local-sync")
    device = DeviceModule(lambda: driver.open(0), config.device, {})
    module = make_module(device, 1, 2)
    hal = rt.create_hal_module(config.vm_instance, config.device)
    with pytest.raises(Exception, match="damaged"):
        rt.SystemContext(vm_modules=(hal, module, rt.VmModule.mmap(config.vm_instance, str(file))), config=config)
    assert not device.programs
