# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a function of row ops on the NumPy GPU, region by region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_mlir import ir

from fanfold.dialect.context import parse_module
from fanfold.passes.base import PassState
from fanfold.passes.form_rows import FormRows
from fanfold.passes.kernel.gpu.device import GpuDevice
from fanfold.passes.kernel.gpu.kernel import GpuKernels
from fanfold.passes.kernel.gpu.schedule import Schedule, choose
from fanfold.passes.kernel.no_kernels import NoKernels
from fanfold.passes.kernel.scales import ScaleLayout
from fanfold.passes.pipeline import run_passes
from simt.machine import Counters, Machine

_STORAGE = {
    "bf16": np.int16,
    "f16": np.int16,
    "f32": np.float32,
    "i8": np.int8,
    "i32": np.int32,
}


@dataclass(frozen=True)
class Kernel:
    """A region and its kernel.

    Attributes:
        rows: The `fanfold.rows` op.
        executable: The kernel that was generated for it.
        schedule: The shape of its workgroups.
    """

    rows: ir.Operation
    executable: ir.Operation
    schedule: Schedule


class Program:
    """A function ``main`` of row ops alone, with a kernel for each region.

    Args:
        text: The module.
        device: What the kernels are generated for.
    """

    def __init__(self, text: str, device: GpuDevice) -> None:
        self.device = device
        self._module = parse_module(text)
        run_passes(self._module, [FormRows()], PassState(NoKernels()))
        self._main = next(iter(self._module.body.operations)).operation
        generator = GpuKernels(device)
        self.kernels: list[Kernel] = []
        with self._module.context, ir.Location.unknown():
            for view in list(self._main.regions[0].blocks[0].operations):
                if view.operation.name == "fanfold.rows":
                    reason = generator.refuse(view.operation)
                    if reason:
                        raise NotImplementedError(reason)
                    with ir.InsertionPoint.at_block_begin(self._module.body):
                        executable = generator.emit(view.operation, f"kernel_{len(self.kernels)}")
                    self.kernels.append(Kernel(view.operation, executable, choose(view.operation, device)))
        self.counters: list[Counters] = []

    def call(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Run the kernels in order; every element of every result must be written exactly once."""
        block = self._main.regions[0].blocks[0]
        known: dict[ir.Value, Any] = dict(zip(block.arguments, map(_to_numpy, inputs), strict=True))
        count = int(inputs[0].shape[0])
        self.counters = []
        with self._module.context:
            for view in block.operations:
                op = view.operation
                if op.name == "fanfold.columns":
                    # Of rows that no kernel reads.
                    begin = op.opview.offset.value
                    known[op.results[0]] = known[op.operands[0]][:, begin : begin + op.results[0].type.shape[1]]
                for kernel in self.kernels:
                    if kernel.rows == op:
                        self._run(kernel, known, count)
            returned = block.operations[len(block.operations) - 1].operation
            return [_to_torch(known[value], value.type.element_type) for value in returned.operands]

    def _run(self, kernel: Kernel, known: dict[ir.Value, Any], count: int) -> None:
        rows, schedule = kernel.rows, kernel.schedule
        body = rows.regions[0].blocks[0]
        yielded = list(body.operations[len(body.operations) - 1].operands)
        memories, layouts = [], []
        for value in yielded:
            layout = _layout(value)
            element = _STORAGE.get(str(value.type.element_type), np.int8)
            shape = (count, value.type.shape[1])
            if layout is not None and layout.by_column:
                pitch = -(-count // 4) * 4 if layout.padded else count
                shape = (layout.columns, pitch)
            layouts.append(layout)
            memories.append(np.full(shape, 0x55, element))
        operands = [np.ascontiguousarray(known[v]) for v in rows.operands]
        machine = Machine(
            kernel.executable,
            [count],
            [*operands, *memories],
            workgroups=(-(-count // schedule.rows), schedule.parts),
            threads=schedule.threads * schedule.rows,
            subgroup=self.device.subgroup,
            arch=self.device.name,
            inexact={"arith.divf", "math.sqrt"} & set(self.device.by_integers),
        )
        self.counters.append(machine.run())
        for i, (result, memory, layout) in enumerate(zip(rows.results, memories, layouts, strict=True)):
            written = machine.write_counts(len(operands) + i)
            assert count == 0 or (written == 1).all(), f"result {i} is written {written.min()} to {written.max()} times"
            by_column = layout is not None and layout.by_column
            known[result] = memory[:, :count].T if by_column else memory


def _layout(value: ir.Value) -> ScaleLayout | None:
    op = None if isinstance(value, ir.BlockArgument) else value.owner.opview
    if op is None or op.operation.name != "fanfold.quantize" or value == op.q:
        return None
    return ScaleLayout.of(op)


def _to_numpy(tensor: Tensor) -> Any:
    wide = tensor.element_size() == torch.int16.itemsize
    return (tensor.contiguous().view(torch.int16) if wide else tensor.contiguous()).numpy()


_TORCH = {
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "f8E4M3FN": torch.float8_e4m3fn,
    "f8E4M3FNUZ": torch.float8_e4m3fnuz,
    "f8E5M2": torch.float8_e5m2,
    "f8E5M2FNUZ": torch.float8_e5m2fnuz,
}


def _to_torch(memory: Any, element: ir.Type) -> Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(memory))
    dtype = _TORCH.get(str(element))
    return tensor if dtype is None else tensor.view(dtype)
