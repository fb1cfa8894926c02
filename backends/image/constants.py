# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads constants out of IREE's module: the bytes that they have in memory."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from .refusal import refuse

_COMPOSITE = "#util.composite<"
_RESOURCE = re.compile(r"dense_resource<\"?(?P<key>[^\">]+)\"?> : ")
_BLOB = re.compile(r"^ *\"?(?P<key>[^\":]+)\"?: \"0x(?P<hex>[0-9A-F]*)\"", re.MULTILINE)
#: A blob opens with its alignment.
_BLOB_HEAD_BYTES = 4
_SHAPED = re.compile(r"(?:tensor|vector)<(?P<dims>(?:\d+x)*)(?P<element>[\w]+)>$")


def content(op: Any) -> bytes:
    """Return the bytes of a `util.buffer.constant`.

    Raises:
        CompileError: If it is of a kind that is not known here.
    """
    attribute = op.operation.attributes["value"]
    text = str(attribute)
    if text.startswith('"'):
        return bytes(attribute.value, "utf-8")
    blobs = _blobs(op) if "dense_resource<" in text else {}
    return b"".join(_element(part, blobs, op) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """Split a composite into its elements; anything else is one."""
    if not text.startswith(_COMPOSITE):
        return [text]
    body = text[text.index("[") + 1 : text.rindex("]")]
    parts = [line.strip().removesuffix(",") for line in body.splitlines()]
    return [part for part in parts if part]


def _element(text: str, blobs: dict[str, bytes], op: Any) -> bytes:
    resource = _RESOURCE.match(text)
    if resource:
        return blobs[resource["key"]]
    if not text.startswith("dense<"):
        raise refuse(op, "a program has no constants of this kind", found=text[:80])
    return folded(text, op.operation.context).tobytes()


def folded(text: str, context: Any) -> npt.NDArray[Any]:
    """Return the elements of a dense attribute as integers of the same bits.

    Args:
        text: The attribute with its type.
        context: An MLIR context.
    """
    from iree.compiler import ir

    attribute = ir.Attribute.parse(text, context)
    try:
        values = np.asarray(attribute)
    except TypeError:
        values = np.asarray(_bits_of(text, context))
    return values if values.dtype == bool else values.view(f"i{values.dtype.itemsize}")


def _bits_of(text: str, context: Any) -> Any:
    # The bindings show no bf16 and no fp8; arith's folding makes integers of them.
    from iree.compiler import ir, passmanager

    type_ = text[text.rindex(" : ") + 3 :].replace("vector<", "tensor<")
    shaped = _SHAPED.match(type_)
    if shaped is None:
        raise ValueError(type_)
    bits = ir.Type.parse(shaped["element"], context).width
    integers = f"tensor<{shaped['dims']}i{bits}>"
    values = text[: text.rindex(" : ")]
    source = f"""func.func @f() -> {integers} {{
      %0 = arith.constant {values} : {type_}
      %1 = arith.bitcast %0 : {type_} to {integers}
      return %1 : {integers}
    }}"""
    module = ir.Module.parse(source, context)
    with context:
        passmanager.PassManager.parse("builtin.module(canonicalize)").run(module.operation)
    return module.body.operations[0].regions[0].blocks[0].operations[0].attributes["value"]


def _blobs(op: Any) -> dict[str, bytes]:
    """Return the resources that an op has: the bindings give them only as the text of a module."""
    from iree.compiler import ir

    module = ir.Module.create(loc=ir.Location.unknown(op.operation.context))
    op.operation.clone(ip=ir.InsertionPoint(module.body))
    return {match["key"]: bytes.fromhex(match["hex"])[_BLOB_HEAD_BYTES:] for match in _BLOB.finditer(str(module))}
