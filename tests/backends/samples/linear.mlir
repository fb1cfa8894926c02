// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x bf16[?,256] -> x @ lin.weight.T, with the weight bf16[512,256] as a parameter
module @model {
  util.global private @w = #stream.parameter.named<"model"::"lin.weight"> : tensor<512x256xbf16>
  func.func @main(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,512],bf16>
      attributes {torch.assume_strict_symbolic_shapes} {
    %g = util.global.load @w : tensor<512x256xbf16>
    %w = torch_c.from_builtin_tensor %g : tensor<512x256xbf16> -> !torch.vtensor<[512,256],bf16>
    %int0 = torch.constant.int 0
    %int1 = torch.constant.int 1
    %wt = torch.aten.transpose.int %w, %int0, %int1 : !torch.vtensor<[512,256],bf16>, !torch.int, !torch.int -> !torch.vtensor<[256,512],bf16>
    %r = torch.aten.mm %x, %wt : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256,512],bf16> -> !torch.vtensor<[?,512],bf16>
    return %r : !torch.vtensor<[?,512],bf16>
  }
}
