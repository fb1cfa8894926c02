// RUN: fanfold-opt %s | filecheck %s


// CHECK-LABEL: func.func @abs(
// CHECK: "fanfold.elementwise"(%{{.*}}) {constant = 0.000000e+00 : f64, function = "abs", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @abs(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @neg(
// CHECK: "fanfold.elementwise"(%{{.*}}) {constant = 0.000000e+00 : f64, function = "neg", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @neg(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "neg", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @relu(
// CHECK: "fanfold.elementwise"(%{{.*}}) {constant = 0.000000e+00 : f64, function = "relu", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @relu(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "relu", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK: "fanfold.elementwise"(%{{.*}}) {constant = 0.000000e+00 : f64, function = "sigmoid", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @sigmoid(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "sigmoid", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK: "fanfold.elementwise"(%{{.*}}) {constant = 0.000000e+00 : f64, function = "silu", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
func.func @silu(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "silu", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @add(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "add", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @add(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @sub(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "sub", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @sub(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "sub", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @mul(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "mul", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @mul(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @div(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "div", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @div(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "div", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @minimum(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "minimum", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @minimum(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "minimum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @maximum(
// CHECK: "fanfold.elementwise"(%{{.*}}, %{{.*}}) {constant = 0.000000e+00 : f64, function = "maximum", operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
func.func @maximum(%x: tensor<?x64xbf16>, %o: tensor<?x64xf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "maximum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// One value a column, which all rows share.
// CHECK-LABEL: func.func @bias(
// CHECK: (tensor<4x64xbf16>, tensor<64xf32>) -> tensor<4x64xbf16>
func.func @bias(%x: tensor<4x64xbf16>, %o: tensor<64xf32>) -> tensor<4x64xbf16> {
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>, tensor<64xf32>) -> tensor<4x64xbf16>
  return %y : tensor<4x64xbf16>
}

// CHECK-LABEL: func.func @constant(
// CHECK: {constant = 2.500000e+00 : f64, function = "maximum", operandSegmentSizes = array<i32: 1, 0>}
func.func @constant(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "maximum", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
