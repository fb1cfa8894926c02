# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""FP8 by target: models in one flavour, converted to the other and run, against eager in the other flavour."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import fanfold
from fanfold import ops
from fanfold.errors import TargetError

E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2
FNUZ = {E4M3: torch.float8_e4m3fnuz, E5M2: torch.float8_e5m2fnuz}
BOUNDS = {torch.float8_e4m3fnuz: 224.0, torch.float8_e5m2fnuz: 28672.0, E4M3: 448.0, E5M2: 57344.0}


class Dynamic(nn.Module):
    """Quantisations with scales of their own, of every kind; their codes also read inside."""

    def __init__(self, e4m3: torch.dtype, e5m2: torch.dtype) -> None:
        super().__init__()
        self.e4m3, self.e5m2 = e4m3, e5m2

    def forward(self, x: Tensor) -> list[Tensor]:
        e4m3, e5m2 = self.e4m3, self.e5m2
        bound = BOUNDS[e4m3]
        q, scales = ops.group_quant(x, 32, e4m3, bound=bound)
        rows, width = x.shape
        dequantised = (q.float().view(rows, -1, 32) * scales.unsqueeze(-1)).view(rows, width)
        absmax = x.float().abs().amax(-1, keepdim=True).clamp(min=1e-12)
        spelled_scale = absmax / bound
        spelled = (x.float() / spelled_scale).clamp(-bound, bound).to(e4m3)
        return [
            *(q.view(-1, 2, width), scales, dequantised, spelled, spelled_scale),
            *ops.group_quant(x, 64, e5m2, bound=BOUNDS[e5m2], scale_format="ue8m0_packed"),
            *ops.token_quant(x, e4m3, bound=bound, reciprocal=True),
            *ops.tensor_quant(x, e4m3, bound=bound),
        ]


def rows_of_all_kinds(seed: int) -> Tensor:
    """Return rows of bf16: drawn ones, zeros, denormals, a NaN, an infinity, and signed zeros."""
    torch.manual_seed(seed)
    x = torch.randn(10, 128).bfloat16() * 2.0 ** torch.randint(-20, 20, (10, 1))
    x[2] = 0.0
    x[3, ::2] = -0.0
    x[4] = torch.randn(128) * 1e-40
    x[5, 7] = float("nan")
    x[6, 9] = float("-inf")
    return x


def assert_same_bits(found: list[Tensor], expected: list[Tensor]) -> None:
    for number, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), number
        nan = b.float().isnan()
        assert torch.equal(a.float().isnan(), nan), number
        integer = {1: torch.uint8, 4: torch.int32}[b.element_size()]
        assert torch.equal(a.view(integer)[~nan], b.view(integer)[~nan]), number


def test_dynamic_scales_are_those_of_the_model_in_the_other_flavour() -> None:
    exe = fanfold.compile(Dynamic(E4M3, E5M2), (rows_of_all_kinds(0),), fp8="fnuz")
    assert exe.report.missed == ()
    assert {spec.dtype for spec in exe.signature.outputs} >= {"float8_e4m3fnuz", "float8_e5m2fnuz"}
    there, here = Dynamic(FNUZ[E4M3], FNUZ[E5M2]), Dynamic(E4M3, E5M2)
    for seed in range(4):
        x = rows_of_all_kinds(seed)
        # A NaN or an infinity is in the one scale of the whole tensor too: without them, the last two say more.
        for rows in (x, x.nan_to_num(0.0, 0.0, 0.0)):
            found = exe(rows)
            assert_same_bits(found, there(rows))
            # And byte for byte those of the model as it is, but for the zero without a sign and NaN.
            original = here(rows)
            finite = original[0].float().isfinite() & (original[0].float() != 0)
            assert torch.equal(found[0].view(torch.uint8)[finite], original[0].view(torch.uint8)[finite])


class Bounds(nn.Module):
    """Quantisations by the bound of vLLM, by that of the type, and by a given scale."""

    def __init__(self, dtype: torch.dtype, bounds: tuple[float, float], scale: float) -> None:
        super().__init__()
        self.dtype, self.bounds = dtype, bounds
        self.scale = nn.Parameter(torch.full((1,), scale), requires_grad=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        small, large = self.bounds
        rows, static = (ops.token_quant, ops.static_quant)
        q = static(x, self.scale, self.dtype, bound=small)
        return (*rows(x, self.dtype, bound=small), *rows(x, self.dtype, bound=large, reciprocal=True), q)


def test_from_fnuz_to_ocp() -> None:
    model, there = Bounds(FNUZ[E4M3], (224.0, 240.0), 0.5), Bounds(E4M3, (448.0, 448.0), 0.25)
    exe = fanfold.compile(model, (rows_of_all_kinds(0),), fp8="ocp")
    for seed in range(2):
        assert_same_bits(list(exe(rows_of_all_kinds(seed))), list(there(rows_of_all_kinds(seed))))


class OneScale(nn.Module):
    """A quantisation by the scale of another, as of keys and values; its values are larger, so that they saturate."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        bound = BOUNDS[self.dtype]
        q, scale = ops.tensor_quant(x, self.dtype, bound=bound)
        p = ops.static_quant(x * 2, scale, self.dtype, bound=bound)
        return q, p, scale, p.float() * scale


def test_a_given_scale_that_is_converted_already() -> None:
    x = rows_of_all_kinds(0).nan_to_num(0.0, 0.0, 0.0)
    exe = fanfold.compile(OneScale(E4M3), (x,), fp8="fnuz")
    assert_same_bits(list(exe(x)), list(OneScale(FNUZ[E4M3])(x)))
    assert torch.equal(exe(x)[3], OneScale(E4M3)(x)[3])


class Linear(nn.Module):
    """A layer with fp8 weights and a static scale of the activations, and one with scales of their own."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(1)
        weight = torch.randn(64, 128) * 60
        weight[0, :4] = torch.tensor([-0.0, 448.0, 2.0**-9, -448.0])
        self.dtype = dtype
        self.weight = nn.Parameter(weight.to(dtype), requires_grad=False)
        self.weight_scale = nn.Parameter(torch.rand(64, 1) * 0.01, requires_grad=False)
        self.input_scale = nn.Parameter(torch.tensor([0.011]), requires_grad=False)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        q = ops.static_quant(x, self.input_scale, self.dtype, bound=BOUNDS[self.dtype])
        one = torch._scaled_mm(q, self.weight.t(), self.input_scale, torch.ones(()), out_dtype=torch.bfloat16)
        p, scales = ops.token_quant(x, self.dtype, bound=BOUNDS[self.dtype])
        weight = self.weight.t().to(torch.bfloat16).float() * self.weight_scale.t()
        return q.reshape(2, -1), one, (p.float() @ weight) * scales, torch.cat([p, p]), scales

    def normalised(self) -> Linear:
        """Return the layer in FNUZ as a checkpoint is converted: bytes kept, -0 made zero, scales doubled."""
        other = Linear(self.dtype)
        codes = self.weight.data.view(torch.uint8)
        codes = torch.where(codes == 0x80, 0, codes)
        other.dtype = FNUZ[self.dtype]
        other.weight = nn.Parameter(codes.view(FNUZ[self.dtype]), requires_grad=False)
        other.weight_scale.data *= 2
        other.input_scale.data *= 2
        return other


class ScaleOnceMore(nn.Module):
    """A quantisation, and its scale computed again by a bound that is no number in the graph."""

    def __init__(self, bound: str) -> None:
        super().__init__()
        self.bound = bound
        self.pair = nn.Buffer(torch.tensor([-448.0, 448.0]))
        self.column = nn.Parameter(torch.full((64, 1), 448.0), requires_grad=False)
        self.inverse = nn.Buffer(torch.tensor([[1.0], [1 / 448]]))
        self.middle = nn.Buffer(torch.tensor(224.0))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        q, scale = ops.token_quant(x)
        largest = x.abs().amax(-1, keepdim=True)
        match self.bound:
            case "slice":
                again = largest / self.pair[1:]
            case "select":
                again = largest / self.pair[1]
            case "parameter":
                again = largest / self.column[:4]
            case "reciprocal":
                again = largest * self.inverse[1]
            case "sum":
                again = largest / (self.middle + self.middle)
            case _:
                again = largest / (self.middle * 2)
        return q, scale, again


@pytest.mark.parametrize("bound", ["slice", "select", "parameter", "reciprocal", "sum", "product"])
def test_a_scale_by_a_bound_that_is_a_parameter_is_refused(bound: str) -> None:
    with pytest.raises(TargetError, match="may be the bound of a quantisation") as caught:
        fanfold.explain(ScaleOnceMore(bound), (torch.randn(4, 64),), fp8="fnuz")
    assert "test_native_float8.py" in str(caught.value.location)
    assert "take the scale that the quantisation returns" in str(caught.value.remedy)


@pytest.fixture(scope="module")
def layer() -> fanfold.Executable:
    return fanfold.compile(Linear(E4M3), (torch.randn(6, 128).bfloat16(),), fp8="fnuz")


@pytest.mark.parametrize("seed", range(3))
def test_weights_and_static_scales(layer: fanfold.Executable, seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.randn(6, 128).bfloat16()
    x[0], x[1, 0], x[2] = 0.0, 300.0, x[2] * 1e-4
    model = Linear(E4M3)
    found, there, here = layer(x), model.normalised()(x), model(x)
    assert_same_bits([found[0], *found[3:]], [there[0], *there[3:]])
    # The first product in the other flavour lacks what the weight's own scale, there 1, would be: it is twice as large.
    torch.testing.assert_close(found[1], here[1], rtol=2**-7, atol=1e-2)
    torch.testing.assert_close(found[2], there[2], rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(found[2], here[2], rtol=1e-5, atol=1e-3)


def test_a_saved_model_has_the_targets_weights(layer: fanfold.Executable, tmp_path: object) -> None:
    path = f"{tmp_path}/layer.vmfb"
    layer.save(path)
    x = torch.randn(6, 128).bfloat16()
    assert_same_bits(list(fanfold.load(path)(x))[3:], list(layer(x))[3:])


def test_a_weight_without_a_counterpart_is_refused() -> None:
    class Weight(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.tensor([1.0, 240.0]).to(FNUZ[E4M3]), requires_grad=False)

        def forward(self, x: Tensor) -> Tensor:
            return x * self.w.float()

    with pytest.raises(TargetError, match="does not have at 2 times its size") as caught:
        fanfold.compile(Weight(), (torch.ones(2),), fp8="ocp")
    assert (caught.value.op, caught.value.found) == ("parameter w", "240 at element 1")


class Group(nn.Module):
    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return ops.group_quant(x, 64, self.dtype)


X = torch.randn(4, 128).bfloat16()

#: Targets, a type that each has no hardware for, and the one that it has instead.
FOREIGN = [
    ("rocm:gfx942", E4M3, FNUZ[E4M3]),
    ("rocm:mi300x", E5M2, FNUZ[E5M2]),
    ("rocm:gfx950", FNUZ[E4M3], E4M3),
    ("rocm:gfx1201", FNUZ[E5M2], E5M2),
    ("cuda:sm_89", FNUZ[E4M3], E4M3),
    ("cuda:h200", FNUZ[E4M3], E4M3),
]


@pytest.mark.parametrize(("target", "found", "expected"), FOREIGN)
def test_the_other_flavour_is_refused_at_once(target: str, found: torch.dtype, expected: torch.dtype) -> None:
    with pytest.raises(TargetError) as caught:
        fanfold.explain(Group(found), (X,), target=target)
    error = caught.value
    names = str(expected).removeprefix("torch."), str(found).removeprefix("torch.")
    assert (error.stage, error.op, error.expected, error.found) == ("target", "fanfold.group_quant", *names)
    assert error.location is not None
    assert error.location.startswith(f"{__file__}:")
    assert f"torch.{names[0]}" in (error.remedy or "")
    assert "fp8='native'" in (error.remedy or "")
    report = fanfold.explain(Group(found), (X,), target=target, fp8="native")
    (kernel,) = report.kernels
    assert report.missed == ()
    assert any(("FNUZ" in text) == ("fnuz" in names[0]) and "f8" in text for text in kernel.results)


@pytest.mark.parametrize(("target", "dtype"), [("rocm:gfx942", E4M3), ("rocm:gfx950", FNUZ[E4M3])])
def test_native_compiles(target: str, dtype: torch.dtype) -> None:
    with pytest.raises(TargetError, match="in hardware"):
        fanfold.compile(Group(dtype), (X,), target=target)
    exe = fanfold.compile(Group(dtype), (X,), target=target, fp8="native")
    assert exe.report.dispatches == 1
    assert ("fnuz" in exe.signature.outputs[0].dtype) == (target == "rocm:gfx942")


@pytest.mark.parametrize("target", ["cpu", "cuda:sm_80", "cuda:sm_86", "rocm:gfx90a", "rocm:gfx1100"])
@pytest.mark.parametrize("dtype", [E4M3, FNUZ[E4M3]], ids=str)
def test_without_fp8_hardware_both_flavours_stay(target: str, dtype: torch.dtype) -> None:
    for fp8 in ("exact", "native"):
        (kernel,) = fanfold.explain(Group(dtype), (X,), target=target, fp8=fp8).kernels
        assert any("f8E4M3FNUZ" in text for text in kernel.results) == (dtype == FNUZ[E4M3])


def test_a_policy_that_does_not_fit() -> None:
    with pytest.raises(TargetError, match="no fp8 policy 'nativ'"):
        fanfold.compile(Group(E4M3), (X,), fp8="nativ")
    with pytest.raises(TargetError, match="does not have the fp8 types asked for"):
        fanfold.explain(Group(E4M3), (X,), target="rocm:gfx950", fp8="fnuz")


def test_reports_of_different_policies_have_different_keys() -> None:
    keys = {fanfold.explain(Group(E4M3), (X,), fp8=fp8).key for fp8 in ("exact", "fnuz", "ocp")}
    assert len(keys) == 3
    assert fanfold.explain(Group(E4M3), (X,)).key in keys
