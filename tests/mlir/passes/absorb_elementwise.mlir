// RUN: fanfold-opt %s --pass absorb-elementwise | filecheck %s

// CHECK-LABEL: func.func @abs(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.000000e+00 : f64, function = "abs", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @abs(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.abs %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @neg(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.000000e+00 : f64, function = "neg", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @neg(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.neg %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @relu(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.000000e+00 : f64, function = "relu", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @relu(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.relu %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.000000e+00 : f64, function = "sigmoid", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @sigmoid(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.sigmoid %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.000000e+00 : f64, function = "silu", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @silu(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.silu %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// Rows of one shape.
// CHECK-LABEL: func.func @sub_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[YR]]) {constant = 0.000000e+00 : f64, function = "sub", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @sub_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.sub.Tensor %x, %y, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// One value a column.
// CHECK-LABEL: func.func @sub_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "sub", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @sub_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.sub.Tensor %x, %w, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @mul_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[YR]]) {constant = 0.000000e+00 : f64, function = "mul", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @mul_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @mul_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "mul", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @mul_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @div_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[YR]]) {constant = 0.000000e+00 : f64, function = "div", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @div_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.div.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @div_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "div", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @div_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.div.Tensor %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @maximum_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[YR]]) {constant = 0.000000e+00 : f64, function = "maximum", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @maximum_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.maximum %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @maximum_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "maximum", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @maximum_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.maximum %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @minimum_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[YR]]) {constant = 0.000000e+00 : f64, function = "minimum", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @minimum_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.minimum %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @minimum_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "minimum", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @minimum_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.minimum %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// The sum of rows has an op of its own.
// CHECK-LABEL: func.func @add_of_rows(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[Y:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[YR:.*]] = torch_c.to_builtin_tensor %[[Y]]
// CHECK: %[[Z:.*]] = "fanfold.residual_add"(%[[XR]], %[[YR]]) {origins = ["aten.add.Tensor@{{.*}}"]}
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @add_of_rows(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.add.Tensor %x, %y, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @add_of_rows_and_a_vector(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}%[[W:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]], %[[WR]]) {constant = 0.000000e+00 : f64, function = "add", operandSegmentSizes = array<i32: 1, 1>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @add_of_rows_and_a_vector(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.add.Tensor %x, %w, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// The operands change places: rows come first.
// CHECK-LABEL: func.func @add_of_a_vector_and_rows(
// CHECK-SAME: %[[W:[a-z0-9]+]]: !torch.vtensor<[64],bf16>, %[[X:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: "fanfold.elementwise"(%[[XR]], %[[WR]])
// CHECK-SAME: function = "add"
func.func @add_of_a_vector_and_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.add.Tensor %w, %x, %v1 : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @mul_of_a_vector_and_rows(
// CHECK-SAME: %[[W:[a-z0-9]+]]: !torch.vtensor<[64],bf16>, %[[X:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: "fanfold.elementwise"(%[[XR]], %[[WR]])
// CHECK-SAME: function = "mul"
func.func @mul_of_a_vector_and_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %w, %x : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @maximum_of_a_vector_and_rows(
// CHECK-SAME: %[[W:[a-z0-9]+]]: !torch.vtensor<[64],bf16>, %[[X:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: "fanfold.elementwise"(%[[XR]], %[[WR]])
// CHECK-SAME: function = "maximum"
func.func @maximum_of_a_vector_and_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.maximum %w, %x : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @minimum_of_a_vector_and_rows(
// CHECK-SAME: %[[W:[a-z0-9]+]]: !torch.vtensor<[64],bf16>, %[[X:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK-DAG: %[[WR:.*]] = torch_c.to_builtin_tensor %[[W]]
// CHECK: "fanfold.elementwise"(%[[XR]], %[[WR]])
// CHECK-SAME: function = "minimum"
func.func @minimum_of_a_vector_and_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.minimum %w, %x : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// Eager rounds a number that is added to the tensor's dtype.
// CHECK-LABEL: func.func @add_of_a_number(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10009765625 : f64, function = "add", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @add_of_a_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @sub_of_a_number(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10009765625 : f64, function = "sub", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @sub_of_a_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.constant.int 1
  %v3 = torch.aten.sub.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// Eager multiplies and divides by the f32 number.
// CHECK-LABEL: func.func @mul_of_a_number(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10000000149011612 : f64, function = "mul", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @mul_of_a_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.mul.Scalar %x, %v1 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @div_of_a_number(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10000000149011612 : f64, function = "div", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @div_of_a_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.div.Scalar %x, %v1 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @add_of_a_number_in_f16(
// CHECK: "fanfold.elementwise"(%{{[^)]*}}) {constant = 0.0999755859375 : f64, function = "add"
// CHECK-SAME: (tensor<?x64xf16>) -> tensor<?x64xf16>
func.func @add_of_a_number_in_f16(%x: !torch.vtensor<[?,64],f16>) -> tensor<?x64xbf16> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],f16>, !torch.float, !torch.int -> !torch.vtensor<[?,64],f16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],f16> -> tensor<?x64xf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %v5 : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @mul_of_a_number_in_f16(
// CHECK: "fanfold.elementwise"(%{{[^)]*}}) {constant = 0.10000000149011612 : f64, function = "mul"
// CHECK-SAME: (tensor<?x64xf16>) -> tensor<?x64xf16>
func.func @mul_of_a_number_in_f16(%x: !torch.vtensor<[?,64],f16>) -> tensor<?x64xbf16> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.mul.Scalar %x, %v1 : !torch.vtensor<[?,64],f16>, !torch.float -> !torch.vtensor<[?,64],f16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],f16> -> tensor<?x64xf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xf16>) -> tensor<?x64xbf16>
  return %v4 : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @add_of_a_number_in_f32(
// CHECK: "fanfold.elementwise"(%{{[^)]*}}) {constant = 0.10000000149011612 : f64, function = "add"
// CHECK-SAME: (tensor<?x64xf32>) -> tensor<?x64xf32>
func.func @add_of_a_number_in_f32(%x: !torch.vtensor<[?,64],f32>) -> tensor<?x64xbf16> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],f32>, !torch.float, !torch.int -> !torch.vtensor<[?,64],f32>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],f32> -> tensor<?x64xf32>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %v5 : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @mul_of_a_number_in_f32(
// CHECK: "fanfold.elementwise"(%{{[^)]*}}) {constant = 0.10000000149011612 : f64, function = "mul"
// CHECK-SAME: (tensor<?x64xf32>) -> tensor<?x64xf32>
func.func @mul_of_a_number_in_f32(%x: !torch.vtensor<[?,64],f32>) -> tensor<?x64xbf16> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.mul.Scalar %x, %v1 : !torch.vtensor<[?,64],f32>, !torch.float -> !torch.vtensor<[?,64],f32>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],f32> -> tensor<?x64xf32>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %v4 : tensor<?x64xbf16>
}

// An integer is a number as well.
// CHECK-LABEL: func.func @whole_number(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 3.000000e+00 : f64, function = "mul", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @whole_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 3
  %v2 = torch.aten.mul.Scalar %x, %v1 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// What bf16 cannot hold is infinite.
// CHECK-LABEL: func.func @number_out_of_range(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}
// CHECK-DAG: %[[XR:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[Z:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0x7FF0000000000000 : f64, function = "add", operandSegmentSizes = array<i32: 1, 0>, origins
// CHECK-NEXT: "fanfold.cast"(%[[Z]])
// CHECK-NEXT: return
func.func @number_out_of_range(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 3.4e+38
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// Bounds are rounded to the tensor's dtype; the lower one comes first.
// CHECK-LABEL: func.func @clamp_both(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C0:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = -0.10009765625 : f64, function = "maximum"
// CHECK-NEXT: %[[C1:.*]] = "fanfold.elementwise"(%[[C0]]) {constant = 0.30078125 : f64, function = "minimum"
// CHECK-NEXT: "fanfold.cast"(%[[C1]])
// CHECK-NEXT: return
func.func @clamp_both(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float -0.1
  %v2 = torch.constant.float 0.3
  %v3 = torch.aten.clamp %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @clamp_lower(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C0:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = -0.10009765625 : f64, function = "maximum"
// CHECK-NEXT: "fanfold.cast"(%[[C0]])
// CHECK-NEXT: return
func.func @clamp_lower(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float -0.1
  %v2 = torch.constant.none
  %v3 = torch.aten.clamp %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.none -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @clamp_upper(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C0:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 7.000000e+00 : f64, function = "minimum"
// CHECK-NEXT: "fanfold.cast"(%[[C0]])
// CHECK-NEXT: return
func.func @clamp_upper(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.none
  %v2 = torch.constant.int 7
  %v3 = torch.aten.clamp %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.none, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @clamp_min(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C0:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10009765625 : f64, function = "maximum"
// CHECK-NEXT: "fanfold.cast"(%[[C0]])
// CHECK-NEXT: return
func.func @clamp_min(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.clamp_min %x, %v1 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @clamp_max(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C0:.*]] = "fanfold.elementwise"(%[[XR]]) {constant = 0.10009765625 : f64, function = "minimum"
// CHECK-NEXT: "fanfold.cast"(%[[C0]])
// CHECK-NEXT: return
func.func @clamp_max(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.1
  %v2 = torch.aten.clamp_max %x, %v1 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// A rounding is a cast.
// CHECK-LABEL: func.func @convert_element_type_rounds(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C:.*]] = "fanfold.cast"(%[[XR]]) {origins = [{{.*}}]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]]) : (tensor<?x64xbf16>)
// CHECK-NEXT: return
func.func @convert_element_type_rounds(%x: !torch.vtensor<[?,64],f32>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.prims.convert_element_type %x, %v1 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @to_copy_rounds(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C:.*]] = "fanfold.cast"(%[[XR]]) {origins = [{{.*}}]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]]) : (tensor<?x64xbf16>)
// CHECK-NEXT: return
func.func @to_copy_rounds(%x: !torch.vtensor<[?,64],f32>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.constant.none
  %v3 = torch.constant.none
  %v4 = torch.constant.none
  %v5 = torch.constant.bool false
  %v6 = torch.constant.none
  %v7 = torch.aten._to_copy %x, %v1, %v2, %v3, %v4, %v5, %v6 : !torch.vtensor<[?,64],f32>, !torch.int, !torch.none, !torch.none, !torch.none, !torch.bool, !torch.none -> !torch.vtensor<[?,64],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v9 = "fanfold.cast"(%v8) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v9 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @to_dtype_rounds(
// CHECK: %[[XR:.*]] = torch_c.to_builtin_tensor
// CHECK-NEXT: %[[C:.*]] = "fanfold.cast"(%[[XR]]) {origins = [{{.*}}]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]]) : (tensor<?x64xbf16>)
// CHECK-NEXT: return
func.func @to_dtype_rounds(%x: !torch.vtensor<[?,64],f32>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.constant.bool false
  %v3 = torch.constant.bool false
  %v4 = torch.constant.none
  %v5 = torch.aten.to.dtype %x, %v1, %v2, %v3, %v4 : !torch.vtensor<[?,64],f32>, !torch.int, !torch.bool, !torch.bool, !torch.none -> !torch.vtensor<[?,64],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v7 = "fanfold.cast"(%v6) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v7 : tensor<?x64xf32>
}

// The dtype of the result is the one that the product is rounded to.
// CHECK-LABEL: func.func @mixed_dtypes(
// CHECK: "fanfold.elementwise"(%{{[^)]*}})
// CHECK-SAME: function = "mul"
// CHECK-SAME: (tensor<?x64xbf16>, tensor<64xf32>) -> tensor<?x64xf32>
// CHECK-NOT: torch.aten
func.func @mixed_dtypes(%x: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],f32>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],f32> -> !torch.vtensor<[?,64],f32>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],f32> -> tensor<?x64xf32>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xf32>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @leading_dims(
// CHECK-NOT: torch.aten
// CHECK: tensor.collapse_shape
// CHECK: tensor.collapse_shape
// CHECK: "fanfold.elementwise"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"
// CHECK-NEXT: return
func.func @leading_dims(%x: !torch.vtensor<[2,?,64],bf16>, %y: !torch.vtensor<[2,?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[2,?,64],bf16>, !torch.vtensor<[2,?,64],bf16> -> !torch.vtensor<[2,?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[2,?,64],bf16> -> tensor<2x?x64xbf16>
  %v3 = tensor.collapse_shape %v2 [[0, 1], [2]] : tensor<2x?x64xbf16> into tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @one_row(
// CHECK: %[[R:.*]] = tensor.expand_shape
// CHECK-NEXT: %[[S:.*]] = "fanfold.elementwise"(%[[R]])
// CHECK-SAME: (tensor<1x64xbf16>) -> tensor<1x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[S]])
func.func @one_row(%x: !torch.vtensor<[64],bf16>) -> tensor<1x64xf32> {
  %v1 = torch.aten.silu %x : !torch.vtensor<[64],bf16> -> !torch.vtensor<[64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[64],bf16> -> tensor<64xbf16>
  %v3 = tensor.expand_shape %v2 [[0, 1]] output_shape [1, 64] : tensor<64xbf16> into tensor<1x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<1x64xbf16>) -> tensor<1x64xf32>
  return %v4 : tensor<1x64xf32>
}

// One after the other, each with its own rounding.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch{{.*}}, %[[Y:[a-z0-9]+]]: !torch{{.*}}, %[[W:[a-z0-9]+]]: !torch
// CHECK-NOT: torch.aten
// CHECK: %[[S:.*]] = "fanfold.elementwise"(%{{[0-9]+}}) {{.*}}function = "silu"{{.*}} -> tensor<?x64xbf16>
// CHECK: %[[M:.*]] = "fanfold.elementwise"(%[[S]], %{{[0-9]+}}) {{.*}}function = "mul"{{.*}} -> tensor<?x64xbf16>
// CHECK: %[[A:.*]] = "fanfold.elementwise"(%[[M]], %{{[0-9]+}}) {{.*}}function = "add"{{.*}} -> tensor<?x64xbf16>
// CHECK: "fanfold.cast"(%[[A]])
// CHECK-NEXT: return
func.func @chain(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.silu %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.aten.mul.Tensor %v1, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.constant.int 1
  %v4 = torch.aten.add.Tensor %w, %v2, %v3 : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v5 = torch_c.to_builtin_tensor %v4 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v6 = "fanfold.cast"(%v5) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v6 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @value_read_twice(
// CHECK: %[[M:.*]] = "fanfold.elementwise"(%{{[^)]*}})
// CHECK: %[[A:.*]] = "fanfold.residual_add"(%[[M]], %[[M]])
// CHECK-NEXT: "fanfold.cast"(%[[A]])
// CHECK-NEXT: return
func.func @value_read_twice(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %x : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Tensor %v1, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// The new residual becomes one more result of the kernel.
// CHECK-LABEL: func.func @producer_with_another_reader(
// CHECK-NOT: torch.aten
// CHECK: %[[A:.*]] = "fanfold.residual_add"
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[A]]
// CHECK: %[[Z:.*]] = "fanfold.cast"(%[[A]])
// CHECK-NEXT: return %[[Z]], %[[T]]
func.func @producer_with_another_reader(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> (tensor<?x64xf32>, !torch.vtensor<[?,64],bf16>) {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.add.Tensor %x, %y, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4, %v2 : tensor<?x64xf32>, !torch.vtensor<[?,64],bf16>
}

// The sum reads something else that is as large: it is no part of the product.
// CHECK-LABEL: func.func @residual_of_a_product(
// CHECK: %[[M:.*]] = torch.aten.mm
// CHECK-NOT: torch.aten
// CHECK: %[[A:.*]] = "fanfold.residual_add"
// CHECK: "fanfold.cast"(%[[A]])
// CHECK: return
func.func @residual_of_a_product(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[32,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mm %m, %n : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Tensor %v1, %y, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// Views of whole rows stand between.
// CHECK-LABEL: func.func @view_between(
// CHECK: %[[M:.*]] = "fanfold.elementwise"(%{{[^)]*}})
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.cast"(%[[M]])
// CHECK: return
func.func @view_between(%x: !torch.vtensor<[2,?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %x : !torch.vtensor<[2,?,64],bf16>, !torch.vtensor<[2,?,64],bf16> -> !torch.vtensor<[2,?,64],bf16>
  %v2 = torch.constant.int -1
  %v3 = torch.constant.int 64
  %v4 = torch.prim.ListConstruct %v2, %v3 : (!torch.int, !torch.int) -> !torch.list<int>
  %v5 = torch.aten.view %v1, %v4 : !torch.vtensor<[2,?,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,64],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v7 = "fanfold.cast"(%v6) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v7 : tensor<?x64xf32>
}

// The kernel writes the product in place of the norm.
// CHECK-LABEL: func.func @consumer(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[M:.*]] = "fanfold.elementwise"(%[[N]], %{{[^)]*}})
// CHECK-SAME: function = "mul"
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[M]]
// CHECK-NEXT: return %[[T]]
func.func @consumer(%x: tensor<?x64xbf16>, %w: !torch.vtensor<[64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.mul.Tensor %v2, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v3 : !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @chain_of_consumers(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[A:.*]] = "fanfold.residual_add"(%{{[0-9]+}}, %[[N]])
// CHECK: %[[B:.*]] = "fanfold.elementwise"(%[[A]]) {{.*}}function = "relu"
// CHECK: %[[C:.*]] = "fanfold.elementwise"(%[[B]]) {constant = 6.000000e+00 : f64, function = "minimum"
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[C]]
// CHECK-NEXT: return %[[T]]
func.func @chain_of_consumers(%x: tensor<?x64xbf16>, %y: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.constant.int 1
  %v4 = torch.aten.add.Tensor %y, %v2, %v3 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v5 = torch.aten.relu %v4 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v6 = torch.constant.none
  %v7 = torch.constant.float 6.0
  %v8 = torch.aten.clamp %v5, %v6, %v7 : !torch.vtensor<[?,64],bf16>, !torch.none, !torch.float -> !torch.vtensor<[?,64],bf16>
  return %v8 : !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @consumer_with_leading_dims(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[A:.*]] = "fanfold.elementwise"(%[[N]])
// CHECK: %[[E:.*]] = tensor.expand_shape %[[A]]
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[E]]
// CHECK-NEXT: return %[[T]]
func.func @consumer_with_leading_dims(%x: tensor<?x64xbf16>, %d: index) -> !torch.vtensor<[2,?,64],bf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, %d, 64] : tensor<?x64xbf16> into tensor<2x?x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x?x64xbf16> -> !torch.vtensor<[2,?,64],bf16>
  %v4 = torch.aten.neg %v3 : !torch.vtensor<[2,?,64],bf16> -> !torch.vtensor<[2,?,64],bf16>
  return %v4 : !torch.vtensor<[2,?,64],bf16>
}

// Half of what the kernel would have written.
// CHECK-LABEL: func.func @narrower_consumer(
// CHECK: %[[N:.*]] = "fanfold.cast"(%{{[^)]*}}) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
// CHECK: %[[C:.*]] = "fanfold.cast"(%[[N]]) {{.*}} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
// CHECK: return
func.func @narrower_consumer(%x: tensor<?x64xbf16>) -> !torch.vtensor<[?,64],bf16> {
  %v1 = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xf32> -> !torch.vtensor<[?,64],f32>
  %v3 = torch.constant.int 15
  %v4 = torch.prims.convert_element_type %v2, %v3 : !torch.vtensor<[?,64],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  return %v4 : !torch.vtensor<[?,64],bf16>
}

// Row ops read it inside of the kernel.
// CHECK-LABEL: func.func @consumer_next_to_a_row_op(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.quantize"(%[[N]])
// CHECK: "fanfold.elementwise"(%[[N]])
// CHECK: return
func.func @consumer_next_to_a_row_op(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>, !torch.vtensor<[?,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  %v3 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v4 = torch.aten.neg %v3 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v2#0, %v2#1, %v4 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>, !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @size_is_no_reader(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: torch.aten.size.int
// CHECK: "fanfold.elementwise"(%[[N]])
// CHECK: return
func.func @size_is_no_reader(%x: tensor<?x64xbf16>) -> (!torch.vtensor<[?,64],bf16>, !torch.int) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.constant.int 0
  %v4 = torch.aten.size.int %v2, %v3 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.int
  %v5 = torch.aten.neg %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v5, %v4 : !torch.vtensor<[?,64],bf16>, !torch.int
}

// CHECK-LABEL: func.func @consumer_of_two(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[C:.*]] = "fanfold.cast"
// CHECK: "fanfold.elementwise"(%[[N]], %[[C]])
// CHECK: return
func.func @consumer_of_two(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> !torch.vtensor<[?,64],bf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v4 = torch_c.from_builtin_tensor %v3 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v5 = torch.aten.mul.Tensor %v2, %v4 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v5 : !torch.vtensor<[?,64],bf16>
}

// One number for all values, in a tensor of no dims: eager multiplies in f32 and rounds once.
// CHECK-LABEL: func.func @number_in_a_tensor(
// CHECK-SAME: %{{.*}}: !torch{{.*}}, %[[K:[a-z0-9]+]]: !torch.vtensor<[],f32>
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[K]]
// CHECK: %[[N:.*]] = tensor.expand_shape %[[B]] [] output_shape [1]
// CHECK: "fanfold.elementwise"(%{{.*}}, %[[N]]) {{.*}}function = "mul"{{.*}} (tensor<?x64xbf16>, tensor<1xf32>) -> tensor<?x64xbf16>
func.func @number_in_a_tensor(%x: !torch.vtensor<[?,64],bf16>, %k: !torch.vtensor<[],f32>) -> tensor<?x64xf32> {
  %v = torch.aten.mul.Tensor %x, %k : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[],f32> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// One value a column, whatever its rank.
// CHECK-LABEL: func.func @vector_of_rank_3(
// CHECK: %[[V:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1, 2{{\]\]}} : tensor<1x1x64xbf16> into tensor<64xbf16>
// CHECK: "fanfold.elementwise"(%{{.*}}, %[[V]]) {{.*}}function = "add"
func.func @vector_of_rank_3(%x: !torch.vtensor<[2,?,64],bf16>, %k: !torch.vtensor<[1,1,64],bf16>) -> tensor<2x?x64xf32> {
  %one = torch.constant.int 1
  %v = torch.aten.add.Tensor %x, %k, %one : !torch.vtensor<[2,?,64],bf16>, !torch.vtensor<[1,1,64],bf16>, !torch.int -> !torch.vtensor<[2,?,64],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[2,?,64],bf16> -> tensor<2x?x64xbf16>
  %c = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x64xbf16> into tensor<?x64xbf16>
  %y = "fanfold.cast"(%c) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %d = arith.constant 1 : index
  %n = tensor.dim %b, %d : tensor<2x?x64xbf16>
  %e = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, %n, 64] : tensor<?x64xf32> into tensor<2x?x64xf32>
  return %e : tensor<2x?x64xf32>
}

// A slice in front of an op that is taken is columns of the rows, not a copy.
// CHECK-LABEL: func.func @slice_in_front(
// CHECK: %[[C:.*]] = "fanfold.columns"(%{{.*}}) {offset = 0 : i64
// CHECK: "fanfold.elementwise"(%[[C]]) {{.*}}function = "relu"
// CHECK-NOT: torch.aten.slice
func.func @slice_in_front(%x: !torch.vtensor<[?,128],bf16>) -> tensor<?x64xf32> {
  %z = torch.constant.int 0
  %one = torch.constant.int 1
  %end = torch.constant.int 64
  %s = torch.aten.slice.Tensor %x, %one, %z, %end, %one : !torch.vtensor<[?,128],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v = torch.aten.relu %s : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
