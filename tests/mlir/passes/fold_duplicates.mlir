// RUN: fanfold-opt %s --pass fold-duplicates | filecheck %s

// Origins differ and are joined: both source ops appear in the report.
// CHECK-LABEL: func.func @equal_quantisations(
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%{{.*}}) {{.*}}origins = ["a@m.py:1#0", "b@m.py:2#1"]
// CHECK-NOT: fanfold.quantize
// CHECK: return %[[Q]]#0, %[[Q]]#1, %[[Q]]#0, %[[Q]]#1
func.func @equal_quantisations(%x: tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<?x1xf32>, tensor<?x64xi8>, tensor<?x1xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>,
    origins = ["a@m.py:1#0"]} : (tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<?x1xf32>)
  %p:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>,
    origins = ["b@m.py:2#1"]} : (tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<?x1xf32>)
  return %q#0, %q#1, %p#0, %p#1 : tensor<?x64xi8>, tensor<?x1xf32>, tensor<?x64xi8>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @chains_of_duplicates(
// CHECK: %[[A:.*]] = "fanfold.cast"(%{{.*}}) {origins = ["a@m.py:1#0", "b@m.py:2#1"]}
// CHECK-NEXT: %[[B:.*]] = "fanfold.cast"(%[[A]]) {origins = ["c@m.py:3#2", "d@m.py:4#3"]}
// CHECK-NEXT: return %[[B]], %[[B]]
func.func @chains_of_duplicates(%x: tensor<?x64xbf16>) -> (tensor<?x64xf16>, tensor<?x64xf16>) {
  %a = "fanfold.cast"(%x) {origins = ["a@m.py:1#0"]} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%x) {origins = ["b@m.py:2#1"]} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %c = "fanfold.cast"(%a) {origins = ["c@m.py:3#2"]} : (tensor<?x64xf32>) -> tensor<?x64xf16>
  %d = "fanfold.cast"(%b) {origins = ["d@m.py:4#3"]} : (tensor<?x64xf32>) -> tensor<?x64xf16>
  return %c, %d : tensor<?x64xf16>, tensor<?x64xf16>
}

// MLIR's own duplicates in between are folded first, so that equal ops have equal operands.
// CHECK-LABEL: func.func @behind_equal_casts(
// CHECK: torch_c.to_builtin_tensor
// CHECK-NEXT: %[[Y:.*]] = "fanfold.cast"
// CHECK-NEXT: return %[[Y]], %[[Y]]
func.func @behind_equal_casts(%x: !torch.vtensor<[?,64],bf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %a = torch_c.to_builtin_tensor %x : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %b = torch_c.to_builtin_tensor %x : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %c = "fanfold.cast"(%a) {origins = ["a@m.py:1#0"]} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %d = "fanfold.cast"(%b) {origins = ["b@m.py:2#1"]} : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %c, %d : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func.func @another_attribute(
// CHECK-COUNT-2: fanfold.silu_mul
// CHECK: return
func.func @another_attribute(%x: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %a = "fanfold.silu_mul"(%x, %x) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %b = "fanfold.silu_mul"(%x, %x) {activation_type = bf16, limit = 8.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %a, %b : tensor<?x64xbf16>, tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @another_result_type(
// CHECK-COUNT-2: fanfold.cast
// CHECK: return
func.func @another_result_type(%x: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf16>
}

// CHECK-LABEL: func.func @another_operand(
// CHECK-COUNT-2: fanfold.cast
// CHECK: return
func.func @another_operand(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK-LABEL: func.func @swapped_operands(
// CHECK-COUNT-2: fanfold.residual_add
// CHECK: return
func.func @swapped_operands(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %a = "fanfold.residual_add"(%x, %y) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.residual_add"(%y, %x) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}
