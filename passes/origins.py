# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where a `fanfold` op comes from: the source ops and their positions in the user's model.

Raising a source op stamps the attribute ``origins``, a list of ``"<source op>@<file>:<line>#<serial>"`` (the serial
tells apart two ops on one line); folding duplicates joins the lists. So every source op can be accounted for at the
end, however the IR was rewritten.
"""

import re
from collections.abc import Iterable

from torch_mlir import ir

from fanfold.positions import is_of_user

ATTRIBUTE = "origins"
_POSITION = re.compile(r'"([^"]+)":(\d+)(?::\d+)?')
_ESCAPED = re.compile(rb"\\(\\|[0-9A-F]{2})")
_SERIAL = re.compile(r"#\d+$")


def position(location: ir.Location) -> str:
    """Return the innermost position of an MLIR location in the user's code as ``file:line``, or ``unknown``."""
    found = [(_unescaped(file), line) for file, line in _POSITION.findall(str(location))]
    # A layer's source is of no help when it is PyTorch's own: the line that calls it is.
    own = [(file, line) for file, line in found if is_of_user(file)]
    return ":".join((own or found)[0]) if found else "unknown"


def _unescaped(text: str) -> str:
    """Return the text of an MLIR string, in which the bytes of what is not ASCII are printed as hexadecimal digits."""
    plain = _ESCAPED.sub(lambda m: b"\\" if m[1] == b"\\" else bytes.fromhex(m[1].decode()), text.encode())
    return plain.decode(errors="replace")


def origin(op: ir.Operation, source: str | None = None, serial: int | None = None) -> str:
    """Return the origin of a source op."""
    return f"{source or op.name}@{position(op.location)}" + ("" if serial is None else f"#{serial}")


def origins_of(op: ir.Operation) -> list[str]:
    """Return the origins of a `fanfold` op; an op that was not raised stands for itself."""
    if ATTRIBUTE in op.attributes:
        return [attr.value for attr in op.attributes[ATTRIBUTE]]
    return [origin(op)]


def stamp(op: ir.Operation, origins: Iterable[str]) -> None:
    """Set the origins of a `fanfold` op."""
    op.attributes[ATTRIBUTE] = ir.ArrayAttr.get([ir.StringAttr.get(o) for o in origins])


def split(text: str) -> tuple[str, str]:
    """Split an origin into source op and position."""
    source, _, where = text.partition("@")
    # A path may have a "#" of its own, but a line number follows it.
    return source, _SERIAL.sub("", where)
