# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The VM module that a host-only ``.vmfb`` calls: it loads the program image that is in there, and runs it.

See `backends/image/host.py` for the other side. To run such a file with iree-runtime alone, give this module to the
context, between the HAL module and that of the file::

    module = make_module(DeviceModule(open_context, hal, {}), inputs=1, results=1)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fanfold.backends.image.codec import decode
from fanfold.backends.image.host import DEVICE_MODULE, INVOKE, LOAD
from fanfold.errors import CallError, FanfoldError

from .executor import Argument, Executor
from .plan import View
from .protocol import Context
from .resident import Parameters

#: IREE's element types that do not have torch's names in upper case with an underscore before the bits.
_ELEMENTS = {
    "BOOL_8": "bool",
    "BFLOAT_16": "bfloat16",
    "COMPLEX_64": "complex64",
    "COMPLEX_128": "complex128",
    "FLOAT_8_E4M3_FN": "float8_e4m3fn",
    "FLOAT_8_E4M3_FNUZ": "float8_e4m3fnuz",
    "FLOAT_8_E5M2": "float8_e5m2",
    "FLOAT_8_E5M2_FNUZ": "float8_e5m2fnuz",
    "FLOAT_8_E8M0_FNU": "float8_e8m0fnu",
    **{f"FLOAT_{bits}": f"float{bits}" for bits in (16, 32, 64)},
    **{
        f"{kind}_{bits}": f"{name}{bits}"
        for bits in (8, 16, 32, 64)
        for kind, name in (("SINT", "int"), ("INT", "int"), ("UINT", "uint"))
    },
}


class DeviceModule:
    """What the VM module does: an image is a program on a device, whose number is its place in `programs`.

    Args:
        open_context: Returns a new context on the device, once for each image.
        hal: An `iree.runtime.HalDevice` whose memory the processor reads: inputs are there, and results get there.
        parameters: Weights of the images.
    """

    def __init__(self, open_context: Callable[[], Context], hal: Any, parameters: Parameters) -> None:
        self._open, self._hal, self._parameters = open_context, hal, parameters
        #: The programs, by number.
        self.programs: list[Executor] = []
        #: What went wrong last: the virtual machine reports an error of Python's by its first line only.
        self.error: FanfoldError | None = None
        self._images: list[Any] = []

    def load(self, image: Any) -> int:
        """Load an image.

        Args:
            image: A reference to an `iree.runtime.VmBuffer`.

        Returns:
            The program's number.
        """
        import iree.runtime as rt

        buffer = image.deref(rt.VmBuffer)
        try:
            program = Executor(decode(memoryview(buffer)), self._open(), self._parameters)
        except FanfoldError as error:
            self.error = error
            raise
        # Its constants lie in the buffer.
        self._images.append(buffer)
        self.programs.append(program)
        return len(self.programs) - 1

    def invoke(self, number: int, *views: Any) -> Any:
        """Run a program.

        Args:
            number: What `load` returned.
            *views: References to `iree.runtime.HalBufferView`.

        Returns:
            References to its results.
        """
        import iree.runtime as rt

        results: list[Any] = []
        mapped = []
        arguments = []
        names = _element_names()
        try:
            for view in (reference.deref(rt.HalBufferView) for reference in views):
                dtype, size = names.get(int(view.element_type)), view.byte_length
                if dtype is None:
                    raise CallError("a tensor has an element type that programs do not know", stage="call")
                content = view.get_buffer().map().asarray([size], np.dtype(np.uint8)) if size else np.empty(0, np.uint8)
                mapped.append(content)
                arguments.append(Argument(content.ctypes.data, dtype, tuple(view.shape), size))

            def receive(_number: int, view: View) -> int:
                results.append((view, np.empty(view.span.size, np.uint8)))
                return int(results[-1][1].ctypes.data)

            self.programs[number].call(arguments, receive)
        except FanfoldError as error:
            self.error = error
            raise
        made = [self._view(view, content).ref for view, content in results]
        if not made:
            return None
        return made[0] if len(made) == 1 else tuple(made)

    def _view(self, view: View, content: np.ndarray[Any, Any]) -> Any:
        import iree.runtime as rt

        kind, usage = rt.MemoryType.HOST_LOCAL | rt.MemoryType.DEVICE_VISIBLE, rt.BufferUsage.DEFAULT
        allocator = self._hal.allocator
        if content.size:
            buffer = allocator.allocate_buffer_copy(kind, usage, self._hal, content)
        else:
            buffer = allocator.allocate_buffer(kind, usage, math.prod(view.dims))
        return rt.HalBufferView(buffer, list(view.dims), _element_types()[view.dtype])


def make_module(device: DeviceModule, inputs: int, results: int) -> Any:
    """Return the VM module.

    Args:
        device: What it does.
        inputs: How many views the program takes: the machine's functions have fixed numbers of arguments.
        results: How many it returns.
    """
    import iree.runtime as rt

    interface = rt.PyModuleInterface(DEVICE_MODULE, lambda _interface: device)
    interface.export(LOAD, "0r_I", DeviceModule.load)
    interface.export(INVOKE, f"0I{'r' * inputs}_{'r' * results or 'v'}", DeviceModule.invoke)
    return interface.create()


def _element_names() -> dict[int, str]:
    """Return torch's names by IREE's element types."""
    import iree.runtime as rt

    members = {name: getattr(rt.HalElementType, name, None) for name in _ELEMENTS}
    return {int(member): _ELEMENTS[name] for name, member in members.items() if member is not None}


def _element_types() -> dict[str, Any]:
    """Return IREE's element types by torch's names."""
    import iree.runtime as rt

    return {dtype: getattr(rt.HalElementType, name) for name, dtype in _ELEMENTS.items() if not name.startswith("INT_")}
