# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

from typing import Any

import pytest

from fanfold.backends import cpu, cuda, rocm, vulkan, xpu
from fanfold.backends.inventory import list_targets
from fanfold.backends.runnable import check_runnable
from fanfold.backends.target import driver_of, parse_target
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
        ("cuda:sm_90", "cuda:sm_90"),
        ("CUDA:H200", "cuda:sm_90"),
        ("nvidia:rtx4090", "cuda:sm_89"),
        ("rocm:gfx950", "rocm:gfx950"),
        ("rocm:mi300x", "rocm:gfx942"),
        ("hip:mi355x", "rocm:gfx950"),
        ("xpu", "xpu"),
        ("XPU:B580", "xpu:bmg"),
        ("intel:max1550", "xpu:pvc"),
        ("xpu:a770", "xpu:dg2"),
        ("xpu:lnl", "xpu:lnl"),
        ("vulkan:generic", "vulkan"),
        ("vulkan:lavapipe", "vulkan:llvmpipe"),
    ],
)
def test_spellings_have_one_canonical_form_that_parses_to_itself(text: Any, canonical: str) -> None:
    target = parse_target(text)
    assert str(target) == canonical
    assert parse_target(str(target)) == target


@pytest.mark.parametrize("text", ["", "gpu", "cpu:", "cpu:zen9", "cpu:x86", "cpu:host:more", 7, None])
def test_unknown_targets_are_refused_with_what_there_is(text: Any) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert caught.value.expected
    assert "cpu" in str(caught.value)


@pytest.mark.parametrize("text", ["cuda", "cuda:", "cuda:sm_42", "rocm", "rocm:gfx000", "cuda:sm_90:more"])
def test_unknown_gpus_are_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)
    assert "sm_90" in str(caught.value.expected) or "gfx950" in str(caught.value.expected)


def test_a_near_miss_is_suggested() -> None:
    with pytest.raises(TargetError, match="did you mean 'sm_90'"):
        parse_target("cuda:sm90")
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
    for table in (cpu.PROCESSORS, cuda.ARCHS, rocm.ARCHS, xpu.ARCHS, vulkan.ARCHS):
        assert all(name == row.name for name, row in table.items())
    for backend in (cuda, rocm, xpu, vulkan):
        table, aliases = backend.ARCHS, backend.ALIASES
        assert set(aliases.values()) <= set(table)


def test_the_listing_covers_every_target_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "host_features", lambda: parse_target("cpu:x86-64-v3").arch.features)
    lines = {line.target: line for line in list_targets()}
    assert {line for line in lines if line.startswith("cpu")} == {str(parse_target(f"cpu:{n}")) for n in cpu.names()}
    assert {line for line in lines if line.startswith("cuda")} == {f"cuda:{name}" for name in cuda.ARCHS}
    assert {line for line in lines if line.startswith("rocm")} == {f"rocm:{name}" for name in rocm.ARCHS}
    assert all(lines[f"rocm:{name}"].evidence == "compiled only" for name in rocm.ARCHS)
    assert {line for line in lines if line.startswith("xpu")} == {
        str(parse_target(f"xpu:{name}")) for name in xpu.ARCHS
    }
    xpus = {name: lines[str(parse_target(f"xpu:{name}"))].evidence for name in xpu.ARCHS}
    assert xpus == {name: "run on a CPU" if name == xpu.DEFAULT else "compiled only" for name in xpu.ARCHS}
    assert {lines[name].evidence for name in ("vulkan", "vulkan:llvmpipe")} == {"run"}
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
    assert driver_of("cuda:sm_90") == "cuda"
    assert driver_of("rocm:gfx950") == "hip"
    with pytest.raises(TargetError):
        driver_of("tpu:v5")
