// RUN: fanfold-opt %s --pass resolve-dims --pass drop-dead-ops | filecheck %s

// The size comes from the operand, so that the norm's result dies: no kernel has to write it.
// CHECK-LABEL: func.func @dim_of_a_result(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK: %[[D:.*]] = tensor.dim %[[X]], %
// CHECK-NOT: fanfold.cast
// CHECK: return %[[D]]
func.func @dim_of_a_result(%x: tensor<?x64xbf16>) -> index {
  %c0 = arith.constant 0 : index
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %d = tensor.dim %y, %c0 : tensor<?x64xf32>
  return %d : index
}

// CHECK-LABEL: func.func @through_the_border(
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} -> tensor<2x?x64xbf16>
// CHECK: %[[D:.*]] = tensor.dim %[[B]], %
// CHECK-NOT: fanfold.cast
// CHECK: return %[[D]]
func.func @through_the_border(%x: !torch.vtensor<[2,?,64],bf16>) -> index {
  %c1 = arith.constant 1 : index
  %b = torch_c.to_builtin_tensor %x : !torch.vtensor<[2,?,64],bf16> -> tensor<2x?x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x64xbf16> into tensor<?x64xbf16>
  %y = "fanfold.cast"(%r) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %n = tensor.dim %b, %c1 : tensor<2x?x64xbf16>
  %e = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, %n, 64] : tensor<?x64xf32> into tensor<2x?x64xf32>
  %t = torch_c.from_builtin_tensor %e : tensor<2x?x64xf32> -> !torch.vtensor<[2,?,64],f32>
  %u = torch_c.to_builtin_tensor %t : !torch.vtensor<[2,?,64],f32> -> tensor<2x?x64xf32>
  %d = tensor.dim %u, %c1 : tensor<2x?x64xf32>
  return %d : index
}

// A static size is a constant.
// CHECK-LABEL: func.func @static_rows(
// CHECK: %[[C:.*]] = arith.constant 8 : index
// CHECK-NOT: fanfold.cast
// CHECK: return %[[C]]
func.func @static_rows(%x: tensor<8x64xbf16>) -> index {
  %c0 = arith.constant 0 : index
  %y = "fanfold.cast"(%x) : (tensor<8x64xbf16>) -> tensor<8x64xf32>
  %e = tensor.cast %y : tensor<8x64xf32> to tensor<?x64xf32>
  %d = tensor.dim %e, %c0 : tensor<?x64xf32>
  return %d : index
}

// torch.aten.size.int asks a tensor of the same shape that has no data.
// CHECK-LABEL: func.func @torch_size(
// CHECK: %[[E:.*]] = tensor.empty(%{{.*}}) : tensor<?x64xf32>
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[E]]
// CHECK-NOT: fanfold.cast
// CHECK: torch.aten.size.int %[[T]]
func.func @torch_size(%x: tensor<?x64xbf16>) -> !torch.int {
  %int0 = torch.constant.int 0
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %t = torch_c.from_builtin_tensor %y : tensor<?x64xf32> -> !torch.vtensor<[?,64],f32>
  %s = torch.aten.size.int %t, %int0 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.int
  return %s : !torch.int
}

// CHECK-LABEL: func.func @torch_size_of_a_view(
// CHECK: %[[E:.*]] = tensor.empty(%{{.*}}) : tensor<?x64xf32>
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[E]]
// CHECK: %[[V:.*]] = torch.aten.unsqueeze %[[T]]
// CHECK-NOT: fanfold.cast
// CHECK: torch.aten.size.int %[[V]]
func.func @torch_size_of_a_view(%x: tensor<?x64xbf16>) -> !torch.int {
  %int0 = torch.constant.int 0
  %int1 = torch.constant.int 1
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %t = torch_c.from_builtin_tensor %y : tensor<?x64xf32> -> !torch.vtensor<[?,64],f32>
  %v = torch.aten.unsqueeze %t, %int0 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[1,?,64],f32>
  %s = torch.aten.size.int %v, %int1 : !torch.vtensor<[1,?,64],f32>, !torch.int -> !torch.int
  return %s : !torch.int
}

// Sizes of other tensors are left alone.
// CHECK-LABEL: func.func @other(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[T:.*]]: !torch.vtensor
// CHECK: tensor.dim %[[X]]
// CHECK: torch.aten.size.int %[[T]]
func.func @other(%x: tensor<?x64xbf16>, %t: !torch.vtensor<[?,64],f32>) -> (index, !torch.int) {
  %c0 = arith.constant 0 : index
  %int0 = torch.constant.int 0
  %d = tensor.dim %x, %c0 : tensor<?x64xbf16>
  %s = torch.aten.size.int %t, %int0 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.int
  return %d, %s : index, !torch.int
}
