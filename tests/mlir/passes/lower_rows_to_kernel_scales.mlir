// RUN: fanfold-opt %s --pass form-rows --pass lower-rows-to-kernel --vector-bits 128 --split-input-file | filecheck %s

// Rows of scales need no transpose.
// CHECK: vector.store %{{.*}} : memref<?x4xf32>, vector<4xf32>
// CHECK-LABEL: func.func @row(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"{{.*}} -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
// CHECK-NOT: fanfold_layout
// CHECK: return %[[D]]#0, %[[D]]#1
func.func @row(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// The kernel writes scales x rows; the transpose behind it says what its operand is.
// CHECK: memref.store %{{.*}}, %{{.*}}[%{{.*}}, %[[ROW:.*]]] : memref<4x?xf32>
// CHECK-LABEL: func.func @column(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: %[[D:.*]]:2 = "flow.dispatch"(%[[N]], %{{.*}}, %[[X]], %[[N]], %[[N]], %[[N]]) {{.*}} -> (tensor<?x64xf8E4M3FN>, tensor<4x?xf32>)
// CHECK-NOT: tensor.extract_slice
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x4xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[D]]#1 : tensor<4x?xf32>) outs(%[[E]] : tensor<?x4xf32>) permutation = [1, 0] {fanfold_layout = "column"}
// CHECK: return %[[D]]#0, %[[T]]
func.func @column(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// Six rows have room for eight; the workgroup of the last row writes the zeros.
// CHECK: arith.cmpi eq
// CHECK-NEXT: scf.if
// CHECK: memref.store %cst{{.*}}, %{{.*}} : memref<4x?xf32>
// CHECK-LABEL: func.func @column_padded(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"{{.*}} -> (tensor<6x64xf8E4M3FN>, tensor<4x8xf32>)
// CHECK: %[[S:.*]] = tensor.extract_slice %[[D]]#1[0, 0] [4, 6] [1, 1] : tensor<4x8xf32> to tensor<4x6xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[S]] : tensor<4x6xf32>) outs(%{{.*}} : tensor<6x4xf32>) permutation = [1, 0] {fanfold_layout = "column_padded"}
// CHECK: return %[[D]]#0, %[[T]]
func.func @column_padded(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x4xf32>)
  return %q#0, %q#1 : tensor<6x64xf8E4M3FN>, tensor<6x4xf32>
}

// -----

// CHECK-LABEL: func.func @column_padded_full(
// CHECK: -> (tensor<8x64xf8E4M3FN>, tensor<4x8xf32>)
// CHECK: linalg.transpose ins(%{{.*}} : tensor<4x8xf32>) {{.*}}{fanfold_layout = "column_padded"}
func.func @column_padded_full(%x: tensor<8x64xbf16>) -> (tensor<8x64xf8E4M3FN>, tensor<8x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<8x64xbf16>) -> (tensor<8x64xf8E4M3FN>, tensor<8x4xf32>)
  return %q#0, %q#1 : tensor<8x64xf8E4M3FN>, tensor<8x4xf32>
}

// -----

// CHECK-LABEL: func.func @column_padded_dynamic(
// CHECK: %[[N:.*]] = tensor.dim
// CHECK: %[[U:.*]] = arith.ceildivui %[[N]], %{{.*}} : index
// CHECK: %[[P:.*]] = arith.muli %[[U]], %{{.*}} : index
// CHECK: %[[D:.*]]:2 = "flow.dispatch"(%[[N]], %{{.*}}, %{{.*}}, %[[N]], %[[N]], %[[P]]) {{.*}} -> (tensor<?x64xf8E4M3FN>, tensor<4x?xf32>)
// CHECK: tensor.extract_slice %[[D]]#1[0, 0] [4, %[[N]]] [1, 1] : tensor<4x?xf32> to tensor<4x?xf32>
// CHECK: linalg.transpose{{.*}}{fanfold_layout = "column_padded"}
func.func @column_padded_dynamic(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// Exponents are stored as bytes, and zeros for the groups that are missing: five take two i32.
// CHECK: memref<?x8xi8
// CHECK: arith.shrui
// CHECK: arith.trunci %{{.*}} : i32 to i8
// CHECK: memref.store %{{.*}} : memref<?x8xi8>
// CHECK-COUNT-3: memref.store %c0_i8, %{{.*}} : memref<?x8xi8>
// CHECK-NOT: memref.store
// CHECK-LABEL: func.func @packed(
// CHECK: -> (tensor<?x80xf8E4M3FN>, tensor<?x2xi32>)
// CHECK-NOT: linalg.transpose
// CHECK: return
func.func @packed(%x: tensor<?x80xbf16>) -> (tensor<?x80xf8E4M3FN>, tensor<?x2xi32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x80xbf16>) -> (tensor<?x80xf8E4M3FN>, tensor<?x2xi32>)
  return %q#0, %q#1 : tensor<?x80xf8E4M3FN>, tensor<?x2xi32>
}

// -----

// CHECK: memref.store %{{.*}} : memref<2x?xi8>
// CHECK-LABEL: func.func @packed_column_padded(
// CHECK: %[[D:.*]]:2 = "flow.dispatch"{{.*}} -> (tensor<3x80xf8E4M3FN>, tensor<2x4xi32>)
// CHECK: %[[S:.*]] = tensor.extract_slice %[[D]]#1[0, 0] [2, 3] [1, 1] : tensor<2x4xi32> to tensor<2x3xi32>
// CHECK: linalg.transpose ins(%[[S]] : tensor<2x3xi32>) outs(%{{.*}} : tensor<3x2xi32>) permutation = [1, 0] {fanfold_layout = "column_padded"}
func.func @packed_column_padded(%x: tensor<3x80xbf16>) -> (tensor<3x80xf8E4M3FN>, tensor<3x2xi32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<3x80xbf16>) -> (tensor<3x80xf8E4M3FN>, tensor<3x2xi32>)
  return %q#0, %q#1 : tensor<3x80xf8E4M3FN>, tensor<3x2xi32>
}

// -----

// Powers of two, upwards: the mantissa carries into the exponent. Their inverse is exact, so that a product is the quotient.
// CHECK: %[[M:.*]] = arith.constant dense<8388607> : vector<4xi32>
// CHECK: arith.addi %{{.*}}, %[[M]] : vector<4xi32>
// CHECK-NOT: math.fma
// CHECK-LABEL: func.func @power_of_two(
func.func @power_of_two(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}

// -----

// The scale is bound / absmax, and values are multiplied by it; nothing is divided by a scale.
// CHECK: %[[B:.*]] = arith.constant dense<4.480000e+02> : vector<4xf32>
// CHECK: arith.divf %[[B]], %{{.*}} : vector<4xf32>
// CHECK-NOT: arith.divf
// CHECK-NOT: math.fma
// CHECK-LABEL: func.func @multiplier(
func.func @multiplier(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 16 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x4xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x4xf32>
}
