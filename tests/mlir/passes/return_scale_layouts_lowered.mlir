// RUN: fanfold-opt %s --vector-bits 256 --split-input-file --pass form-rows --pass lower-rows-to-kernel --pass return-scale-layouts --pass finalize | filecheck %s
// RUN: fanfold-opt %s --no-kernels --split-input-file --pass form-rows --pass lower-rows-to-kernel --pass lower-rows-to-linalg --pass return-scale-layouts --pass finalize | filecheck %s --check-prefix=LINALG

// CHECK-LABEL: func.func @main(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"
// CHECK-SAME: -> (tensor<?x256xf8E4M3FN>, tensor<2x?xf32>)
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[D]]#1 : tensor<2x?xf32> -> !torch.vtensor<[2,?],f32>
// CHECK: return %{{.*}}, %[[S]]
// LINALG-LABEL: func.func @main(
// LINALG-SAME: -> (tensor<?x256xf8E4M3FN>, !torch.vtensor<[2,?],f32>)
// LINALG: %[[S:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<2x?xf32> -> !torch.vtensor<[2,?],f32>
// LINALG: return %{{.*}}, %[[S]]
func.func @main(%x: tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x2xf32>)
  %s = torch_c.from_builtin_tensor %q#1 : tensor<?x2xf32> -> !torch.vtensor<[?,2],f32>
  return %q#0, %s : tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// -----

// Five rows are filled up to eight.
// CHECK-LABEL: func.func @main(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"
// CHECK-SAME: -> (tensor<5x256xf8E4M3FN>, tensor<1x8xi32>)
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[D]]#1 : tensor<1x8xi32> -> !torch.vtensor<[1,8],si32>
// CHECK: return %{{.*}}, %[[S]]
// LINALG-LABEL: func.func @main(
// LINALG-SAME: -> (tensor<5x256xf8E4M3FN>, !torch.vtensor<[1,8],si32>)
// LINALG: tensor.pad
// LINALG: %[[S:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<1x8xi32> -> !torch.vtensor<[1,8],si32>
// LINALG: return %{{.*}}, %[[S]]
func.func @main(%x: tensor<5x256xbf16>) -> (tensor<5x256xf8E4M3FN>, !torch.vtensor<[5,1],si32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<5x256xbf16>) -> (tensor<5x256xf8E4M3FN>, tensor<5x1xi32>)
  %s = torch_c.from_builtin_tensor %q#1 : tensor<5x1xi32> -> !torch.vtensor<[5,1],si32>
  return %q#0, %s : tensor<5x256xf8E4M3FN>, !torch.vtensor<[5,1],si32>
}

// -----

// Row-major scales are what the model means.
// CHECK-LABEL: func.func @main(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor %[[D]]#1 : tensor<?x2xf32> -> !torch.vtensor<[?,2],f32>
// CHECK: return %{{.*}}, %[[S]] : tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>
// LINALG-LABEL: func.func @main(
// LINALG: return %{{.*}} : tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>
func.func @main(%x: tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x2xf32>)
  %s = torch_c.from_builtin_tensor %q#1 : tensor<?x2xf32> -> !torch.vtensor<[?,2],f32>
  return %q#0, %s : tensor<?x256xf8E4M3FN>, !torch.vtensor<[?,2],f32>
}
