// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A value of each dtype straight through, then not b and a + a.
module @model {
  func.func @main(%a: !torch.vtensor<[?],si64>, %b: !torch.vtensor<[?],i1>, %c: !torch.vtensor<[?],ui8>, %d: !torch.vtensor<[?],f8E4M3FN>, %e: !torch.vtensor<[],f32>, %f: !torch.vtensor<[?],si32>,%g: !torch.vtensor<[?],f16>) -> (!torch.vtensor<[?],si64>, !torch.vtensor<[?],i1>, !torch.vtensor<[?],ui8>, !torch.vtensor<[?],f8E4M3FN>, !torch.vtensor<[],f32>, !torch.vtensor<[?],si32>, !torch.vtensor<[?],i1>, !torch.vtensor<[?],si64>, !torch.vtensor<[?],f16>) attributes {torch.assume_strict_symbolic_shapes} {
    %int1 = torch.constant.int 1
    %n = torch.aten.bitwise_not %b : !torch.vtensor<[?],i1> -> !torch.vtensor<[?],i1>
    %s = torch.aten.add.Tensor %a, %a, %int1 : !torch.vtensor<[?],si64>, !torch.vtensor<[?],si64>, !torch.int -> !torch.vtensor<[?],si64>
    return %a, %b, %c, %d, %e, %f, %n, %s, %g : !torch.vtensor<[?],si64>, !torch.vtensor<[?],i1>, !torch.vtensor<[?],ui8>, !torch.vtensor<[?],f8E4M3FN>, !torch.vtensor<[],f32>, !torch.vtensor<[?],si32>, !torch.vtensor<[?],i1>, !torch.vtensor<[?],si64>, !torch.vtensor<[?],f16>
  }
}
