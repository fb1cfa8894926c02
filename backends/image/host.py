# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ``.vmfb`` around a program image: IREE's virtual machine holds the image and calls who runs it.

The module imports two functions of a VM module `fanfold_device`::

    load(image: !util.buffer) -> i64          once for each context, with the bytes of the image
    invoke(i64, views...) -> views...         at each call of `main`, with what `load` returned

The bytes are used where the module lies, on a 64-byte boundary if the module lies on one.
"""

from __future__ import annotations

from pathlib import Path

from fanfold.backends.iree_process import run_compiler

from .codec import ALIGNMENT
from .program import Function, Step

#: The VM module that serves the imports.
DEVICE_MODULE = "fanfold_device"
LOAD = "load"
INVOKE = "invoke"

_FLAGS = ("--iree-execution-model=host-only", "--verify=false")


def compile_host(binary: Path, image: bytes, main: Function, folder: Path, timeout: float | None) -> bytes:
    """Return the ``.vmfb`` around an image.

    Args:
        binary: iree-compile.
        image: The bytes of the image.
        main: Its function.
        folder: A folder for files, which are removed but for the log.
        timeout: Seconds after which the compiler is ended.

    Raises:
        CompileError: If the compiler fails, crashes or takes too long.
    """
    source, output = folder / "host.mlir", folder / "module.vmfb"
    try:
        source.write_text(host_module(image, main), encoding="ascii")
        run_compiler([str(binary), str(source), *_FLAGS], ["-o", str(output)], folder / "host.log", timeout)
        vmfb = output.read_bytes()
        source.unlink()
        return vmfb
    finally:
        output.unlink(missing_ok=True)


def host_module(image: bytes, main: Function) -> str:
    """Return the module around an image as MLIR text."""
    inputs = [f"%input{i}" for i in range(main.inputs)]
    views = ", ".join(["!hal.buffer_view"] * main.inputs)
    results = ", ".join(["!hal.buffer_view"] * len(main.results))
    taken = ", ".join(f"{name}: !hal.buffer_view" for name in inputs)
    count = len(main.results)
    returned = ", ".join("%results" if count == 1 else f"%results#{i}" for i in range(count))
    bound = "" if count == 0 else "%results = " if count == 1 else f"%results:{count} = "
    of_results = f" : {results}" if count else ""
    arguments = ", ".join(["%program: i64", *([taken] if taken else [])])
    call = ", ".join(["%program", *inputs])
    call_types = ", ".join(["i64", *([views] if views else [])])
    type_ = f"tensor<{len(image)}xi8>"
    # A resource in text begins with its alignment.
    blob = (ALIGNMENT.to_bytes(4, "little") + image).hex()
    return f"""module @module {{
  util.func private @{DEVICE_MODULE}.{LOAD}(%image: !util.buffer) -> i64
  util.func private @{DEVICE_MODULE}.{INVOKE}({arguments}) -> ({results})
  util.global private @program : i64
  util.initializer {{
    %image = util.buffer.constant <alignment = {ALIGNMENT}> : !util.buffer = dense_resource<image> : {type_}
    %program = util.call @{DEVICE_MODULE}.{LOAD}(%image) : (!util.buffer) -> i64
    util.global.store %program, @program : i64
    util.return
  }}
  util.func public @main({taken}) -> ({results}) attributes {{
    iree.abi.stub, iree.reflection = {{iree.abi.declaration = "{declaration(main)}"}}
  }} {{
    %program = util.global.load @program : i64
    {bound}util.call @{DEVICE_MODULE}.{INVOKE}({call}) : ({call_types}) -> ({results})
    util.return {returned}{of_results}
  }}
}}
{{-# dialect_resources: {{ builtin: {{ image: "0x{blob}" }} }} #-}}
"""


def declaration(main: Function) -> str:
    """Return the signature of a program, in the words in which IREE's modules tell theirs."""
    givers = {number: step for step in main.steps for number in step.results}
    checks = {step.operands[0]: step for step in main.steps if step.name == "check"}
    inputs = [f"%input{i}: {_tensor(checks.get(i), 1, givers)}" for i in range(main.inputs)]
    results = []
    for i, number in enumerate(main.results):
        is_input = number < main.inputs
        tensor = _tensor(checks.get(number), 1, givers) if is_input else _tensor(givers[number], 3, givers)
        results.append(f"%output{i}: {tensor}")
    return f"sync func @main({', '.join(inputs)}) -> ({', '.join(results)})"


def _tensor(step: Step | None, first: int, givers: dict[int, Step]) -> str:
    """Return the type of a view; an input that nobody looks at may be any."""
    if step is None:
        return "tensor<*>"
    dims = []
    for number in step.operands[first:]:
        giver = givers[number]
        dims.append(f"{giver.attributes['value']}x" if giver.name == "integer" else "?x")
    return f"tensor<{''.join(dims)}{step.attributes['dtype']}>"
