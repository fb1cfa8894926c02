// RUN: fanfold-opt %s --split-input-file --pass return-scale-layouts --pass finalize | filecheck %s

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x?xf32>
// CHECK-SAME: -> !torch.vtensor<[12,?],f32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]] : tensor<12x?xf32> -> !torch.vtensor<[12,?],f32>
// CHECK: return %[[S]] : !torch.vtensor<[12,?],f32>
func.func @main(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[?,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %s = torch_c.from_builtin_tensor %t : tensor<?x12xf32> -> !torch.vtensor<[?,12],f32>
  return %s : !torch.vtensor<[?,12],f32>
}

// -----

// Memory that is filled up is returned whole.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x8xf32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]] : tensor<12x8xf32> -> !torch.vtensor<[12,8],f32>
// CHECK: return %[[S]]
func.func @main(%m: tensor<12x8xf32>) -> !torch.vtensor<[5,12],f32> {
  %p = tensor.extract_slice %m[0, 0] [12, 5] [1, 1] : tensor<12x8xf32> to tensor<12x5xf32>
  %te = tensor.empty() : tensor<5x12xf32>
  %t = linalg.transpose ins(%p : tensor<12x5xf32>) outs(%te : tensor<5x12xf32>) permutation = [1, 0] {fanfold_layout = "column_padded"}
  %s = torch_c.from_builtin_tensor %t : tensor<5x12xf32> -> !torch.vtensor<[5,12],f32>
  return %s : !torch.vtensor<[5,12],f32>
}

// -----

// Packed scales are integers, signed as torch has them.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<3x?xi32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]] : tensor<3x?xi32> -> !torch.vtensor<[3,?],si32>
// CHECK: return %[[S]]
func.func @main(%m: tensor<3x?xi32>, %n: index) -> !torch.vtensor<[?,3],si32> {
  %p = tensor.extract_slice %m[0, 0] [3, %n] [1, 1] : tensor<3x?xi32> to tensor<3x?xi32>
  %te = tensor.empty(%n) : tensor<?x3xi32>
  %t = linalg.transpose ins(%p : tensor<3x?xi32>) outs(%te : tensor<?x3xi32>) permutation = [1, 0] {fanfold_layout = "column_padded"}
  %s = torch_c.from_builtin_tensor %t : tensor<?x3xi32> -> !torch.vtensor<[?,3],si32>
  return %s : !torch.vtensor<[?,3],si32>
}

// -----

// The leading dims of the model's are the caller's to make.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x?xf32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]]
// CHECK: return %[[S]] : !torch.vtensor<[12,?],f32>
func.func @main(%m: tensor<12x?xf32>, %n: index, %d: index) -> !torch.vtensor<[2,?,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %x = tensor.expand_shape %t [[0, 1], [2]] output_shape [2, %d, 12] : tensor<?x12xf32> into tensor<2x?x12xf32>
  %s = torch_c.from_builtin_tensor %x : tensor<2x?x12xf32> -> !torch.vtensor<[2,?,12],f32>
  return %s : !torch.vtensor<[2,?,12],f32>
}

// -----

// A row count that the types know differently.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x?xf32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]]
// CHECK: return %[[S]] : !torch.vtensor<[12,?],f32>
func.func @main(%m: tensor<12x?xf32>, %n: index) -> !torch.vtensor<[5,12],f32> {
  %te = tensor.empty(%n) : tensor<?x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x?xf32>) outs(%te : tensor<?x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %c = tensor.cast %t : tensor<?x12xf32> to tensor<5x12xf32>
  %s = torch_c.from_builtin_tensor %c : tensor<5x12xf32> -> !torch.vtensor<[5,12],f32>
  return %s : !torch.vtensor<[5,12],f32>
}

// -----

// One scale for a single row of rank 1.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x1xf32>
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]]
// CHECK: return %[[S]] : !torch.vtensor<[12,1],f32>
func.func @main(%m: tensor<12x1xf32>) -> !torch.vtensor<[12],f32> {
  %te = tensor.empty() : tensor<1x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x1xf32>) outs(%te : tensor<1x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %c = tensor.collapse_shape %t [[0, 1]] : tensor<1x12xf32> into tensor<12xf32>
  %s = torch_c.from_builtin_tensor %c : tensor<12xf32> -> !torch.vtensor<[12],f32>
  return %s : !torch.vtensor<[12],f32>
}

// -----

// Other results stay; what is returned twice is memory twice; whoever reads the scales still has them by row.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<12x4xf32>
// CHECK-SAME: -> (!torch.vtensor<[4,64],f32>, !torch.vtensor<[12,4],f32>, !torch.vtensor<[12,4],f32>, !torch.vtensor<[4,12],f32>)
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: %[[R:.*]] = torch_c.from_builtin_tensor
// CHECK: %[[Z:.*]] = torch.aten.neg %[[R]]
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[M]]
// CHECK: return %{{[a-z0-9]+}}, %[[S]], %[[S]], %[[Z]]
func.func @main(%m: tensor<12x4xf32>, %o: !torch.vtensor<[4,64],f32>) -> (!torch.vtensor<[4,64],f32>, !torch.vtensor<[4,12],f32>, !torch.vtensor<[4,12],f32>, !torch.vtensor<[4,12],f32>) {
  %te = tensor.empty() : tensor<4x12xf32>
  %t = linalg.transpose ins(%m : tensor<12x4xf32>) outs(%te : tensor<4x12xf32>) permutation = [1, 0] {fanfold_layout = "column"}
  %s = torch_c.from_builtin_tensor %t : tensor<4x12xf32> -> !torch.vtensor<[4,12],f32>
  %z = torch.aten.neg %s : !torch.vtensor<[4,12],f32> -> !torch.vtensor<[4,12],f32>
  return %o, %s, %s, %z : !torch.vtensor<[4,64],f32>, !torch.vtensor<[4,12],f32>, !torch.vtensor<[4,12],f32>, !torch.vtensor<[4,12],f32>
}
