# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

from typing import Any

import pytest

from fanfold.backends import cpu
from fanfold.backends.target import check_runnable, driver_of, list_targets, parse_target
from fanfold.errors import TargetError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("cpu", "cpu"),
        ("cpu:host", "cpu"),
        (" CPU:Native ", "cpu"),
        ("llvm-cpu", "cpu"),
        ("cpu:zen4", "cpu:znver4"),
        ("cpu:x86-64-v3", "cpu:x86-64-v3"),
        ("cpu:generic", "cpu:generic"),
    ],
)
def test_spellings_have_one_canonical_form_that_parses_to_itself(text: Any, canonical: str) -> None:
    target = parse_target(text)
    assert str(target) == canonical
    assert parse_target(str(target)) == target


@pytest.mark.parametrize("text", ["", "gpu", "cuda:sm_90", "cpu:", "cpu:zen9", "cpu:x86", "cpu:host:more", 7, None])
def test_unknown_targets_are_refused_with_what_there_is(text: Any) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert caught.value.expected
    assert "cpu" in str(caught.value)


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(TargetError, match="did you mean 'skylake-avx512'"):
        parse_target("cpu:skylake_avx512")
    with pytest.raises(TargetError, match="did you mean 'cpu'"):
        parse_target("cpus")


def test_vector_width_follows_the_features() -> None:
    widths = {name: parse_target(f"cpu:{name}").arch.vector_bits for name in ("generic", "x86-64-v3", "znver5")}
    assert widths == {"generic": 128, "x86-64-v3": 256, "znver5": 512}


def test_flags_name_the_processor_and_turn_the_hazards_off() -> None:
    flags = parse_target("cpu:znver4").compiler_flags()
    assert "--iree-llvmcpu-target-cpu=znver4" in flags
    assert "--iree-input-demote-f64-to-f32=false" in flags
    assert "--iree-flow-inline-constants-max-byte-length=0" in flags


def test_every_row_has_the_name_it_is_found_under() -> None:
    assert all(name == row.name for name, row in cpu.PROCESSORS.items())


def test_the_listing_covers_every_target_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "host_features", lambda: parse_target("cpu:x86-64-v3").arch.features)
    lines = {line.target: line for line in list_targets()}
    assert set(lines) == {str(parse_target(f"cpu:{name}")) for name in cpu.names()}
    assert lines["cpu:x86-64-v3"].missing == ()
    assert "avx512_f" in lines["cpu:znver4"].missing


def test_code_for_a_missing_feature_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "host_features", lambda: frozenset({"avx", "avx2"}))
    check_runnable("cpu", frozenset({"avx2"}))
    with pytest.raises(TargetError, match="without avx512_f") as caught:
        check_runnable("cpu:znver4", frozenset({"avx2", "avx512_f"}))
    assert "cpu:generic" in caught.value.remedy


def test_drivers() -> None:
    assert driver_of("cpu:neverheardof") == parse_target("cpu").driver == "local-task"
    with pytest.raises(TargetError):
        driver_of("cuda:sm_90")
