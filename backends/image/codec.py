# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bytes of a program image.

::

    offset  bytes
    0       8     magic
    8       4     version
    12      4     length of the description
    16      8     length of the whole
    24      32    SHA-256 of all the rest
    64            description: JSON
                  then the modules and the data, each on a 64-byte boundary of the image

Numbers are little-endian. The description says where modules and data are, and has kernels and functions. A step is its
name, its operands and its attributes: results are numbered in order, so that they go without saying.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fanfold.errors import ArtifactError, CompileError

from .check import InvalidError, check
from .program import GIVING, VERSION, Function, Image, Kernel, Step

MAGIC = b"\x89FANFOLD"
ALIGNMENT = 64
_HEAD = struct.Struct("<8sIIQ")
_DIGEST_BYTES = 32
_BODY = 64


def _are_integers(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) is int for number in value)


_KERNEL_FIELDS: dict[str, Callable[[Any], bool]] = {
    "module": lambda value: type(value) is int,
    "name": lambda value: isinstance(value, str),
    "workgroup": _are_integers,
    "subgroup": lambda value: type(value) is int,
    "bindings": _are_integers,
    "constants": lambda value: type(value) is int,
}


def encode(image: Image) -> bytes:
    """Return the bytes of an image.

    Raises:
        CompileError: If there is something wrong with it.
    """
    try:
        check(image)
    except InvalidError as error:
        raise CompileError(
            f"the program that was made of the model is wrong: {error}", stage="schedule", remedy="report this model"
        ) from error
    blobs = [*image.modules, *image.data]
    # Places depend on the length of the description, which has them: it has them relative to its own end.
    places, at = [], 0
    for blob in blobs:
        places.append([at, len(blob)])
        at = _aligned(at + len(blob))
    description = json.dumps(
        {
            "target": image.target,
            "modules": places[: len(image.modules)],
            "data": places[len(image.modules) :],
            "kernels": [{name: getattr(kernel, name) for name in _KERNEL_FIELDS} for kernel in image.kernels],
            "initializers": [_described(function) for function in image.initializers],
            "main": _described(image.main),
        },
        separators=(",", ":"),
    ).encode()
    body = [description, bytes(_aligned(len(description)) - len(description))]
    for blob in blobs:
        body += [bytes(blob), bytes(_aligned(len(blob)) - len(blob))]
    total = _BODY + sum(map(len, body))
    head = _HEAD.pack(MAGIC, VERSION, len(description), total)
    gap = bytes(_BODY - _HEAD.size - _DIGEST_BYTES)
    digest = hashlib.sha256()
    for piece in (head, gap, *body):
        digest.update(piece)
    return b"".join([head, digest.digest(), gap, *body])


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _described(function: Function) -> dict[str, Any]:
    steps = [[step.name, list(step.operands), step.attributes] for step in function.steps]
    return {"inputs": function.inputs, "steps": steps, "results": list(function.results)}


def decode(buffer: bytes | memoryview) -> Image:
    """Read an image; what it returns has been checked, and its modules and data lie in `buffer`.

    Raises:
        ArtifactError: If the image is damaged, of another version, or wrong.
    """
    view = memoryview(buffer).cast("B")
    try:
        description, blobs = _opened(view)
        image = _image(description, blobs)
        check(image)
    except InvalidError as error:
        raise ArtifactError(
            f"the program image is damaged: {error}", stage="load", remedy="compile the model again"
        ) from error
    return image


def _opened(view: memoryview) -> tuple[Any, memoryview]:
    """Return the description and what is behind it."""
    if len(view) < _BODY or view[:8] != MAGIC:
        raise InvalidError("it does not begin as one does")
    _magic, version, described, total = _HEAD.unpack_from(view)
    if version != VERSION:
        newer = version > VERSION
        raise ArtifactError(
            f"the program image is of {'a newer' if newer else 'an older'} version",
            stage="load",
            expected=str(VERSION),
            found=str(version),
            remedy="update fanfold" if newer else "compile the model again",
        )
    if len(view) < total:
        raise InvalidError(f"it is cut off after {len(view)} of {total} bytes")
    if len(view) > total:
        raise InvalidError(f"{len(view) - total} bytes are behind its end")
    digest = hashlib.sha256(view[: _HEAD.size])
    digest.update(view[_HEAD.size + _DIGEST_BYTES :])
    if digest.digest() != view[_HEAD.size : _HEAD.size + _DIGEST_BYTES]:
        raise InvalidError("its checksum does not match")
    end = _BODY + _aligned(described)
    if end > total:
        raise InvalidError("its description goes beyond its end")
    try:
        description = json.loads(bytes(view[_BODY : _BODY + described]))
    except (ValueError, RecursionError) as error:
        raise InvalidError("its description is not readable") from error
    return description, view[end:]


def _image(description: Any, blobs: memoryview) -> Image:
    kinds = {"target": str, "modules": list, "data": list, "kernels": list, "initializers": list, "main": dict}
    _require_fields(description, kinds, "it")
    return Image(
        description["target"],
        tuple(_blob(place, blobs) for place in description["modules"]),
        tuple(_kernel(kernel) for kernel in description["kernels"]),
        tuple(_blob(place, blobs) for place in description["data"]),
        tuple(_function(function) for function in description["initializers"]),
        _function(description["main"]),
    )


def _require_fields(found: Any, kinds: Mapping[str, type], what: str) -> None:
    if not isinstance(found, dict) or found.keys() != kinds.keys():
        raise InvalidError(f"{what} does not have the fields that it should")
    for name, kind in kinds.items():
        if type(found[name]) is not kind:
            raise InvalidError(f"the {name} of {what} is not what it should be")


def _integers(found: Any, what: str) -> Sequence[int]:
    if not _are_integers(found):
        raise InvalidError(f"{what} are not integers")
    integers: Sequence[int] = found
    return integers


def _blob(place: Any, blobs: memoryview) -> memoryview:
    numbers = _integers(place, "the places of modules and data")
    if len(numbers) != 2 or min(numbers) < 0 or sum(numbers) > len(blobs) or numbers[0] % ALIGNMENT:
        raise InvalidError("a module or constant is outside it")
    return blobs[numbers[0] : sum(numbers)]


def _kernel(found: Any) -> Kernel:
    if not isinstance(found, dict) or found.keys() != _KERNEL_FIELDS.keys():
        raise InvalidError("a kernel does not have the fields that it should")
    for name, is_right in _KERNEL_FIELDS.items():
        if not is_right(found[name]):
            raise InvalidError(f"the {name} of a kernel is {found[name]!r}")
    return Kernel(**{**found, **{name: tuple(found[name]) for name in ("workgroup", "bindings")}})


def _function(found: Any) -> Function:
    _require_fields(found, {"inputs": int, "steps": list, "results": list}, "a function")
    steps, values = [], found["inputs"]
    for step in found["steps"]:
        if not isinstance(step, list) or len(step) != 3 or not isinstance(step[0], str):
            raise InvalidError("a step is none")
        name, operands, attributes = step
        if not isinstance(attributes, dict):
            raise InvalidError(f"{name!r} has no attributes")
        results = (values,) if name in GIVING else ()
        values += len(results)
        steps.append(Step(name, tuple(_integers(operands, "operands")), results, attributes))
    return Function(found["inputs"], tuple(steps), tuple(_integers(found["results"], "results")))
