// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x f8E4M3FN[4] -> (x, the parameter q f8E4M3FN[3], the parameter b bf16[5], the parameter i i64[2])
module @model {
  util.global private @q = #stream.parameter.named<"model"::"q"> : tensor<3xf8E4M3FN>
  util.global private @b = #stream.parameter.named<"model"::"b"> : tensor<5xbf16>
  util.global private @i = #stream.parameter.named<"model"::"i"> : tensor<2xi64>
  func.func @main(%x: tensor<4xf8E4M3FN>) -> (tensor<4xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<5xbf16>, tensor<2xi64>) {
    %q = util.global.load @q : tensor<3xf8E4M3FN>
    %b = util.global.load @b : tensor<5xbf16>
    %i = util.global.load @i : tensor<2xi64>
    return %x, %q, %b, %i : tensor<4xf8E4M3FN>, tensor<3xf8E4M3FN>, tensor<5xbf16>, tensor<2xi64>
  }
}
