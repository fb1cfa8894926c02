// RUN: fanfold-opt %s --split-input-file --pass return-scale-layouts --pass finalize | filecheck %s

// A transpose of the model's own has no mark.
// CHECK-LABEL: func.func @main(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[T]]
// CHECK: return %[[S]] : !torch.vtensor<[?,12],f32>
func.func @main(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[?,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0]
  %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
  return %s : !torch.vtensor<[?,12],f32>
}

// -----

// What is computed of scales is no memory of them.
// CHECK-LABEL: func.func @main(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[T]]
// CHECK: %[[Z:.*]] = torch.aten.neg %[[S]]
// CHECK: return %[[Z]]
func.func @main(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[?,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
  %z = torch.aten.neg %s : !torch.vtensor<[?,12],f32> -> !torch.vtensor<[?,12],f32>
  return %z : !torch.vtensor<[?,12],f32>
}

// -----

// Nor is a view of the model's, which eager gives other strides, or copies.
// CHECK-LABEL: func.func @main(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[T]]
// CHECK: %[[Z:.*]] = torch.aten.transpose.int %[[S]]
// CHECK: return %[[Z]]
func.func @main(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[12,?],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
  %0 = torch.constant.int 0
  %1 = torch.constant.int 1
  %z = torch.aten.transpose.int %s, %0, %1 : !torch.vtensor<[?,12],f32>, !torch.int, !torch.int -> !torch.vtensor<[12,?],f32>
  return %z : !torch.vtensor<[12,?],f32>
}

// -----

// The signature is that of the main function alone.
// CHECK-LABEL: func.func @helper(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[T]]
// CHECK: return %[[S]] : !torch.vtensor<[?,12],f32>
func.func @helper(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[?,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
  return %s : !torch.vtensor<[?,12],f32>
}

// -----

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[S:[a-z0-9]+]]: !torch.vtensor<[?,12],f32>
// CHECK-NEXT: return %[[S]], %{{.*}} : !torch.vtensor<[?,12],f32>, tensor<12x?xf32>
func.func @main(%s: !torch.vtensor<[?,12],f32>, %m: tensor<12x?xf32>) -> (!torch.vtensor<[?,12],f32>, tensor<12x?xf32>) {
  return %s, %m : !torch.vtensor<[?,12],f32>, tensor<12x?xf32>
}
