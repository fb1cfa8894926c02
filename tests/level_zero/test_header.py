# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is declared of Level Zero in Python is what its header says, asked of the C compiler."""

from __future__ import annotations

import ctypes
import inspect
import re
import subprocess
from pathlib import Path

import pytest

from fanfold.backends.compute import ze_api, ze_codes, ze_structs
from level_zero import chosen

#: Since when newer headers have what Debian's do not.
NEWER = {"ze_init_driver_type_desc_t"}
STRUCTS = {
    name: value
    for name, value in vars(ze_structs).items()
    if inspect.isclass(value) and name.startswith("ze_") and name not in NEWER
}
NUMBERS = {name: value for name, value in vars(ze_structs).items() if name.startswith("ZE_")}


def ask(folder: Path, lines: list[str]) -> list[int]:
    """Return what a C program prints that has a line for each number."""
    source, program = folder / "ask.c", folder / "ask"
    prints = "\n".join(f'  printf("%lld\\n", (long long)({line}));' for line in lines)
    source.write_text(
        f"#include <level_zero/ze_api.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {{\n{prints}\n}}\n"
    )
    subprocess.run([chosen.compiler() or "cc", str(source), "-o", str(program)], check=True)
    return [int(line) for line in subprocess.run([str(program)], check=True, capture_output=True).stdout.split()]


@pytest.fixture(autouse=True)
def _header() -> None:
    if chosen.compiler() is None or chosen.header() is None:
        pytest.skip("no C compiler, or no headers of Level Zero (Debian: libze-dev)")


def test_structures_have_the_headers_layout(tmp_path: Path) -> None:
    lines, expected = [], []
    for name, struct in STRUCTS.items():
        lines.append(f"sizeof({name})")
        expected.append(ctypes.sizeof(struct))
        for field in struct._fields_:
            described = getattr(struct, field[0])
            lines += [f"offsetof({name}, {field[0]})", f"sizeof((({name} *)0)->{field[0]})"]
            expected += [described.offset, described.size]
    assert len(STRUCTS) == 14
    assert dict(zip(lines, ask(tmp_path, lines), strict=True)) == dict(zip(lines, expected, strict=True))


def test_numbers_are_the_headers(tmp_path: Path) -> None:
    expected = dict(NUMBERS)
    expected |= {f"ZE_RESULT_{name}": code for code, (name, _) in ze_codes.CODES.items()}
    for name, struct in STRUCTS.items():
        if issubclass(struct, ze_structs.Described):
            expected[f"ZE_STRUCTURE_TYPE_{name.removeprefix('ze_').removesuffix('_t').upper()}"] = struct.STYPE
    expected["ZE_INIT_FLAG_GPU_ONLY"] = ze_structs.GPU_ONLY
    assert dict(zip(expected, ask(tmp_path, list(expected)), strict=True)) == expected


def test_the_test_driver_has_the_functions_that_are_called_and_no_others() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in chosen.SOURCES.glob("*.c"))
    there = {f"ze{name}" for name in re.findall(r"->pfn\w+ = (\w+)", sources)}
    # Which version of the API a driver has is the loader's question.
    assert there - {"zeDriverGetApiVersion"} == set(ze_api.FUNCTIONS)


def test_functions_have_the_headers_numbers_of_arguments() -> None:
    header = chosen.header()
    assert header is not None
    text = header.read_text(encoding="utf-8")
    for name, arguments in ze_api.FUNCTIONS.items():
        begin = text.index(f"\n{name}(\n")
        declared = text[begin : text.index(");", begin)]
        parameters = [line for line in declared.splitlines() if line[:4] == "    " and line[4:5].isalpha()]
        assert len(parameters) == len(arguments), name
