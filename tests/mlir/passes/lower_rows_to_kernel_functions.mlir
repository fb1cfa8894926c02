// RUN: fanfold-opt %s --pass form-rows --pass lower-rows-to-kernel --vector-bits 128 --split-input-file | filecheck %s

// CHECK: func.func @elementwise_64()
// CHECK: arith.andi
// CHECK-LABEL: func.func @abs(
func.func @abs(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: arith.negf
// CHECK-LABEL: func.func @neg(
func.func @neg(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "neg", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// -0 and NaN are not below 0: they stay.
// CHECK: func.func @elementwise_64()
// CHECK: arith.cmpf olt, %[[X:.*]], %[[Z:.*]] : vector<4xf32>
// CHECK-NEXT: arith.select %{{.*}}, %[[Z]], %[[X]] : 
// CHECK-LABEL: func.func @relu(
func.func @relu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "relu", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: arith.negf
// CHECK-NEXT: math.exp
// CHECK-NEXT: arith.addf
// CHECK-NEXT: arith.divf %cst
// CHECK-LABEL: func.func @sigmoid(
func.func @sigmoid(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "sigmoid", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[N:.*]] = arith.negf %[[X:.*]] :
// CHECK-NEXT: %[[E:.*]] = math.exp %[[N]]
// CHECK-NEXT: %[[S:.*]] = arith.addf %{{.*}}, %[[E]]
// CHECK-NEXT: arith.divf %[[X]], %[[S]]
// CHECK-LABEL: func.func @silu(
func.func @silu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "silu", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.addf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @add(
func.func @add(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "add", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.addf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.addf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @add_two(
func.func @add_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.subf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @sub(
func.func @sub(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "sub", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.subf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.subf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @sub_two(
func.func @sub_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "sub", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "sub", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.mulf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @mul(
func.func @mul(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "mul", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.mulf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.mulf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @mul_two(
func.func @mul_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.divf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @div(
func.func @div(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "div", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.divf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.divf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @div_two(
func.func @div_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "div", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "div", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.minimumf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @minimum(
func.func @minimum(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "minimum", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.minimumf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.minimumf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @minimum_two(
func.func @minimum_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "minimum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "minimum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_64()
// CHECK: %[[C:.*]] = arith.constant dense<2.500000e+00> : vector<4xf32>
// CHECK: arith.maximumf %{{.*}}, %[[C]] : vector<4xf32>
// CHECK-LABEL: func.func @maximum(
func.func @maximum(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x) {function = "maximum", constant = 2.5 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

// CHECK: func.func @elementwise_x2_64()
// CHECK: %[[MX:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 0 : index
// CHECK: %[[MO:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 1 : index
// CHECK: %[[MB:.*]] = "hal.interface.binding.subspan"({{.*}}binding = 2 : index
// CHECK-DAG: %[[B:.*]] = vector.load %[[MB]][{{.*}}] : memref<64xf32>, vector<4xf32>
// CHECK-DAG: %[[X:.*]] = vector.load %[[MX]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[O:.*]] = vector.load %[[MO]][{{.*}}] : memref<?x64xf32>, vector<4xf32>
// CHECK-DAG: %[[Y:.*]] = arith.maximumf %[[X]], %[[O]] : vector<4xf32>
// CHECK-DAG: arith.maximumf %[[Y]], %[[B]] : vector<4xf32>
// CHECK-LABEL: func.func @maximum_two(
func.func @maximum_two(%x: tensor<?x64xf32>, %o: tensor<?x64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.elementwise"(%x, %o) {function = "maximum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %z = "fanfold.elementwise"(%y, %b) {function = "maximum", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}

// -----

// The kernel reads the columns where they are: its operand is the whole row.
// CHECK: func.func @cast_100()
// CHECK: arith.addi %{{.*}}, %c36{{[_0-9]*}} : index
// CHECK: vector.load %{{.*}} : memref<?x100xf32>, vector<4xf32>
// CHECK: vector.store %{{.*}} : memref<?x64xi16>
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[X:.*]]: tensor<?x100xf32>
// CHECK: "flow.dispatch"(%{{.*}}, %{{.*}}, %[[X]], %{{.*}})
func.func @columns(%x: tensor<?x100xf32>) -> tensor<?x64xbf16> {
  %c = "fanfold.columns"(%x) {offset = 36 : i64} : (tensor<?x100xf32>) -> tensor<?x64xf32>
  %y = "fanfold.cast"(%c) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// A maximum of integers, which propagates NaN; one f32 a row.
// CHECK: func.func @absmax_64()
// CHECK: arith.maxsi
// CHECK: vector.reduction <maxsi>
// CHECK: %[[M:.*]] = arith.bitcast %{{.*}} : i32 to f32
// CHECK: memref.store %[[M]], %{{.*}} : memref<?x1xf32>
// CHECK-LABEL: func.func @absmax(
// CHECK: -> tensor<?x1xf32>
func.func @absmax(%x: tensor<?x64xbf16>) -> tensor<?x1xf32> {
  %y = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// -----

// The limit clamps both; two operands of their own types.
// CHECK: func.func @silu_mul_64()
// CHECK: arith.minimumf
// CHECK: arith.minimumf
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK-LABEL: func.func @silu_mul(
// CHECK-SAME: %[[G:.*]]: tensor<?x64xbf16>, %[[U:.*]]: tensor<?x64xf32>
// CHECK: "flow.dispatch"(%{{.*}}, %{{.*}}, %[[G]], %[[U]],
func.func @silu_mul(%g: tensor<?x64xbf16>, %u: tensor<?x64xf32>) -> tensor<?x64xbf16> {
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// CHECK: func.func @rms_norm_64()
// CHECK: %[[O:.*]] = arith.constant dense<1.500000e+00> : vector<4xf32>
// CHECK: %[[W:.*]] = vector.load %{{.*}} : memref<64xf32>, vector<4xf32>
// CHECK: %[[P:.*]] = arith.addf %[[W]], %[[O]] : vector<4xf32>
// CHECK: arith.mulf %{{.*}}, %[[P]] : vector<4xf32>
// CHECK-LABEL: func.func @weight_offset(
func.func @weight_offset(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = 64 : i64, weight_offset = 1.5 : f64,
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
