// RUN: fanfold-opt %s | filecheck %s


// The last group of 300 is 44 wide.
// CHECK-LABEL: func.func @group
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 4.480000e+02 : f64, form = "divide", granularity = "group", group_size = 128 : i64, operandSegmentSizes = array<i32: 1, 0, 0>, quotient_type = f32, resultSegmentSizes = array<i32: 1, 1>, scale_floor = 0.000000e+00 : f64, scale_format = "f32", scale_layout = "row", scale_type = f32} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
func.func @group(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @group_wider_than_the_row
// CHECK: group_size = 1000
func.func @group_wider_than_the_row(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 1000 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @token
// CHECK: form = "reciprocal", granularity = "token"{{.*}}operandSegmentSizes = array<i32: 1, 0, 1>
func.func @token(%x: tensor<?x300xbf16>, %c: tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  %y:2 = "fanfold.quantize"(%x, %c) {granularity = "token", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "reciprocal", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 1>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @tensor
// CHECK: granularity = "tensor"{{.*}}: (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xi8>
func.func @tensor(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xi8> {
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xi8>
  return %y : tensor<?x300xi8>
}

// CHECK-LABEL: func.func @fnuz
// CHECK: bound = 2.240000e+02
func.func @fnuz(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 224.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @e5m2
// CHECK: bound = 5.734400e+04
func.func @e5m2(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 57344.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E5M2>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @static_divide(
// CHECK: form = "divide", granularity = "tensor"
// CHECK-SAME: (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
func.func @static_divide(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// Without a scale operand, one scale is made of the whole tensor.
// CHECK-LABEL: func.func @dynamic_tensor(
// CHECK: granularity = "tensor", group_size = 300 : i64, operandSegmentSizes = array<i32: 1, 0, 0>
// CHECK-SAME: (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
func.func @dynamic_tensor(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xf32>
}

// CHECK-LABEL: func.func @dynamic_tensor_power_of_two(
// CHECK: scale_format = "ue8m0"
func.func @dynamic_tensor_power_of_two(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xf32>
}

// CHECK-LABEL: func.func @multiplier(
// CHECK: form = "multiplier"
func.func @multiplier(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @rounded_scale_and_quotient(
// CHECK: quotient_type = f16
// CHECK-SAME: scale_type = bf16
func.func @rounded_scale_and_quotient(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = bf16, quotient_type = f16, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @power_of_two(
// CHECK: scale_format = "ue8m0", scale_layout = "row"
// CHECK-SAME: -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
func.func @power_of_two(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// Three exponents and an empty byte are one i32.
// CHECK-LABEL: func.func @packed(
// CHECK: scale_format = "ue8m0_packed", scale_layout = "row"
// CHECK-SAME: -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
func.func @packed(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xi32>
}

// Five take two.
// CHECK-LABEL: func.func @packed_five(
// CHECK: -> (tensor<?x300xf8E4M3FN>, tensor<?x2xi32>)
func.func @packed_five(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x2xi32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x2xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x2xi32>
}

// CHECK-LABEL: func.func @packed_token(
// CHECK: -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
func.func @packed_token(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xi32>
}

// The layout is one of memory: the type stays rows x scales.
// CHECK-LABEL: func.func @column(
// CHECK: scale_layout = "column"
// CHECK-SAME: -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
func.func @column(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @column_padded(
// CHECK: scale_layout = "column_padded"
// CHECK-SAME: -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
func.func @column_padded(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xi32>
}

// The whole range of int8.
// CHECK-LABEL: func.func @low
// CHECK: bound = 1.270000e+02 : f64{{.*}} low = -1.280000e+02 : f64
func.func @low(%x: tensor<?x300xbf16>) -> (tensor<?x300xi8>, tensor<?x1xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 300 : i64, bound = 127.0 : f64, low = -128.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xi8>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xi8>, tensor<?x1xf32>
}
