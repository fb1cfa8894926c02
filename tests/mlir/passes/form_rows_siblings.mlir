// RUN: fanfold-opt %s --pass split-tensor-scales --pass form-rows | filecheck %s

// Norms of two slices of one projection: one kernel, whose operand is the projection.
// CHECK-LABEL: func.func @slices_of_one_projection(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x192xbf16>
// CHECK-NEXT: %[[R:.*]]:2 = "fanfold.rows"(%[[P]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x192xbf16>):
// CHECK-NEXT: %[[Q:.*]] = "fanfold.columns"(%[[A]]) {offset = 0 : i64}
// CHECK-NEXT: %[[N:.*]] = "fanfold.rms_norm"(%[[Q]])
// CHECK-NEXT: %[[K:.*]] = "fanfold.columns"(%[[A]]) {offset = 128 : i64}
// CHECK-NEXT: %[[M:.*]] = "fanfold.rms_norm"(%[[K]])
// CHECK-NEXT: "fanfold.yield"(%[[N]], %[[M]])
// CHECK-NOT: apart
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @slices_of_one_projection(%p: tensor<?x192xbf16>) -> (tensor<?x128xbf16>, tensor<?x64xbf16>) {
  %q = "fanfold.columns"(%p) {offset = 0 : i64} : (tensor<?x192xbf16>) -> tensor<?x128xbf16>
  %n = "fanfold.rms_norm"(%q) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 128 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x128xbf16>) -> tensor<?x128xbf16>
  %k = "fanfold.columns"(%p) {offset = 128 : i64} : (tensor<?x192xbf16>) -> tensor<?x64xbf16>
  %m = "fanfold.rms_norm"(%k) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %n, %m : tensor<?x128xbf16>, tensor<?x64xbf16>
}

// What one op reads as a slice and another one whole is read once as well.
// CHECK-LABEL: func.func @slice_and_whole_row(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x128xbf16>
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%[[P]]) ({
// CHECK-NOT: "fanfold.rows"
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @slice_and_whole_row(%p: tensor<?x128xbf16>) -> (tensor<?x64xf32>, tensor<?x128xf32>) {
  %q = "fanfold.columns"(%p) {offset = 32 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %a = "fanfold.cast"(%q) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.cast"(%p) : (tensor<?x128xbf16>) -> tensor<?x128xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x128xf32>
}

// The rows that they share may be an operand of either side, and the second one of two.
// CHECK-LABEL: func.func @second_operand_is_shared(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xbf16>, %[[Y:[a-z0-9]+]]: tensor<?x64xbf16>, %[[Z:[a-z0-9]+]]: tensor<?x64xbf16>
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%[[X]], %[[Y]], %[[Z]]) ({
// CHECK-NOT: "fanfold.rows"
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @second_operand_is_shared(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>, %z: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %a = "fanfold.residual_add"(%x, %y) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.residual_add"(%z, %y) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}

// A sibling joins the first cluster in program order; what follows it joins it there.
// CHECK-LABEL: func.func @first_of_two_readers(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xbf16>, %[[Y:[a-z0-9]+]]: tensor<?x64xbf16>
// CHECK: %[[A:.*]]:2 = "fanfold.rows"(%[[X]], %[[Y]]) ({
// CHECK: fanfold.cast
// CHECK: fanfold.residual_add
// CHECK: fanfold.cast
// CHECK: fanfold.yield
// CHECK-NOT: "fanfold.rows"
// CHECK: return %[[A]]#0, %[[A]]#1
func.func @first_of_two_readers(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %a = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %b = "fanfold.residual_add"(%y, %x) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %c = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %a, %c : tensor<?x64xf32>, tensor<?x64xf16>
}

// Clusters that read what differs become one at the op that reads them both.
// CHECK-LABEL: func.func @merged_producers(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xbf16>, %[[Y:[a-z0-9]+]]: tensor<?x64xbf16>
// CHECK-NEXT: %[[R:.*]] = "fanfold.rows"(%[[X]], %[[Y]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x64xbf16>, %[[B:.*]]: tensor<?x64xbf16>):
// CHECK-NEXT: %[[N:.*]] = "fanfold.cast"(%[[A]])
// CHECK-NEXT: %[[M:.*]] = "fanfold.cast"(%[[B]])
// CHECK-NEXT: %[[S:.*]] = "fanfold.residual_add"(%[[N]], %[[M]])
// CHECK-NEXT: "fanfold.yield"(%[[S]])
// CHECK-NOT: apart
// CHECK: return %[[R]]
func.func @merged_producers(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %m = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %s = "fanfold.residual_add"(%n, %m) : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// Merging goes on with what was merged; readers of the merged cluster's rows find it.
// CHECK-LABEL: func.func @merged_twice(
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(
// CHECK-COUNT-2: fanfold.residual_add
// CHECK: fanfold.yield
// CHECK-NOT: "fanfold.rows"
// CHECK-NOT: apart
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @merged_twice(%x: tensor<?x64xbf16>, %y: tensor<?x64xbf16>, %z: tensor<?x64xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf16>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %m = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %o = "fanfold.cast"(%z) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %s = "fanfold.residual_add"(%n, %m) : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %t = "fanfold.residual_add"(%o, %s) : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %h = "fanfold.cast"(%y) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  return %t, %h : tensor<?x64xf32>, tensor<?x64xf16>
}

// A cluster that waits for the other one through an op outside is not merged with it.
// CHECK-LABEL: func.func @producers_that_wait(
// CHECK: %[[A:.*]] = "fanfold.rows"
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%[[Z]], %[[A]])
// CHECK: fanfold.cast
// CHECK: "fanfold.residual_add"
// CHECK: return %[[B]]
func.func @producers_that_wait(%x: tensor<?x64xbf16>) -> tensor<?x64xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %n : tensor<?x64xf32>
  %m = "fanfold.cast"(%z) : (tensor<?x64xf32>) -> tensor<?x64xf16>
  %s = "fanfold.residual_add"(%m, %n) : (tensor<?x64xf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// Each reader has columns of its own, in the kernel where it is.
// CHECK-LABEL: func.func @columns_for_two_kernels(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x128xbf16>
// CHECK: %[[A:.*]] = "fanfold.rows"(%[[P]]) ({
// CHECK: "fanfold.columns"(%{{.*}}) {offset = 64 : i64}
// CHECK-NEXT: fanfold.cast
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%[[P]], %[[Z]]) ({
// CHECK: "fanfold.columns"(%{{.*}}) {offset = 64 : i64}
// CHECK-NEXT: fanfold.residual_add
// CHECK-NOT: fanfold.columns
// CHECK: return %[[B]]
func.func @columns_for_two_kernels(%p: tensor<?x128xbf16>) -> tensor<?x64xf32> {
  %q = "fanfold.columns"(%p) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %a = "fanfold.cast"(%q) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %a : tensor<?x64xf32>
  %s = "fanfold.residual_add"(%q, %z) : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %s : tensor<?x64xf32>
}

// In one kernel, equal copies are one.
// CHECK-LABEL: func.func @columns_for_two_readers_and_both_operands(
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%{{[a-z0-9]+}}) ({
// CHECK: %[[C:.*]] = "fanfold.columns"
// CHECK-DAG: "fanfold.cast"(%[[C]])
// CHECK-DAG: "fanfold.residual_add"(%[[C]], %[[C]])
// CHECK-NOT: "fanfold.columns"
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @columns_for_two_readers_and_both_operands(%p: tensor<?x128xbf16>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %q = "fanfold.columns"(%p) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %a = "fanfold.cast"(%q) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %s = "fanfold.residual_add"(%q, %q) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %a, %s : tensor<?x64xf32>, tensor<?x64xf32>
}

// Columns of what a kernel computes are the kernel's.
// CHECK-LABEL: func.func @columns_of_a_result(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x128xf32>
// CHECK-NEXT: %[[R:.*]] = "fanfold.rows"(%[[X]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x128xf32>):
// CHECK-NEXT: %[[N:.*]] = "fanfold.cast"(%[[A]])
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[N]])
// CHECK-NEXT: %[[F:.*]] = "fanfold.cast"(%[[C]])
// CHECK-NEXT: "fanfold.yield"(%[[F]])
// CHECK: return %[[R]]
func.func @columns_of_a_result(%x: tensor<?x128xf32>) -> tensor<?x64xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x128xf32>) -> tensor<?x128xbf16>
  %q = "fanfold.columns"(%n) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %a = "fanfold.cast"(%q) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %a : tensor<?x64xf32>
}

// One scale of all rows takes two kernels: largest magnitudes, then the norm again and the quantisation by the scale.
// Reading the same rows does not make the second wait for itself in the first; nothing was missed.
// CHECK-LABEL: func.func @second_step(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xbf16>
// CHECK-NEXT: %[[M:.*]] = "fanfold.rows"(%[[X]]) ({
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x64xbf16>):
// CHECK-NEXT: %[[N:.*]] = "fanfold.rms_norm"(%[[A]])
// CHECK-NEXT: %[[L:.*]] = "fanfold.absmax"(%[[N]])
// CHECK-NEXT: "fanfold.yield"(%[[L]])
// CHECK: %[[S:.*]] = tensor.expand_shape %{{.*}} into tensor<1xf32>
// CHECK-NEXT: %[[Q:.*]] = "fanfold.rows"(%[[X]], %[[S]]) ({
// CHECK-NEXT: ^bb0(%[[B:.*]]: tensor<?x64xbf16>, %[[T:.*]]: tensor<1xf32>):
// CHECK-NEXT: %[[C:.*]] = "fanfold.rms_norm"(%[[B]])
// CHECK-NEXT: %[[V:.*]] = "fanfold.quantize"(%[[C]], %[[T]])
// CHECK-NEXT: "fanfold.yield"(%[[V]])
// CHECK-NOT: apart
// CHECK: return %[[Q]], %[[S]]
func.func @second_step(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%n) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// The residual is stored by the first kernel; the second one reads it.
// CHECK-LABEL: func.func @second_step_of_what_is_stored(
// CHECK: %[[M:.*]]:2 = "fanfold.rows"(
// CHECK: fanfold.residual_add
// CHECK: fanfold.rms_norm
// CHECK: fanfold.absmax
// CHECK: "fanfold.yield"(%[[A:[0-9a-z]+]], %{{[0-9a-z]+}})
// CHECK: %[[Q:.*]] = "fanfold.rows"(%[[M]]#0, %{{[0-9a-z_]+}})
// CHECK-NOT: fanfold.residual_add
// CHECK: fanfold.rms_norm
// CHECK-NEXT: fanfold.quantize
// CHECK-NOT: apart
// CHECK: return %[[Q]], %[[M]]#0
func.func @second_step_of_what_is_stored(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x64xbf16>) {
  %a = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %n = "fanfold.rms_norm"(%a) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%n) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %a : tensor<?x64xf8E4M3FN>, tensor<?x64xbf16>
}

// SwiGLU for both steps: its columns are copied with it.
// CHECK-LABEL: func.func @second_step_of_halves(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x128xbf16>
// CHECK: "fanfold.rows"(%[[X]]) ({
// CHECK-COUNT-2: fanfold.columns
// CHECK: fanfold.silu_mul
// CHECK-NEXT: fanfold.absmax
// CHECK-NEXT: fanfold.yield
// CHECK: "fanfold.rows"(%[[X]], %{{[0-9a-z_]+}}) ({
// CHECK-COUNT-2: fanfold.columns
// CHECK: fanfold.silu_mul
// CHECK-NEXT: fanfold.quantize
// CHECK-NEXT: fanfold.yield
// CHECK-NOT: fanfold.columns
// CHECK: return
func.func @second_step_of_halves(%x: tensor<?x128xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %g = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %u = "fanfold.columns"(%x) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %s = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// A norm that is quantised twice, by rows as well: the first kernel has what a row knows, the second what all rows know.
// CHECK-LABEL: func.func @second_step_next_to_tokens(
// CHECK: %[[M:.*]]:3 = "fanfold.rows"(
// CHECK-DAG: fanfold.absmax
// CHECK-DAG: "fanfold.quantize"(%{{.*}}granularity = "token"
// CHECK: "fanfold.rows"(
// CHECK: fanfold.rms_norm
// CHECK-NEXT: "fanfold.quantize"(%{{.*}}granularity = "tensor"
// CHECK-NOT: apart
// CHECK: return
func.func @second_step_next_to_tokens(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xi8>, tensor<?x1xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%n) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  %p:2 = "fanfold.quantize"(%n) {granularity = "token", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<?x1xf32>)
  return %q#0, %q#1, %p#0, %p#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xi8>, tensor<?x1xf32>
}

// A scale is known when its row, or its group, has been read: what reads it is another kernel.
// CHECK-LABEL: func.func @scales_are_read(
// CHECK: %[[Q:.*]]:2 = "fanfold.rows"
// CHECK: fanfold.quantize
// CHECK-NEXT: fanfold.yield
// CHECK: %[[S:.*]] = "fanfold.rows"(%[[Q]]#1)
// CHECK: "fanfold.cast"(%{{.*}}) {apart = "it reads a scale or an absmax of its producer, which must be complete first"}
// CHECK: return %[[Q]]#0, %[[S]]
func.func @scales_are_read(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xbf16>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  %s = "fanfold.cast"(%q#1) : (tensor<?x2xf32>) -> tensor<?x2xbf16>
  return %q#0, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xbf16>
}

// CHECK-LABEL: func.func @absmax_is_read(
// CHECK: %[[M:.*]] = "fanfold.rows"
// CHECK: fanfold.absmax
// CHECK-NEXT: fanfold.yield
// CHECK: %[[S:.*]] = "fanfold.rows"(%[[M]])
// CHECK: "fanfold.cast"(%{{.*}}) {apart = "it reads a scale or an absmax of its producer, which must be complete first"}
// CHECK: return %[[S]]
func.func @absmax_is_read(%x: tensor<?x64xbf16>) -> tensor<?x1xbf16> {
  %m = "fanfold.absmax"(%x) : (tensor<?x64xbf16>) -> tensor<?x1xf32>
  %s = "fanfold.cast"(%m) : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  return %s : tensor<?x1xbf16>
}

// Columns of scales do not hide that they are scales.
// CHECK-LABEL: func.func @columns_of_scales_are_read(
// CHECK: %[[Q:.*]]:2 = "fanfold.rows"
// CHECK: fanfold.quantize
// CHECK-NEXT: fanfold.yield
// CHECK: %[[S:.*]] = "fanfold.rows"(%[[Q]]#1)
// CHECK: fanfold.columns
// CHECK-NEXT: "fanfold.cast"(%{{.*}}) {apart =
// CHECK: return %[[Q]]#0, %[[S]]
func.func @columns_of_scales_are_read(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xbf16>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  %c = "fanfold.columns"(%q#1) {offset = 1 : i64} : (tensor<?x2xf32>) -> tensor<?x1xf32>
  %s = "fanfold.cast"(%c) : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  return %q#0, %s : tensor<?x64xf8E4M3FN>, tensor<?x1xbf16>
}

// Two ops on the scales of one kernel are one kernel behind it, and one line in the report says why they are apart.
// CHECK-LABEL: func.func @scales_are_read_twice(
// CHECK: %[[Q:.*]]:2 = "fanfold.rows"
// CHECK: %[[S:.*]]:2 = "fanfold.rows"(%[[Q]]#1)
// CHECK-COUNT-2: apart = "it reads a scale
// CHECK: return %[[Q]]#0, %[[S]]#0, %[[S]]#1
func.func @scales_are_read_twice(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xbf16>, tensor<?x1xf16>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  %s = "fanfold.cast"(%q#1) : (tensor<?x1xf32>) -> tensor<?x1xbf16>
  %t = "fanfold.cast"(%q#1) : (tensor<?x1xf32>) -> tensor<?x1xf16>
  return %q#0, %s, %t : tensor<?x64xf8E4M3FN>, tensor<?x1xbf16>, tensor<?x1xf16>
}

// Rows of another count are other rows, even behind one tensor.
// CHECK-LABEL: func.func @other_row_counts(
// CHECK: "fanfold.rows"(%{{.*}}) ({
// CHECK: "fanfold.rows"(%{{.*}}) ({
// CHECK: return
func.func @other_row_counts(%x: tensor<6x64xbf16>) -> (tensor<6x64xf32>, tensor<12x32xf32>) {
  %a = "fanfold.cast"(%x) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
  %e = tensor.expand_shape %x [[0], [1, 2]] output_shape [6, 2, 32] : tensor<6x64xbf16> into tensor<6x2x32xbf16>
  %c = tensor.collapse_shape %e [[0, 1], [2]] : tensor<6x2x32xbf16> into tensor<12x32xbf16>
  %b = "fanfold.cast"(%c) : (tensor<12x32xbf16>) -> tensor<12x32xf32>
  return %a, %b : tensor<6x64xf32>, tensor<12x32xf32>
}

// Slices of a slice: every reader has copies all the way, one for each in its kernel.
// CHECK-LABEL: func.func @columns_of_columns(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x256xbf16>
// CHECK: %[[R:.*]]:2 = "fanfold.rows"(%[[P]]) ({
// CHECK-DAG: %[[G:.*]] = "fanfold.columns"(%{{[a-z0-9]+}}) {offset = 0 : i64{{.*}} -> tensor<?x64xbf16>
// CHECK-DAG: %[[U:.*]] = "fanfold.columns"(%{{[a-z0-9]+}}) {offset = 64 : i64{{.*}} -> tensor<?x64xbf16>
// CHECK: "fanfold.silu_mul"(%[[G]], %[[U]]) {activation_type = bf16
// CHECK: "fanfold.silu_mul"(%[[G]], %[[U]]) {activation_type = f32
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @columns_of_columns(%p: tensor<?x256xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %s = "fanfold.columns"(%p) {offset = 0 : i64} : (tensor<?x256xbf16>) -> tensor<?x128xbf16>
  %g = "fanfold.columns"(%s) {offset = 0 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %u = "fanfold.columns"(%s) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %z = "fanfold.silu_mul"(%g, %u) {activation_type = f32, limit = 7.0 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y, %z : tensor<?x64xbf16>, tensor<?x64xbf16>
}

// The readers are in two kernels.
// CHECK-LABEL: func.func @columns_of_columns_for_two_kernels(
// CHECK-SAME: %[[P:[a-z0-9]+]]: tensor<?x256xbf16>
// CHECK: %[[A:.*]] = "fanfold.rows"(%[[P]]) ({
// CHECK: %[[Z:.*]] = math.absf %[[A]]
// CHECK: %[[B:.*]] = "fanfold.rows"(%[[P]], %[[Z]]) ({
// CHECK: fanfold.columns
// CHECK: fanfold.residual_add
// CHECK: return %[[B]]
func.func @columns_of_columns_for_two_kernels(%p: tensor<?x256xbf16>) -> tensor<?x64xf32> {
  %s = "fanfold.columns"(%p) {offset = 0 : i64} : (tensor<?x256xbf16>) -> tensor<?x128xbf16>
  %g = "fanfold.columns"(%s) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %a = "fanfold.cast"(%g) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %z = math.absf %a : tensor<?x64xf32>
  %y = "fanfold.residual_add"(%g, %z) : (tensor<?x64xbf16>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// What the second step computes again and reads twice is in its kernel once.
// CHECK-LABEL: func.func @second_step_reads_a_value_twice(
// CHECK: fanfold.absmax
// CHECK: "fanfold.rows"(
// CHECK: %[[N:.*]] = "fanfold.cast"
// CHECK-NEXT: %[[A:.*]] = "fanfold.residual_add"(%[[N]], %[[N]])
// CHECK-NEXT: "fanfold.quantize"(%[[A]],
// CHECK: return
func.func @second_step_reads_a_value_twice(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf16>
  %a = "fanfold.residual_add"(%n, %n) : (tensor<?x64xf16>, tensor<?x64xf16>) -> tensor<?x64xf16>
  %q:2 = "fanfold.quantize"(%a) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}
