# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

from fanfold.artifact import TensorSpec
from fanfold.backends import cpu
from fanfold.errors import CallError, TargetError
from fanfold.executable import Executable


def test_results_have_the_models_own_structure(pair: Executable, fanout: Executable, linear: Executable) -> None:
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    result = pair(a, b=b)
    assert list(result) == ["parts", "other"]
    assert torch.equal(result["parts"][0], a + b)
    assert torch.equal(result["other"][0], a - b)
    assert isinstance(fanout(torch.zeros(2, 256)), tuple)
    assert isinstance(linear(torch.zeros(2, 256).bfloat16()), torch.Tensor)


def test_structured_arguments_and_keyword_order(build: Callable[..., Executable]) -> None:
    specs = tuple(TensorSpec(name, (None, 4), "float32") for name in "ab")
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    nested = build("pair", (({"u": 0, "v": [0]},), {}), (0, 0), specs, specs)
    assert torch.equal(nested({"u": a, "v": [b]})[1], a - b)
    named = build("pair", ((), {"p": 0, "q": 0}), (0, 0), specs, specs)
    assert torch.equal(named(q=b, p=a)[1], a - b)
    with pytest.raises(CallError, match="another structure"):
        nested({"u": a, "v": (b,)})
    with pytest.raises(CallError, match="another structure"):
        nested({"u": a, "w": [b]})


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((torch.zeros(2, 4),), {}),
        ((torch.zeros(2, 4), torch.zeros(2, 4)), {}),
        ((torch.zeros(2, 4),), {"c": torch.zeros(2, 4)}),
        ((torch.zeros(2, 4),), {"b": torch.zeros(2, 4), "c": torch.zeros(2, 4)}),
    ],
)
def test_wrong_arguments(pair: Executable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="1 positional argument and the keywords b") as caught:
        pair(*args, **kwargs)
    assert caught.value.found
    assert caught.value.remedy


def test_wrong_count_of_plain_arguments(fanout: Executable) -> None:
    x = torch.zeros(2, 256)
    with pytest.raises(CallError, match="found: 2 positional arguments"):
        fanout(x, x)
    with pytest.raises(CallError, match="found: 0 positional arguments"):
        fanout()


def test_positional_arguments_go_by_name_too(build: Callable[..., Executable], fanout: Executable) -> None:
    x, a, b = torch.randn(2, 256), torch.randn(3, 4), torch.randn(3, 4)
    assert torch.equal(fanout(x=x)[0], x + x)
    specs = tuple(TensorSpec(name, (None, 4), "float32") for name in "ab")
    plain = build("pair", ((0, 0), {}), (0, 0), specs, specs)
    for result in (plain(b=b, a=a), plain(a, b=b), plain(a, b)):
        assert torch.equal(result[1], a - b)
    for args, kwargs in [((a, b), {"b": b}), ((b,), {"a": a}), ((), {"a": a}), ((a,), {"c": b})]:
        with pytest.raises(CallError, match="2 positional arguments"):
            plain(*args, **kwargs)
    mixed = build("pair", ((0,), {"b": 0}), (0, 0), specs, specs)
    assert torch.equal(mixed(b=b, a=a)[1], a - b)


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.copy, copy.deepcopy])
def test_copies_and_pickles_are_refused(fanout: Executable, duplicate: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"cannot be pickled or copied.*fanfold\.load"):
        duplicate(fanout)


@pytest.mark.parametrize(
    ("value", "found", "remedy"),
    [
        (torch.zeros(2, 256, dtype=torch.float64), "float64[2, 256]", ".to(torch.float32)"),
        (torch.zeros(2, 255), "float32[2, 255]", "dynamic_shapes"),
        (torch.zeros(256), "float32[256]", "dynamic_shapes"),
        (torch.zeros(1, 2, 256), "float32[1, 2, 256]", "dynamic_shapes"),
        (torch.zeros(2, 256, device="meta"), "on meta", ".cpu()"),
        (torch.zeros(2, 256).to_sparse(), "sparse_coo", ".to_dense()"),
        (7, "int", "torch.Tensor"),
        (None, "NoneType", "torch.Tensor"),
    ],
)
def test_wrong_values(fanout: Executable, value: Any, found: str, remedy: str) -> None:
    fanout(torch.zeros(2, 256))
    with pytest.raises(CallError, match=re.escape("input 0 (x)")) as caught:
        fanout(value)
    assert found in caught.value.found
    assert remedy in caught.value.remedy
    assert caught.value.expected == "float32[?, 256] on cpu"


def test_sizes_of_one_name_must_agree(pair: Executable) -> None:
    a = torch.zeros(3, 4)
    with pytest.raises(CallError, match=r"disagree about the size n") as caught:
        pair(a, b=torch.zeros(2, 4))
    assert caught.value.expected == "b.shape[0] == a.shape[0] == 3"


def test_gradients_are_left_behind(fanout: Executable) -> None:
    x = torch.randn(2, 256, requires_grad=True)
    assert not fanout(x)[0].requires_grad
    assert torch.equal(fanout(x)[0], (x + x).detach())


def test_code_for_another_processor_is_refused_at_the_first_call(
    fanout: Executable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu, "host_features", frozenset)
    with pytest.raises(TargetError, match="cannot run code"):
        Executable(fanout._artifact)(torch.zeros(2, 256))


def test_what_an_executable_says_about_itself(fanout: Executable) -> None:
    assert fanout.target == "cpu"
    assert fanout.report.dispatches == 3
    assert "x: float32[?, 256]" in repr(fanout)
    assert "torch.aten.rms_norm at model.py:3: fused into rows_0" in str(fanout.report)
