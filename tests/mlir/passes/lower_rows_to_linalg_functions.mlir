// RUN: fanfold-opt %s --pass lower-rows-to-linalg --split-input-file | filecheck %s

// CHECK-LABEL: func.func @abs(
// CHECK: arith.andi
// CHECK: linalg.yield
func.func @abs(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @neg(
// CHECK: arith.negf
// CHECK-NEXT: linalg.yield
func.func @neg(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "neg", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// -0 and NaN are not below 0: they stay.
// CHECK-LABEL: func.func @relu(
// CHECK: arith.cmpf olt, %[[X:.*]], %[[Z:.*]] : f32
// CHECK-NEXT: arith.select %{{.*}}, %[[Z]], %[[X]] : 
// CHECK-NEXT: linalg.yield
func.func @relu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "relu", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @sigmoid(
// CHECK: arith.negf
// CHECK-NEXT: math.exp
// CHECK-NEXT: arith.addf
// CHECK-NEXT: arith.divf %cst
// CHECK-NEXT: linalg.yield
func.func @sigmoid(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "sigmoid", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @silu(
// CHECK: %[[N:.*]] = arith.negf %[[X:.*]] :
// CHECK-NEXT: %[[E:.*]] = math.exp %[[N]]
// CHECK-NEXT: %[[S:.*]] = arith.addf %{{.*}}, %[[E]]
// CHECK-NEXT: arith.divf %[[X]], %[[S]]
// CHECK-NEXT: linalg.yield
func.func @silu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "silu", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @add(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.addf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @add(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "add", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @add_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.addf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.addf %in, %in_{{[0-9]+}} : f32
func.func @add_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @sub(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.subf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @sub(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "sub", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @sub_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.subf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.subf %in, %in_{{[0-9]+}} : f32
func.func @sub_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "sub", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "sub", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @mul(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.mulf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @mul(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "mul", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @mul_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.mulf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.mulf %in, %in_{{[0-9]+}} : f32
func.func @mul_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @div(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.divf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @div(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "div", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @div_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.divf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.divf %in, %in_{{[0-9]+}} : f32
func.func @div_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "div", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "div", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @minimum(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.minimumf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @minimum(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "minimum", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @minimum_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.minimumf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.minimumf %in, %in_{{[0-9]+}} : f32
func.func @minimum_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "minimum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "minimum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @maximum(
// CHECK: %[[C:.*]] = arith.constant 2.500000e+00 : f32
// CHECK: %[[Y:.*]] = arith.maximumf %{{.*}}, %[[C]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @maximum(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "maximum", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @maximum_two(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[O:.*]]: tensor<?x64xf32>, %[[B:.*]]: tensor<64xf32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[O]] : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK: arith.maximumf %in, %in_{{[0-9]+}} : f32
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[B]] : tensor<?x64xf32>, tensor<64xf32>)
// CHECK: arith.maximumf %in, %in_{{[0-9]+}} : f32
func.func @maximum_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "maximum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "maximum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[X:.*]]: tensor<?x100xf32>
// CHECK: %[[C:.*]] = tensor.extract_slice %[[X]][0, 36] [%{{.*}}, 64] [1, 1] : tensor<?x100xf32> to tensor<?x64xf32>
// CHECK: linalg.generic {{.*}} ins(%[[C]] : tensor<?x64xf32>)
func.func @columns(%x: tensor<?x100xf32>) -> tensor<?x64xbf16> {
  %c = "fanfold.columns"(%x) {offset = 36 : i64} : (tensor<?x100xf32>) -> tensor<?x64xf32>
  %y = "fanfold.cast"(%c) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// CHECK-LABEL: func.func @absmax(
// CHECK: %[[M:.*]] = linalg.generic {{.*}}"reduction"]} ins(%{{.*}} : tensor<?x64xbf16>) outs(%{{.*}} : tensor<?xi32>)
// CHECK: arith.maxsi
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<?xi32>) outs(%{{.*}} : tensor<?x1xf32>)
// CHECK: arith.bitcast %{{.*}} : i32 to f32
// CHECK: return %[[Y]]
func.func @absmax(%x: tensor<?x64xbf16>) -> tensor<?x1xf32> {
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// CHECK-LABEL: func.func @silu_mul(
// CHECK-SAME: %[[G:.*]]: tensor<?x64xbf16>, %[[U:.*]]: tensor<?x64xf32>
// CHECK: linalg.generic {{.*}} ins(%[[G]], %[[U]] : tensor<?x64xbf16>, tensor<?x64xf32>)
// CHECK: arith.minimumf
// CHECK: arith.minimumf
// CHECK: arith.maximumf
// CHECK: math.exp
func.func @silu_mul(%g: tensor<?x64xbf16>, %u: tensor<?x64xf32>) -> tensor<?x64xbf16> {
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// CHECK-LABEL: func.func @weight_offset(
// CHECK: %[[O:.*]] = arith.constant 1.500000e+00 : f32
// CHECK: %[[P:.*]] = arith.addf %{{.*}}, %[[O]] : f32
// CHECK-NEXT: %[[Y:.*]] = arith.mulf %{{.*}}, %[[P]] : f32
// CHECK-NEXT: linalg.yield %[[Y]]
func.func @weight_offset(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = 64 : i64, weight_offset = 1.5 : f64,
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
