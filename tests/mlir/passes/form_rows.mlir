// RUN: fanfold-opt %s --pass form-rows | filecheck %s

// CHECK-LABEL: func.func @alone(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK: %[[Y:.*]] = "fanfold.rows"(%[[X]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x64xbf16>):
// CHECK-NEXT: %[[C:.*]] = "fanfold.cast"(%[[A]])
// CHECK-NEXT: "fanfold.yield"(%[[C]])
// CHECK: return %[[Y]]
func.func @alone(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// One region with the results that are used outside of it: the norm itself is not.
// CHECK-LABEL: func.func @fan_out(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[W:.*]]: tensor<64xbf16>
// CHECK: %[[R:.*]]:3 = "fanfold.rows"(%[[X]], %[[W]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x64xbf16>, %[[B:.*]]: tensor<64xbf16>):
// CHECK-NEXT: %[[N:.*]] = "fanfold.rms_norm"(%[[A]], %[[B]])
// CHECK-NEXT: %[[F:.*]] = "fanfold.cast"(%[[N]])
// CHECK-NEXT: %[[H:.*]] = "fanfold.cast"(%[[N]])
// CHECK-NEXT: %[[S:.*]] = "fanfold.silu_mul"(%[[N]], %[[N]])
// CHECK-NEXT: "fanfold.yield"(%[[F]], %[[H]], %[[S]])
// CHECK: return %[[R]]#0, %[[R]]#1, %[[R]]#2
func.func @fan_out(%x: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>, tensor<?x64xbf16>) {
  %n = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  %f = "fanfold.cast"(%n) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %h = "fanfold.cast"(%n) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  %s = "fanfold.silu_mul"(%n, %n) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %f, %h, %s : tensor<?x64xf32>, tensor<?x64xf16>, tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @producer_is_used_too(
// CHECK: %[[R:.*]]:2 = "fanfold.rows"
// CHECK: "fanfold.yield"(%[[N:[0-9a-z]+]], %{{.*}})
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @producer_is_used_too(%x: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %h = "fanfold.cast"(%n) : (tensor<?x64xf32>) -> tensor<?x64xf16>
  return %n, %h : tensor<?x64xf32>, tensor<?x64xf16>
}

// Clusters that share neither a value nor an operand stay two kernels.
// CHECK-LABEL: func.func @independent(
// CHECK-COUNT-2: "fanfold.rows"
// CHECK-NOT: apart
// CHECK: return
func.func @independent(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf16>
}

// What reads the same rows is one kernel, which reads them once.
// CHECK-LABEL: func.func @same_rows(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%[[X]]) ({
// CHECK-NOT: "fanfold.rows"
// CHECK-NOT: apart
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @same_rows(%x: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf16>
}

// A weight that two norms share is no rows that they share.
// CHECK-LABEL: func.func @same_weight(
// CHECK-COUNT-2: "fanfold.rows"
// CHECK-NOT: apart
// CHECK: return
func.func @same_weight(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>, %w: tensor<64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %a = "fanfold.elementwise"(%x, %w) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  %b = "fanfold.elementwise"(%y, %w) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %a, %b : tensor<?x64xbf16>, tensor<?x64xbf16>
}

// Reading the same rows is no reason to wait for oneself, and nothing to report.
// CHECK-LABEL: func.func @same_rows_with_a_cycle(
// CHECK: %[[A:.*]] = "fanfold.rows"
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%{{.*}}, %[[Z]])
// CHECK-NOT: apart
// CHECK: return %[[B]]
func.func @same_rows_with_a_cycle(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %a : tensor<?x64xf32>
  %b = "fanfold.residual_add"(%x, %z) : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %b : tensor<?x64xf32>
}

// SwiGLU of the halves of a row reads the row where it is: its operand is the whole row.
// CHECK-LABEL: func.func @halves(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK: %[[R:.*]] = "fanfold.rows"(%[[X]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x64xbf16>):
// CHECK-DAG: %[[G:.*]] = "fanfold.columns"(%[[A]]) {offset = 0 : i64}
// CHECK-DAG: %[[U:.*]] = "fanfold.columns"(%[[A]]) {offset = 32 : i64}
// CHECK: "fanfold.silu_mul"(%[[G]], %[[U]])
// CHECK-NOT: fanfold.columns
// CHECK-NOT: "fanfold.rows"
// CHECK: return %[[R]]
func.func @halves(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  %g = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  %u = "fanfold.columns"(%x) {offset = 32 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x32xbf16>, tensor<?x32xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// Columns that somebody outside of the kernel reads are not the kernel's to write.
// CHECK-LABEL: func.func @columns_are_read_outside_too(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK-DAG: %[[C:.*]] = "fanfold.columns"(%[[X]]) {offset = 32 : i64}
// CHECK-DAG: %[[R:.*]] = "fanfold.rows"(%[[X]])
// CHECK: return %[[R]], %[[C]]
func.func @columns_are_read_outside_too(%x: tensor<?x64xbf16>) -> (tensor<?x32xf32>, tensor<?x32xbf16>) {
  %c = "fanfold.columns"(%x) {offset = 32 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  %f = "fanfold.cast"(%c) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %f, %c : tensor<?x32xf32>, tensor<?x32xbf16>
}

// One scale for the whole tensor is made of all rows: that quantisation is in no kernel, the norm before it is.
// CHECK-LABEL: func.func @dynamic_tensor_quantize(
// CHECK: %[[N:.*]] = "fanfold.rows"
// CHECK: fanfold.rms_norm
// CHECK-NEXT: fanfold.yield
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[N]])
// CHECK: return %[[Q]]#0, %[[Q]]#1
func.func @dynamic_tensor_quantize(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%n) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// The second consumer stands behind an op that needs the first one's result: it moves up, into the kernel.
// CHECK-LABEL: func.func @consumer_moves_up(
// CHECK: %[[R:.*]]:2 = "fanfold.rows"
// CHECK-NOT: apart
// CHECK: %[[Z:.*]] = math.absf %[[R]]#0
// CHECK-NEXT: return %[[Z]], %[[R]]#1
func.func @consumer_moves_up(%x: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %f = "fanfold.cast"(%n) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %f : tensor<?x64xf32>
  %h = "fanfold.cast"(%n) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %z, %h : tensor<?x64xf32>, tensor<?x64xf16>
}

// What the kernel needs moves before it, although it stands behind a user of a part of the kernel.
// CHECK-LABEL: func.func @operand_moves_up(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[Y:.*]]: tensor<?x64xbf16>
// CHECK: %[[O:.*]] = math.absf %[[Y]]
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%[[X]], %[[O]])
// CHECK: math.absf %[[R]]#0
func.func @operand_moves_up(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %n : tensor<?x64xf32>
  %o = math.absf %y : tensor<?x64xbf16>
  %s = "fanfold.residual_add"(%n, %o) : (tensor<?x64xf32>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %z, %s : tensor<?x64xf32>, tensor<?x64xf32>
}

// The kernel would wait for itself.
// CHECK-LABEL: func.func @cycle_through_an_outside_op(
// CHECK: %[[A:.*]] = "fanfold.rows"
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%[[A]], %[[Z]])
// CHECK: "fanfold.residual_add"(%{{.*}}) {apart = "another operand of it is computed from its producer's kernel outside of any kernel"}
// CHECK: return %[[B]]
func.func @cycle_through_an_outside_op(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %n : tensor<?x64xf32>
  %s = "fanfold.residual_add"(%n, %z) : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// The same through another kernel: the last op joins the second one's, which already waits for the first.
// CHECK-LABEL: func.func @cycle_through_another_kernel(
// CHECK: %[[A:.*]] = "fanfold.rows"
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%[[Z]], %[[A]])
// CHECK: fanfold.cast
// CHECK: fanfold.residual_add
// CHECK-NOT: fanfold.rows
// CHECK: return %[[B]]
func.func @cycle_through_another_kernel(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %n : tensor<?x64xf32>
  %m = "fanfold.cast"(%z) : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %s = "fanfold.residual_add"(%n, %m) : (tensor<?x64xf32>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// The same through columns, which belong to no kernel.
// CHECK-LABEL: func.func @cycle_through_columns(
// CHECK: %[[A:.*]] = "fanfold.rows"
// CHECK: %[[C:.*]] = "fanfold.columns"(%[[A]]) {offset = 0 : i64}
// CHECK: %[[Z:.*]] = math.absf %[[C]]
// CHECK: "fanfold.rows"(%[[A]], %[[Z]])
// CHECK: apart = "another operand
func.func @cycle_through_columns(%x: tensor<?x64xbf16>) -> tensor<?x32xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %c = "fanfold.columns"(%n) {offset = 0 : i64} : (tensor<?x64xf32>) -> tensor<?x32xf32>
  %z = math.absf %c : tensor<?x32xf32>
  %d = "fanfold.columns"(%n) {offset = 32 : i64} : (tensor<?x64xf32>) -> tensor<?x32xf32>
  %s = "fanfold.residual_add"(%d, %z) : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  return %s : tensor<?x32xf32>
}

// A use inside of another op's region counts as well.
// CHECK-LABEL: func.func @cycle_through_a_nested_region(
// CHECK-COUNT-2: "fanfold.rows"
// CHECK: apart = "another operand
func.func @cycle_through_a_nested_region(%x: tensor<?x64xbf16>, %n: index) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = tensor.generate %n {
  ^bb0(%i: index, %j: index):
    %e = tensor.extract %a[%i, %c0] : tensor<?x64xf32>
    tensor.yield %e : f32
  } : tensor<?x64xf32>
  %s = "fanfold.residual_add"(%a, %z) : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @two_blocks(
// CHECK: "fanfold.rows"
// CHECK: cf.br ^bb1
// CHECK: ^bb1:
// CHECK: "fanfold.rows"
func.func @two_blocks(%x: tensor<?x64xbf16>) -> tensor<?x64xf16> {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  cf.br ^next
^next:
  %b = "fanfold.cast"(%a) : (tensor<?x64xf32>) -> tensor<?x64xf16>
  return %b : tensor<?x64xf16>
}

// CHECK-LABEL: func.func @nothing_to_do(
// CHECK-NEXT: math.absf
// CHECK-NEXT: return
func.func @nothing_to_do(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %z = math.absf %x : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
