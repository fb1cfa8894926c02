# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The norms of Hugging Face's models, exported as they are, and the spellings that people write: one kernel each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping

import pytest
import torch
from torch import Tensor, nn

import fanfold
from e2e.agreement import assert_rounded

DTYPES = [torch.bfloat16, torch.float16, torch.float32]
EPS = 1e-5

#: Norm classes by model: each has a spelling of its own, or is one that the issue names.
CLASSES = {
    "llama": "LlamaRMSNorm",
    "qwen3": "Qwen3RMSNorm",
    "mistral": "MistralRMSNorm",
    "phi3": "Phi3RMSNorm",
    "gemma": "GemmaRMSNorm",
    "gemma2": "Gemma2RMSNorm",
    "gemma3": "Gemma3RMSNorm",
    "gemma4": "Gemma4RMSNorm",
    "deepseek_v3": "DeepseekV3RMSNorm",
    "t5": "T5LayerNorm",
    "olmo2": "Olmo2RMSNorm",
    "gpt_oss": "GptOssRMSNorm",
    "llama4": "Llama4TextRMSNorm",
    "nemotron_h": "NemotronHRMSNorm",
    "moshi": "MoshiRMSNorm",
    "nanochat": "NanoChatRMSNorm",
}


#: The models whose norms are tested in every dtype: one of each spelling.
IN_ALL_DTYPES = {"llama", "gemma", "t5", "gpt_oss", "nanochat"}


def hugging_face(model: str, width: int, dtype: torch.dtype) -> nn.Module:
    """Make the norm of a model in Hugging Face's transformers, with a weight that is not all ones."""
    pytest.importorskip("transformers")
    module = importlib.import_module(f"transformers.models.{model}.modeling_{model}")
    makes = getattr(module, CLASSES[model])
    norm: nn.Module = makes(width) if model != "nanochat" else makes()
    for parameter in norm.parameters():
        nn.init.normal_(parameter)
    return norm.to(dtype).eval()


def special_rows(width: int, dtype: torch.dtype, seed: int) -> Tensor:
    """Return rows with ordinary values, zeros, NaN, infinity, denormals and large values."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(9, width, generator=generator)
    x[0] = 0
    x[1, width // 2] = float("nan")
    x[2, -1] = float("inf")
    x[3] *= torch.finfo(dtype).tiny / 4
    x[4] *= 1e4
    x[5] *= 1e-4
    return x.to(dtype)


class Together(nn.Module):
    """Norms side by side, each of a tensor of its own: norms of one tensor would share a kernel."""

    def __init__(self, norms: Iterable[nn.Module]) -> None:
        super().__init__()
        self.norms = nn.ModuleList(norms)

    def forward(self, inputs: list[Tensor]) -> list[Tensor]:
        return [norm(x) for norm, x in zip(self.norms, inputs, strict=True)]


def check(norms: Mapping[str, nn.Module], shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Compile norms as one model with dynamic leading dims, and compare each with eager on all kinds of rows."""
    model = Together(norms.values())
    *lead, width = shape
    sizes = {axis: torch.export.Dim(f"d{axis}", min=0, max=4096) for axis in range(len(lead) - (len(lead) > 2))}
    example = [torch.randn(shape).to(dtype) for _ in norms]
    exe = fanfold.compile(model, (example,), dynamic_shapes=([sizes] * len(norms),))
    assert exe.report.dispatches == len(norms), str(exe.report)
    assert len(exe.report.decisions) == len(norms), str(exe.report)
    assert all(d.kernel and not d.reason for d in exe.report.decisions), str(exe.report)

    def compare(x: Tensor) -> None:
        inputs = [x] * len(norms)
        for name, found, expected in zip(norms, exe(inputs), model(inputs), strict=True):
            try:
                assert_rounded(found, expected)
            except AssertionError as error:
                raise AssertionError(f"{name}, {list(x.shape)}: {error}") from error

    inner = shape[len(sizes) : -1]
    for seed, counts in enumerate([(0,), (1,), (3,), (9,)]):
        leading = (*counts, *(1 if n == 0 else 2 for n in sizes if n), *inner)
        compare(torch.randn(*leading, width, generator=torch.Generator().manual_seed(seed)).to(dtype))
    rows = special_rows(width, dtype, seed=7)
    compare(
        rows.reshape(9, *(1 for _ in shape[1:-1]), width)
        .expand(9, *(1,) * (len(sizes) - 1), *inner, width)
        .contiguous()
    )


def there(models: Iterable[str]) -> list[str]:
    """Return the models that this transformers has; `test_transformers_has` skips for each of the others."""
    pytest.importorskip("transformers")
    return [model for model in models if importlib.util.find_spec(f"transformers.models.{model}") is not None]


@pytest.mark.parametrize("model", CLASSES)
def test_transformers_has(model: str) -> None:
    if not there([model]):
        pytest.skip(f"this transformers has no {model}")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_hugging_face(dtype: torch.dtype) -> None:
    """Batch and sequence are dynamic. Every model in bf16; what is spelled otherwise in f16 and f32 as well."""
    models = there(CLASSES if dtype == torch.bfloat16 else sorted(IN_ALL_DTYPES))
    check({model: hugging_face(model, 192, dtype) for model in models}, (2, 4, 192), dtype)


@pytest.mark.parametrize("width", [1, 37, 1537])
def test_hugging_face_odd_widths(width: int) -> None:
    models = there(["llama", "gemma", "gemma4", "t5", "olmo2"])
    check({model: hugging_face(model, width, torch.bfloat16) for model in models}, (4, width), torch.bfloat16)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_per_head(dtype: torch.dtype) -> None:
    """Qwen3 normalises each head: rows of 128 in a tensor of rank 4."""
    check({"qwen3": hugging_face("qwen3", 128, dtype)}, (2, 3, 4, 128), dtype)


def test_static_shapes() -> None:
    norm = hugging_face("llama", 256, torch.bfloat16)
    x = torch.randn(2, 3, 256).bfloat16()
    exe = fanfold.compile(norm, (x,))
    assert exe.report.dispatches == 1
    assert_rounded(exe(x), norm(x))


class Spelling(nn.Module):
    """A norm in someone's own words."""

    def __init__(self, norm: Callable[[Tensor, Tensor], Tensor], width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.norm = norm
        self.weight = nn.Parameter(torch.randn(width).to(dtype))
        self.cube = nn.Parameter(torch.randn(1, 1, width).to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x, self.weight)


def _mean_not_kept(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt((f * f).mean(-1) + EPS).unsqueeze(-1)).to(x.dtype) * w


def _mean_not_kept_root_viewed(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    mean = f.square().mean(-1)
    return (torch.rsqrt(mean.view(-1, 1) + EPS) * f).to(x.dtype) * w


def _sum_divided(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return w * (f * torch.rsqrt(f.pow(2).sum(-1, keepdim=True) / x.shape[-1] + EPS)).to(x.dtype)


def _sum_times_power_of_two(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return w * (f * torch.rsqrt(EPS + f.pow(2).sum(-1, keepdim=True) * (1 / 256))).to(x.dtype)


def _one_over_root(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return w * (f * (1 / torch.sqrt(f.pow(2).mean(-1, keepdim=True) + EPS))).to(x.dtype)


def _reciprocal_root(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return w.float() * (f * (f.pow(2).mean(-1, keepdim=True) + EPS).sqrt().reciprocal()).to(x.dtype)


def _root_expanded(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + EPS).expand_as(f) * w.float().expand_as(f)).to(x.dtype)


def _weight_plus_one_in_f32(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + EPS) * (w.float() + 1)).to(x.dtype)


def _no_eps(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True))).to(x.dtype) * w


def _weight_of_rank_three(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + EPS)).to(x.dtype) * w.view(1, -1)


def _eps_in_a_tensor(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return w * (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + torch.tensor(EPS))).to(x.dtype)


SPELLINGS = [
    _mean_not_kept,
    _mean_not_kept_root_viewed,
    _sum_divided,
    _sum_times_power_of_two,
    _one_over_root,
    _reciprocal_root,
    _root_expanded,
    _weight_plus_one_in_f32,
    _no_eps,
    _weight_of_rank_three,
    _eps_in_a_tensor,
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_spellings(dtype: torch.dtype) -> None:
    """Every spelling in bf16, and in f16 and f32 by turns."""
    chosen = [norm for i, norm in enumerate(SPELLINGS) if dtype in (torch.bfloat16, DTYPES[1 + i % 2])]
    check({norm.__name__: Spelling(norm, 256, dtype) for norm in chosen}, (4, 256), dtype)


def _weight_plus_one_in_its_own_type(x: Tensor, w: Tensor) -> Tensor:
    f = x.float()
    return (f * torch.rsqrt(f.pow(2).mean(-1, keepdim=True) + EPS) * (1.0 + w).float()).to(x.dtype)


def test_a_rounded_sum_stays_outside() -> None:
    """In bf16, ``1 + weight`` is rounded: it is a vector that IREE computes."""
    model = Spelling(_weight_plus_one_in_its_own_type, 256, torch.bfloat16)
    exe = fanfold.compile(model, (torch.randn(4, 256).bfloat16(),))
    (decision,) = exe.report.decisions
    assert decision.kernel
    x = special_rows(256, torch.bfloat16, seed=1)[:4]
    assert_rounded(exe(x), model(x))


def test_other_users_of_what_is_in_between() -> None:
    """The root, the normalised value and the mean are returned too, and two values are scaled by one root."""

    class Model(nn.Module):
        def forward(self, x: Tensor, w: Tensor) -> tuple[Tensor, ...]:
            f = x.float()
            mean = f.pow(2).mean(-1, keepdim=True)
            root = torch.rsqrt(mean + EPS)
            n = (f * root).to(x.dtype)
            return n * w, n, root, mean, f * root, (root * x * w.float()).to(x.dtype)

    args = (torch.randn(5, 256).bfloat16(), torch.randn(256).bfloat16())
    exe = fanfold.compile(Model(), args)
    for found, expected in zip(exe(*args), Model()(*args), strict=True):
        assert_rounded(found, expected)


def _root_repeated(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1) + EPS).unsqueeze(-1).expand_as(x)


@pytest.mark.parametrize("shape", [(64,), (64, 64), (3, 64, 64), (1, 1, 64)])
def test_roots_repeated_over_their_rows(shape: tuple[int, ...]) -> None:
    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return _root_repeated(x)

    x = torch.randn(shape)
    exe = fanfold.compile(Model(), (x,))
    assert [bool(d.kernel) for d in exe.report.decisions] == [True], str(exe.report)
    assert_rounded(exe(x), Model()(x))
