// RUN: fanfold-opt %s | filecheck %s


// The last group of 300 is 44 wide.
// CHECK-LABEL: func.func @group
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 4.480000e+02 : f64, granularity = "group", group_size = 128 : i64, operandSegmentSizes = array<i32: 1, 0, 0>, reciprocal = false, resultSegmentSizes = array<i32: 1, 1>, scale_floor = 0.000000e+00 : f64} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
func.func @group(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = false, operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @group_wider_than_the_row
// CHECK: group_size = 1000
func.func @group_wider_than_the_row(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 1000 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = false, operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @token
// CHECK: granularity = "token"{{.*}}operandSegmentSizes = array<i32: 1, 0, 1>, reciprocal = true
func.func @token(%x: tensor<?x300xbf16>, %c: tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  %y:2 = "fanfold.quantize"(%x, %c) {granularity = "token", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = true, operandSegmentSizes = array<i32: 1, 0, 1>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @tensor
// CHECK: granularity = "tensor"{{.*}}: (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xi8>
func.func @tensor(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xi8> {
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 127.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = false, operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xi8>
  return %y : tensor<?x300xi8>
}

// CHECK-LABEL: func.func @fnuz
// CHECK: bound = 2.240000e+02
func.func @fnuz(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 224.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = false, operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @e5m2
// CHECK: bound = 5.734400e+04
func.func @e5m2(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>) {
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 57344.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, reciprocal = false, operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E5M2>, tensor<?x3xf32>
}
