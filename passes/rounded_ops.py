# Licensed under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which ops eager computes in f32 and rounds once, and which have nothing to round. All others round somehow."""


def _aten(names: str) -> frozenset[str]:
    return frozenset(f"torch.aten.{name}" for name in names.split())


#: Ops that eager computes in f32, with numbers among their operands in f32 too, and rounds once.
COMPUTED_IN_F32 = _aten(
    "add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Scalar mul.Tensor mul.Scalar div.Tensor div.Scalar"
    " remainder.Tensor remainder.Scalar fmod.Tensor"
    " pow.Tensor_Scalar pow.Tensor_Tensor pow.Scalar square sqrt rsqrt reciprocal"
    " exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2"
    " sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfinv special_expm1"
    " sigmoid silu gelu leaky_relu elu celu selu softplus mish hardswish hardsigmoid log_sigmoid tanhshrink"
    " _softmax softmax.int"
    " sum sum.dim_IntList mean mean.dim var.correction std.correction var_mean.correction linalg_vector_norm"
    " cumsum cumprod prod prod.dim_int"
)

#: Of these, the ones for which eager rounds numbers to the tensor's type first; for products and quotients it does not.
ROUNDS_NUMBERS = _aten(
    "add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Scalar pow.Tensor_Scalar pow.Scalar remainder.Scalar"
)

#: Of these, the ones for which eager keeps a second operand of rank 0 as it is. Every other operand of another type is
#: rounded to the result's type first.
KEEPS_A_SCALAR = _aten("mul.Tensor div.Tensor")

#: Ops whose result has only values of their operands, or needs no rounding.
EXACT = _aten(
    "view reshape _unsafe_view _reshape_alias flatten.using_ints unflatten.int view.dtype permute transpose.int t"
    " numpy_T expand broadcast_to squeeze squeeze.dim squeeze.dims unsqueeze slice.Tensor select.int narrow diagonal"
    " as_strided unfold split.Tensor split_with_sizes chunk unbind.int cat stack flip roll repeat tile"
    " repeat_interleave.self_int pixel_shuffle clone contiguous detach alias lift_fresh_copy copy"
    " index.Tensor index.Tensor_hacked_twin index_select gather embedding take"
    " scatter.src scatter.value slice_scatter select_scatter select_scatter.int diagonal_scatter"
    " where.self where.Scalar where.ScalarOther where.ScalarSelf masked_fill.Scalar masked_fill.Tensor tril triu"
    " constant_pad_nd pad reflection_pad1d reflection_pad2d replication_pad2d"
    " fill.Scalar fill.Tensor full full_like zeros zeros_like ones ones_like new_zeros new_ones new_full empty"
    " empty_like empty.memory_format empty_strided new_empty new_empty_strided eye eye.m scalar_tensor one_hot"
    " abs neg relu relu6 sign sgn floor ceil round trunc nan_to_num clamp clamp.Tensor clamp_min clamp_min.Tensor"
    " clamp_max clamp_max.Tensor hardtanh threshold minimum maximum max min max.other min.other amax amin max.dim"
    " min.dim aminmax sort topk kthvalue max_pool1d max_pool2d max_pool2d_with_indices max_pool3d adaptive_max_pool2d"
    " upsample_nearest2d upsample_nearest2d.vec upsample_nearest1d dropout bernoulli"
) | {"torch.prims.squeeze", "torch.prims.collapse", "torch.prims.split_dim"}
