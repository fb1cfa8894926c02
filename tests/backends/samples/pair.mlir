// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// (a, b) f32[?,4] -> (a + b, a - b)
module @model {
  func.func @main(%a: !torch.vtensor<[?,4],f32>, %b: !torch.vtensor<[?,4],f32>)
      -> (!torch.vtensor<[?,4],f32>, !torch.vtensor<[?,4],f32>) attributes {torch.assume_strict_symbolic_shapes} {
    %int1 = torch.constant.int 1
    %s = torch.aten.add.Tensor %a, %b, %int1 : !torch.vtensor<[?,4],f32>, !torch.vtensor<[?,4],f32>, !torch.int -> !torch.vtensor<[?,4],f32>
    %d = torch.aten.sub.Tensor %a, %b, %int1 : !torch.vtensor<[?,4],f32>, !torch.vtensor<[?,4],f32>, !torch.int -> !torch.vtensor<[?,4],f32>
    return %s, %d : !torch.vtensor<[?,4],f32>, !torch.vtensor<[?,4],f32>
  }
}
