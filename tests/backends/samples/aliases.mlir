// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x f32[?,256] -> (x, the first 6 rows of x, x + x, the same again)
module @model {
  func.func @main(%x: !torch.vtensor<[?,256],f32>) -> (!torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>) attributes {torch.assume_strict_symbolic_shapes} {
    %int0 = torch.constant.int 0
    %int1 = torch.constant.int 1
    %int6 = torch.constant.int 6
    %s = torch.aten.slice.Tensor %x, %int0, %int0, %int6, %int1 : !torch.vtensor<[?,256],f32>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,256],f32>
    %r = torch.aten.add.Tensor %x, %x, %int1 : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.int -> !torch.vtensor<[?,256],f32>
    return %x, %s, %r, %r : !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>, !torch.vtensor<[?,256],f32>
  }
}
