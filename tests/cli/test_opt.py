# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line of fanfold-opt; what passes do is tested in tests/mlir."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fanfold.cli.diagnostics import Diagnostic, expectations, unmet
from fanfold.cli.opt import main
from fanfold.passes.registry import PASSES

CAST = """\
func.func @f(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
"""
WRONG = CAST.replace("64xf32", "63xf32")


def opt(*arguments: str, text: str = CAST) -> Result:
    result = CliRunner().invoke(main, list(arguments), input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_stdin_is_the_default() -> None:
    result = opt()
    assert result.exit_code == 0
    assert result.stdout.startswith("module {\n  func.func @f(")
    assert result.stderr == ""


def test_passes_run_in_order() -> None:
    result = opt("--pass", "form-rows", "--pass", "lower-rows-to-kernel", "--pass", "form-rows")
    assert 'sym_name = "cast_64"' in result.stdout
    assert "fanfold.rows" not in result.stdout


def test_a_pipeline_is_comma_separated() -> None:
    one = opt("--pipeline", "form-rows, lower-rows-to-linalg")
    two = opt("--pass", "form-rows", "--pass", "lower-rows-to-linalg")
    assert one.exit_code == 0
    assert one.stdout == two.stdout


def test_the_standard_pipeline() -> None:
    result = opt("--pipeline", "standard", "--report")
    assert 'sym_name = "cast_64"' in result.stdout
    assert "// fanfold.cast: kernel cast_64" in result.stdout.splitlines()


@pytest.mark.parametrize("bits", ["128", "256", "512"])
def test_vector_bits(bits: str) -> None:
    result = opt("--pipeline", "standard", "--vector-bits", bits)
    assert f"vector<{int(bits) // 32}xf32>" in result.stdout


def test_print_after() -> None:
    result = opt("--pipeline", "form-rows,lower-rows-to-kernel", "--print-after", "form-rows")
    assert result.stderr.count("// -----// IR after ") == 1
    assert "IR after form-rows" in result.stderr
    assert "fanfold.rows" in result.stderr
    assert "fanfold.rows" not in result.stdout


def test_print_after_all() -> None:
    result = opt("--pipeline", "form-rows,lower-rows-to-kernel", "--print-after-all")
    assert result.stderr.count("// -----// IR after ") == 2


def test_list_passes() -> None:
    lines = opt("--list-passes").stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(PASSES)
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("option", [["--pass"], ["--pipeline"], ["--pass", "form-rows", "--print-after"]])
def test_an_unknown_pass_is_an_error_before_anything_runs(option: list[str]) -> None:
    result = opt(*option, "form-row", text="this is no MLIR")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "there is no pass 'form-row'" in result.stderr
    assert "did you mean form-rows?" in result.stderr


def test_pass_and_pipeline_exclude_each_other() -> None:
    result = opt("--pass", "form-rows", "--pipeline", "standard")
    assert result.exit_code == 2
    assert "not both" in result.stderr


def test_an_unknown_target_is_an_error() -> None:
    result = opt("--target", "gpu")
    assert result.exit_code == 1
    assert "there is no target 'gpu'" in result.stderr


@pytest.mark.parametrize("arguments", [["--pipeline", "standard"], ["--list-passes"], []])
def test_without_torch_mlir_it_says_what_to_install(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "torch_mlir" else find(name))
    result = opt(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "pip install 'fanfold[compiler]'" in result.stderr


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    result = opt(str(tmp_path / "none.mlir"))
    assert result.exit_code == 1
    assert "cannot read" in result.stderr


def test_invalid_input_is_an_error_with_its_position() -> None:
    result = opt(text=WRONG)
    assert result.exit_code == 1
    assert "<stdin>:2:8: error: 'fanfold.cast' op y width: expected 64, found 63" in result.stderr
    assert result.stdout == ""


def test_split_input_file_goes_on_after_an_error() -> None:
    result = opt("--split-input-file", text=f"{CAST}// -----\n{WRONG}// -----\n{CAST}")
    assert result.exit_code == 1
    assert result.stdout.count("func.func @f") == 2
    assert "<stdin>:7:8: error" in result.stderr


def test_verify_diagnostics() -> None:
    announced = WRONG.replace("  %y =", "  // expected-error@+1 {{expected 64, found 63}}\n  %y =")
    assert opt("--verify-diagnostics", text=announced).exit_code == 0
    assert opt("--verify-diagnostics", text=CAST).exit_code == 0
    unannounced = opt("--verify-diagnostics", text=WRONG)
    assert unannounced.exit_code == 1
    assert "which no expected-error announces" in unannounced.stderr
    missing = opt("--verify-diagnostics", text=CAST + "// expected-error {{more}}\n")
    assert missing.exit_code == 1
    assert "<stdin>:5: the error 'more' was announced and did not come" in missing.stderr


def test_expectations_say_where() -> None:
    text = "// expected-error {{a}}\n// expected-error@+2 {{b}}\n// expected-error@-1 {{c}} expected-error {{no}}\n"
    assert [(e.line, e.text) for e in expectations(text)] == [(1, "a"), (4, "b"), (2, "c")]
    assert [(e.line, e.text) for e in expectations("// expected-error@unknown {{d}}")] == [(None, "d")]


def test_an_announced_error_counts_once() -> None:
    expected = expectations("// expected-error {{a}}")
    found = [Diagnostic(1, 1, "a"), Diagnostic(1, 1, "a")]
    assert len(unmet("f", expected, found)) == 1
    assert unmet("f", expected, found[:1]) == []
