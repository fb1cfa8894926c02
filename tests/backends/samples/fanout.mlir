// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x f32[?,256] -> (x + x, the same as bf16, relu(x), -x)
module @model {
  func.func @main(%x: !torch.vtensor<[?,256],f32>) -> (!torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],bf16>,!torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>) attributes {torch.assume_strict_symbolic_shapes} {
    %int1 = torch.constant.int 1
    %int15 = torch.constant.int 15
    %f = torch.constant.bool false
    %none = torch.constant.none
    %r = torch.aten.add.Tensor %x, %x, %int1 : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
    %b = torch.aten.to.dtype %r, %int15, %f, %f, %none : !torch.vtensor<[?,256],f32>, !torch.int, !torch.bool, !torch.bool, !torch.none -> !torch.vtensor<[?,256],bf16>
    %r2 = torch.aten.relu %x : !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
    %r3 = torch.aten.neg %x : !torch.vtensor<[?,256],f32> -> !torch.vtensor<[?,256],f32>
    return %r, %b, %r2, %r3 : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>
  }
}
