# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every pass file is a pass of its name, registered, documented and tested."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

import fanfold.passes
from fanfold.errors import FanfoldError
from fanfold.passes.pipeline import standard_pipeline
from fanfold.passes.registry import PASSES, resolve_passes

FOLDER = Path(fanfold.passes.__path__[0])
CHECKS = Path(__file__).parents[1] / "mlir" / "passes"


def pass_files() -> dict[str, type]:
    """Return the pass classes by file stem: classes with a name and a run method."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        module = importlib.import_module(f"fanfold.passes.{path.stem}")
        for value in vars(module).values():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and dataclasses.is_dataclass(value) and hasattr(value, "run") and "name" in vars(value):
                found[path.stem] = value
    return found


FILES = pass_files()


def test_the_registry_has_every_pass_file() -> None:
    assert {stem.replace("_", "-") for stem in FILES} == set(PASSES)


@pytest.mark.parametrize("stem", FILES)
def test_a_pass_file(stem: str) -> None:
    pass_class = FILES[stem]
    name = stem.replace("_", "-")
    assert PASSES[name] is pass_class
    assert vars(pass_class)["name"] == name
    assert pass_class.__dataclass_params__.frozen
    assert pass_class.__doc__ == f"The pass `{name}`."


@pytest.mark.parametrize("stem", FILES)
def test_a_pass_file_opens_with_the_ir_before_and_after(stem: str) -> None:
    documentation = importlib.import_module(f"fanfold.passes.{stem}").__doc__ or ""
    if stem == "finalize":
        assert "fail" in documentation  # it refuses, and rewrites nothing worth showing
        return
    assert re.search(r"^Before.*::\n\n    ", documentation, re.MULTILINE)
    assert re.search(r"^After.*::\n\n    ", documentation, re.MULTILINE)


@pytest.mark.parametrize("stem", FILES)
def test_a_pass_has_ir_tests(stem: str) -> None:
    assert list(CHECKS.glob(f"{stem}*.mlir"))


def test_the_standard_pipeline_is_made_of_registered_passes() -> None:
    assert [type(pass_) for pass_ in resolve_passes(["standard"])] == [type(pass_) for pass_ in standard_pipeline()]
    assert {type(pass_) for pass_ in standard_pipeline()} <= set(PASSES.values())


def test_names_resolve_in_order() -> None:
    names = ["drop-dead-ops", "fold-views", "drop-dead-ops"]
    assert [pass_.name for pass_ in resolve_passes(names)] == names


def test_an_unknown_name_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(FanfoldError, match="there is no pass 'form-row'") as caught:
        resolve_passes(["fold-views", "form-row"])
    assert "did you mean form-rows" in str(caught.value)
    assert "drop-dead-ops" in str(caught.value)
    with pytest.raises(FanfoldError, match="--list-passes"):
        resolve_passes(["qqq"])
