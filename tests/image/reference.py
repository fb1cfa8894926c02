# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs programs on NumPy, for tests: all but the kernels, which are called through a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from fanfold.backends.image import integers
from fanfold.backends.image.program import Function, Image, Kernel, Step

_DTYPES: dict[str, Any] = {
    "i1": np.bool_,
    "i8": np.int8,
    "i32": np.int32,
    "i64": np.int64,
    "f32": np.float32,
    "bf16": ml_dtypes.bfloat16,
}

Bytes = npt.NDArray[np.uint8]
#: Runs a kernel: itself, its workgroups in x, y and z, its constants and its buffers.
Launch = Callable[[Kernel, tuple[int, ...], tuple[int, ...], list[Bytes]], None]


def _no_kernel(kernel: Kernel, *_: object) -> None:
    raise AssertionError(f"{kernel.name} is dispatched")


@dataclass
class Machine:
    """A program, loaded.

    Attributes:
        image: The program.
        parameters: The weights by scope and key.
        launch: Runs kernels.
        globals: What initializers stored.
    """

    image: Image
    parameters: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    launch: Launch = _no_kernel
    globals: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for function in self.image.initializers:
            self._run(function, [])

    def call(self, *inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Run `main`."""
        return self._run(self.image.main, inputs)

    def _run(self, function: Function, inputs: Sequence[Any]) -> list[Any]:
        values: list[Any] = list(inputs)
        for step in function.steps:
            result = self._step(step, [values[number] for number in step.operands], step.attributes)
            if step.results:
                assert step.results == (len(values),)
                values.append(result)
        return [values[number] for number in function.results]

    def _step(self, step: Step, v: list[Any], a: Mapping[str, Any]) -> Any:
        match step.name:
            case "integer":
                return a["value"]
            case "arith":
                return integers.arith(a["op"], a["bits"], *v)
            case "convert":
                return integers.convert(a["op"], a["bits"], a["source"], *v)
            case "compare":
                return integers.compare(a["predicate"], a["bits"], *v)
            case "select":
                return v[1] if v[0] else v[2]
            case "align":
                return integers.align(*v)
            case "dim":
                return v[0].shape[a["axis"]]
            case "rank":
                return v[0].ndim
            case "check":
                assert v[0].shape == tuple(v[1:]), a["name"]
                assert v[0].dtype == _DTYPES[a["dtype"]], a["name"]
            case "contents":
                return v[0].reshape(-1).view(np.uint8)
            case "view":
                return _span(*v[:3]).view(_DTYPES[a["dtype"]]).reshape(v[3:])
            case "allocate":
                # What was there before must not matter.
                return np.full(v[0], 0xA5, np.uint8)
            case "subspan":
                return _span(*v)
            case "size":
                return len(v[0])
            case "parameter":
                return np.frombuffer(self.parameters[a["scope"], a["key"]], np.uint8)[v[0] : v[0] + v[1]]
            case "data":
                return np.frombuffer(self.image.data[a["data"]], np.uint8)
            case "load":
                return self.globals[a["name"]]
            case "store":
                self.globals[a["name"]] = v[0]
            case "release":
                v[0][:] = 0x5A
            case "barrier":
                pass
            case _:
                self._command(step, v, a)
        return None

    def _command(self, step: Step, v: list[Any], a: Mapping[str, Any]) -> None:
        match step.name:
            case "dispatch":
                spans = [_span(*v[i : i + 3]) for i in range(3 + a["constants"], len(v), 3)]
                constants = tuple(v[3 : 3 + a["constants"]])
                if all(v[:3]):
                    self.launch(self.image.kernels[a["kernel"]], tuple(v[:3]), constants, spans)
            case "fill":
                pattern = integers.unsigned(v[3], 8 * a["width"]).to_bytes(a["width"], "little")
                _span(*v[:3])[:] = np.frombuffer(pattern * (v[2] // a["width"]), np.uint8)
            case "copy":
                _span(v[2], v[3], v[4])[:] = _span(v[0], v[1], v[4])
            case "update":
                data = self.image.data[a["data"]][a["begin"] : a["begin"] + a["bytes"]]
                _span(v[0], v[1], a["bytes"])[:] = np.frombuffer(data, np.uint8)
            case _:
                raise AssertionError(f"there is no step {step.name}")


def _span(buffer: Bytes, offset: int, length: int) -> Bytes:
    assert 0 <= offset <= offset + length <= len(buffer)
    return buffer[offset : offset + length]
