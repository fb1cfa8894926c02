# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every check in every `.mlir` test is one that runs; and the harness fails when it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlir.run_lines import execute, problems, run_lines

FILES = sorted(Path(__file__).parent.rglob("*.mlir"))
CAST = """\
func.func @f(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
"""
RUN = "// RUN: fanfold-opt %s --pass form-rows | filecheck %s\n"


def test_there_are_tests() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_check_runs(path: Path) -> None:
    assert problems(path) == []


@pytest.fixture
def mlir(tmp_path: Path) -> Path:
    return tmp_path / "sample.mlir"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("// CHECK: func.func\n", "no RUN line"),
        ("// RUN: fanfold-opt %s\n", "no filecheck"),
        (RUN, "no check with prefix CHECK"),
        (RUN + "// CHECK-NOT: fanfold.rows\n", "no check with prefix CHECK"),
        (RUN + "// CHECK: rows\n// CHEKC: rows\n", "nothing reads 'CHEKC'"),
        (RUN + "// CHECK: rows\n// check: rows\n", "nothing reads 'check'"),
        (RUN + "// CHECK: rows\n// CHECK-NXT: rows\n", "nothing reads 'CHECK-NXT'"),
        (RUN + "// CHECK: rows\n// CHECKNEXT: rows\n", "nothing reads 'CHECKNEXT'"),
        (RUN + "// CHECK: rows\n// CHECK-COUNT-0: rows\n", "nothing reads 'CHECK-COUNT-0'"),
        (RUN + "// CHECK: rows\n// CHECK rows\n", "a check without a colon"),
        (RUN + "// CHECK: rows\n// OTHER: rows\n", "nothing reads 'OTHER'"),
        (RUN + "// CHECK: rows\n// COM: CHECK: rows\n", "nothing reads 'COM'"),
        (RUN + "// CHECK: rows\n// RUN : fanfold-opt %s\n", "nothing reads 'RUN'"),
        (RUN + "// CHECK: rows\n// RUN fanfold-opt %s --pass no-such\n", "nothing reads 'RUN'"),
        (RUN + "// CHECK: rows\n// RUN; fanfold-opt %s --pass no-such\n", "nothing reads 'RUN'"),
        (RUN + "// CHECK: rows\n// fanfold-opt %s --pass no-such\n", "a command that is no RUN line"),
        (RUN + "// CHECK: rows\n// CHEKC rows\n", "nothing reads 'CHEKC'"),
        (RUN + "// CHECK: rows\n// CHECK; rows\n", "a check without a colon"),
        (RUN + "// CHECK: rows\n// CHEK -NEXT: rows\n", "nothing reads 'CHEK -NEXT'"),
        (RUN + "// CHECK: rows\n// CHECK -NEXT: rows\n", "nothing reads 'CHECK -NEXT'"),
        (RUN + "// CHECK: rows\n// _CHECK: rows\n", "nothing reads '_CHECK'"),
        (RUN + "// CHECK: rows\n// -CHECK: rows\n", "nothing reads '-CHECK'"),
        (RUN + "// CHECK: rows\n// C HECK: rows\n", "nothing reads 'C HECK'"),
        (RUN + "// CHECK: rows\n// CHECK NEXT: rows\n", "nothing reads 'CHECK NEXT'"),
        (RUN + "// CHECK: rows\n/// CHEKC-NEXT rows\n", "nothing reads 'CHEKC-NEXT'"),
        (RUN + "// CHECK: rows\n// 1CHECK: rows\n", "nothing reads '1CHECK'"),
        (RUN + "// CHECK: rows\n// expected-error {{text}}\n", "no expected-error"),
        (RUN.replace("| filecheck %s", "--verify-diagnostics") + "// expected-eror {{text}}\n", "no expected-error"),
        (RUN.replace("filecheck %s", "filecheck %s --check-prefix=A") + "// A: rows\n// CHECK: rows\n", "'CHECK'"),
        (RUN.replace("filecheck %s", "filecheck %s --check-prefixes=A,B") + "// A: rows\n", "no check with prefix B"),
        (RUN.replace("filecheck %s", "filecheck other") + "// CHECK: rows\n", "does not read this file"),
        (RUN.replace("| filecheck", "| grep") + "// CHECK: rows\n", "expected [not] fanfold-opt"),
        (RUN.replace("fanfold-opt", "mlir-opt") + "// CHECK: rows\n", "expected [not] fanfold-opt"),
    ],
)
def test_dead_checks_are_found(mlir: Path, text: str, complaint: str) -> None:
    other = mlir.with_name("other")
    other.write_text("// CHECK: rows\n")
    mlir.write_text(text.replace("filecheck other", f"filecheck {other}") + CAST)
    assert any(complaint in problem for problem in problems(mlir)), problems(mlir)


@pytest.mark.parametrize(
    "text",
    [
        RUN + "// CHECK-LABEL: @f\n//CHECK: rows\n// CHECK-NEXT: ^bb0\n// CHECK-NOT: quantize\n",
        RUN.replace("filecheck %s", "filecheck %s --check-prefix=A") + "// A-DAG: rows\n",
        "// RUN: fanfold-opt %s --verify-diagnostics\n",
        "// RUN: not fanfold-opt %s --pass no 2>&1 | filecheck %s\n// CHECK: there is no pass 'no'\n",
        RUN + "// A comment: it may have a colon later.\n// CHECK: rows\n",
        RUN + "// IREE has no form of it, and RMS norms have.\n// NaN is kept; a check is above.\n// CHECK: rows\n",
        RUN + "// 448 / absmax is 448 * (1 / absmax): UE8M0.\n// C or D: either. -1 is kept, i8 too.\n// CHECK: rows\n",
        RUN.replace("filecheck %s", "filecheck %s --check-prefix=A") + "// A cast of rows.\n// A: rows\n",
        RUN + "// f(x): y.\n// x[0:4] and %x: values.\n// \n// -----\n// CHECK: rows\n",
    ],
)
def test_live_checks_pass(mlir: Path, text: str) -> None:
    mlir.write_text(text + CAST)
    assert problems(mlir) == []
    assert [execute(run) for run in run_lines(mlir)] == [""]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (RUN + "// CHECK: fanfold.columns\n", "fanfold.columns"),
        (RUN + "// CHECK: fanfold.rows\n// CHECK-NOT: fanfold.cast\n", "fanfold.cast"),
        (RUN.replace("form-rows", "no-such") + "// CHECK: rows\n", "there is no pass 'no-such'"),
        (RUN.replace("fanfold-opt", "not fanfold-opt") + "// CHECK: rows\n", "ended with 0"),
        ("// RUN: fanfold-opt %s --verify-diagnostics\n// expected-error {{no}}\n", "announced and did not come"),
        ("// RUN: fanfold-opt %s --verify-diagnostics\nfunc.func @g() { %0 = fail }\n", "no expected-error announces"),
    ],
)
def test_failing_checks_fail(mlir: Path, text: str, complaint: str) -> None:
    mlir.write_text(text + CAST)
    assert any(complaint in execute(run) for run in run_lines(mlir))
