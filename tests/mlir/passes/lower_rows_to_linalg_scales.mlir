// RUN: fanfold-opt %s --pass lower-rows-to-linalg --split-input-file | filecheck %s

// The scales go through memory of the layout, so that both paths return the same strides.
// CHECK-LABEL: func.func @column(
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?x4xi32>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK: %[[M:.*]] = linalg.transpose ins(%[[S]] : tensor<?x4xf32>) outs(%{{.*}} : tensor<4x?xf32>) permutation = [1, 0]
// CHECK-NOT: tensor.pad
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[M]] : tensor<4x?xf32>) outs(%{{.*}} : tensor<?x4xf32>) permutation = [1, 0] {fanfold_layout = "column"}
// CHECK: return %{{.*}}, %[[T]]
func.func @column(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @column_padded(
// CHECK: %[[M:.*]] = linalg.transpose {{.*}} outs(%{{.*}} : tensor<4x6xf32>) permutation = [1, 0]
// CHECK: %[[P:.*]] = tensor.pad %[[M]] low[0, 0] high[0, %{{.*}}]
// CHECK: tensor<4x6xf32> to tensor<4x8xf32>
// CHECK: %[[S:.*]] = tensor.extract_slice %[[P]][0, 0] [4, 6] [1, 1] : tensor<4x8xf32> to tensor<4x6xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[S]] : tensor<4x6xf32>) outs(%{{.*}} : tensor<6x4xf32>) permutation = [1, 0] {fanfold_layout = "column_padded"}
// CHECK: return %{{.*}}, %[[T]]
func.func @column_padded(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x4xf32>)
  return %q#0, %q#1 : tensor<6x64xf8E4M3FN>, tensor<6x4xf32>
}

// -----

// Five exponents, filled up with zeros, are two i32; the values are quantised by the f32 scales.
// CHECK-LABEL: func.func @packed(
// CHECK: %[[S:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x5xf32>)
// CHECK: arith.constant 8388607 : i32
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[S]] : tensor<?x5x16xbf16>, tensor<?x5xf32>)
// CHECK: %[[E:.*]] = linalg.generic {{.*}} ins(%[[S]] : tensor<?x5xf32>) outs(%{{.*}} : tensor<?x5xi32>)
// CHECK: arith.shrui
// CHECK: %[[P:.*]] = tensor.pad %[[E]] low[0, 0] high[0, 3]
// CHECK: tensor.expand_shape %[[P]] {{.*}} into tensor<?x2x4xi32>
// CHECK-COUNT-4: arith.shli
// CHECK-NOT: linalg.transpose
// CHECK: return %{{.*}}, %{{.*}} : tensor<?x80xf8E4M3FN>, tensor<?x2xi32>
func.func @packed(%x: tensor<?x80xbf16>) -> (tensor<?x80xf8E4M3FN>, tensor<?x2xi32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x80xbf16>) -> (tensor<?x80xf8E4M3FN>, tensor<?x2xi32>)
  return %q#0, %q#1 : tensor<?x80xf8E4M3FN>, tensor<?x2xi32>
}

// -----

// CHECK-LABEL: func.func @multiplier(
// CHECK: arith.divf %{{cst.*}}, %{{.*}} : f32
// CHECK-NOT: arith.divf
// CHECK: arith.mulf
// CHECK: return
func.func @multiplier(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// The scale is rounded to bf16, and the quotient before it is clamped.
// CHECK-LABEL: func.func @inner_roundings(
// CHECK: arith.constant -65536 : i32
// CHECK: arith.divf
// CHECK: linalg.generic
// CHECK: arith.constant -65536 : i32
// CHECK: arith.divf
// CHECK: arith.minimumf
// CHECK: return
func.func @inner_roundings(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = bf16, quotient_type = bf16, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}
