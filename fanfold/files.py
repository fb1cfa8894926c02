# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that appear complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import ArtifactError


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a new file, for writing and reading, that takes the place of ``path`` on success and vanishes otherwise.

    Raises:
        ArtifactError: If the file cannot be written.
    """
    final = _resolve(path)
    # Not tempfile: its files are private to the user, ours get the permissions of any new file.
    temporary = final.with_name(f".{final.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with temporary.open("x+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(final)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Refuse a path that :func:`replacing` will not be able to write, before the work of making what goes there.

    Raises:
        ArtifactError: If the path is a folder, or its folder is missing or not writable.
    """
    final = _resolve(path)
    code = None
    if final.is_dir():
        code = errno.EISDIR
    elif not final.parent.is_dir():
        code = errno.ENOENT
    elif not os.access(final.parent, os.W_OK):
        code = errno.EACCES
    if code is not None:
        raise write_error(path, OSError(code, os.strerror(code)))


def _resolve(path: str | os.PathLike[str]) -> Path:
    # A link is followed: replacing it would leave the file that it names as it was.
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:
        raise ArtifactError(
            f"cannot write {os.fspath(path)!r}: {error}", stage="save", remedy="check the path"
        ) from error


def write_error(path: str | os.PathLike[str], error: OSError) -> ArtifactError:
    """Return the error for a path that could not be written."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        remedy = f"create the folder {Path(os.path.realpath(path)).parent}"
    elif error.errno == errno.EISDIR:
        remedy = "give the name of a file, not of a folder"
    elif error.errno == errno.ENOSPC:
        remedy = "free some space; nothing was left behind"
    else:
        remedy = "choose a path that you may write"
    return ArtifactError(f"cannot write {os.fspath(path)}: {error.strerror or error}", stage="save", remedy=remedy)
