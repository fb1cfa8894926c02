// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x f32[16] -> x + 2 w: 2 w is computed once, at load, so a call is one dispatch of the program's two.
#id = affine_map<(d0) -> (d0)>
module @model {
  util.global private @w = #stream.parameter.named<"model"::"w"> : tensor<16xf32>
  util.global private mutable @doubled : tensor<16xf32>
  util.initializer {
    %w = util.global.load @w : tensor<16xf32>
    %e = tensor.empty() : tensor<16xf32>
    %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%w : tensor<16xf32>) outs(%e : tensor<16xf32>) {
    ^bb0(%a: f32, %_: f32):
      %s = arith.addf %a, %a : f32
      linalg.yield %s : f32
    } -> tensor<16xf32>
    util.global.store %r, @doubled : tensor<16xf32>
    util.return
  }
  func.func @main(%x: tensor<16xf32>) -> tensor<16xf32> {
    %d = util.global.load @doubled : tensor<16xf32>
    %e = tensor.empty() : tensor<16xf32>
    %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%x, %d : tensor<16xf32>, tensor<16xf32>) outs(%e : tensor<16xf32>) {
    ^bb0(%a: f32, %b: f32, %_: f32):
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<16xf32>
    return %r : tensor<16xf32>
  }
}
