// RUN: fanfold-opt %s --pass split-tensor-scales | filecheck %s

// The second step computes the norm again; the scale has floors and ceiling in it.
// CHECK-LABEL: func.func @norm(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x64xbf16>, %[[C:[a-z0-9]+]]: tensor<1xf32>
// CHECK: %[[N:.*]] = "fanfold.rms_norm"(%[[X]])
// CHECK-NOT: second_step
// CHECK: %[[M:.*]] = "fanfold.absmax"(%[[N]]) {{.*}} : (tensor<?x64xbf16>) -> tensor<?x1xf32>
// CHECK-NEXT: %[[F:.*]] = tensor.collapse_shape %[[M]] {{\[\[}}0, 1]] : tensor<?x1xf32> into tensor<?xf32>
// CHECK: %[[B:.*]] = linalg.generic
// CHECK-SAME: iterator_types = ["reduction"]
// CHECK-SAME: ins(%[[F]] : tensor<?xf32>)
// CHECK: %[[U:.*]] = tensor.collapse_shape %[[C]] [] : tensor<1xf32> into tensor<f32>
// CHECK: %[[S:.*]] = linalg.generic
// CHECK-SAME: ins(%[[B]], %[[U]] : tensor<i32>, tensor<f32>)
// CHECK: %[[E:.*]] = tensor.expand_shape %[[S]] [] output_shape [1] : tensor<f32> into tensor<1xf32>
// CHECK-NEXT: %[[A:.*]] = "fanfold.rms_norm"(%[[X]])
// CHECK-SAME: second_step
// CHECK-NEXT: %[[Q:.*]] = "fanfold.quantize"(%[[A]], %[[E]]) {absmax_floor = 0.000000e+00 : f64
// CHECK-SAME: granularity = "tensor"
// CHECK-SAME: scale_floor = 0.000000e+00 : f64
// CHECK-SAME: second_step
// CHECK-SAME: (tensor<?x64xbf16>, tensor<1xf32>) -> tensor<?x64xf8E4M3FN>
// CHECK-NEXT: return %[[Q]], %[[E]]
func.func @norm(%x: tensor<?x64xbf16>, %c: tensor<1xf32>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1, %c) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-12 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 1>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<1xf32>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v2#0, %v2#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// Nothing is computed again; without a ceiling, the scale is made of the largest magnitude alone.
// CHECK-LABEL: func.func @argument(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<5x64xbf16>
// CHECK: %[[M:.*]] = "fanfold.absmax"(%[[X]]) {{.*}} : (tensor<5x64xbf16>) -> tensor<5x1xf32>
// CHECK-NEXT: %[[F:.*]] = tensor.collapse_shape %[[M]] {{\[\[}}0, 1]] : tensor<5x1xf32> into tensor<5xf32>
// CHECK: %[[B:.*]] = linalg.generic
// CHECK-SAME: ins(%[[F]] : tensor<5xf32>)
// CHECK: %[[S:.*]] = linalg.generic
// CHECK-SAME: ins(%[[B]] : tensor<i32>)
// CHECK: %[[E:.*]] = tensor.expand_shape %[[S]]
// CHECK-NEXT: %[[Q:.*]] = "fanfold.quantize"(%[[X]], %[[E]])
// CHECK-SAME: form = "multiplier"
// CHECK-SAME: -> tensor<5x64xi8>
// CHECK-NEXT: return %[[Q]], %[[E]]
func.func @argument(%x: tensor<5x64xbf16>) -> (tensor<5x64xi8>, tensor<1xf32>) {
  %v1:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<5x64xbf16>) -> (tensor<5x64xi8>, tensor<1xf32>)
  return %v1#0, %v1#1 : tensor<5x64xi8>, tensor<1xf32>
}

// The format is in the scale; the second step takes any f32.
// CHECK-LABEL: func.func @power_of_two(
// CHECK: "fanfold.absmax"
// CHECK: "fanfold.quantize"
// CHECK-SAME: scale_format = "f32"
// CHECK: return
func.func @power_of_two(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %v1:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v1#0, %v1#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// The norm is stored anyway: it is read, and not computed again.
// CHECK-LABEL: func.func @norm_is_returned(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.absmax"(%[[N]])
// CHECK-NOT: fanfold.rms_norm
// CHECK: "fanfold.quantize"(%[[N]], %{{[^)]*}})
// CHECK: return
func.func @norm_is_returned(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>, !torch.vtensor<[?,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3:2 = "fanfold.quantize"(%v1) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v3#0, %v3#1, %v2 : tensor<?x64xf8E4M3FN>, tensor<1xf32>, !torch.vtensor<[?,64],bf16>
}

// As far back as the new residual, which is stored.
// CHECK-LABEL: func.func @residual_is_returned(
// CHECK: %[[A:.*]] = "fanfold.residual_add"
// CHECK: %[[N:.*]] = "fanfold.rms_norm"(%[[A]])
// CHECK: "fanfold.absmax"(%[[N]])
// CHECK-NOT: fanfold.residual_add
// CHECK: %[[C:.*]] = "fanfold.rms_norm"(%[[A]])
// CHECK-SAME: second_step
// CHECK: "fanfold.quantize"(%[[C]], %{{[^)]*}})
// CHECK: return
func.func @residual_is_returned(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xbf16>) {
  %v1 = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = "fanfold.rms_norm"(%v1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v3:2 = "fanfold.quantize"(%v2) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v3#0, %v3#1, %v1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @chain(
// CHECK: %[[A:.*]] = "fanfold.residual_add"
// CHECK: %[[N:.*]] = "fanfold.rms_norm"(%[[A]])
// CHECK: "fanfold.absmax"(%[[N]])
// CHECK: %[[B:.*]] = "fanfold.residual_add"(%{{[^)]*}}) {second_step}
// CHECK: %[[C:.*]] = "fanfold.rms_norm"(%[[B]])
// CHECK-SAME: second_step
// CHECK: "fanfold.quantize"(%[[C]], %{{[^)]*}})
// CHECK: return
func.func @chain(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %v1 = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = "fanfold.rms_norm"(%v1) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v3:2 = "fanfold.quantize"(%v2) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v3#0, %v3#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// CHECK-LABEL: func.func @halves(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x128xbf16>
// CHECK: "fanfold.absmax"
// CHECK-DAG: %[[G:.*]] = "fanfold.columns"(%[[X]]) {offset = 0 : i64, second_step}
// CHECK-DAG: %[[U:.*]] = "fanfold.columns"(%[[X]]) {offset = 64 : i64, second_step}
// CHECK: %[[S:.*]] = "fanfold.silu_mul"(%[[G]], %[[U]])
// CHECK-SAME: second_step
// CHECK: "fanfold.quantize"(%[[S]], %{{[^)]*}})
// CHECK: return
func.func @halves(%x: tensor<?x128xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %v1 = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %v2 = "fanfold.columns"(%x) {offset = 64 : i64} : (tensor<?x128xbf16>) -> tensor<?x64xbf16>
  %v3 = "fanfold.silu_mul"(%v1, %v2) {activation_type = bf16, limit = 0x7FF0000000000000 : f64} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v4:2 = "fanfold.quantize"(%v3) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %v4#0, %v4#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// Row ops that read it as well store nothing: it is computed again for each.
// CHECK-LABEL: func.func @two_scales_of_one_tensor(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.absmax"(%[[N]])
// CHECK: %[[A:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.quantize"(%[[A]], %{{[^)]*}}) {{.*}} -> tensor<?x64xf8E4M3FN>
// CHECK: "fanfold.absmax"(%[[N]])
// CHECK: %[[B:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.quantize"(%[[B]], %{{[^)]*}}) {{.*}} -> tensor<?x64xi8>
// CHECK: "fanfold.quantize"(%[[N]]) {{.*}} granularity = "token"
// CHECK: return
func.func @two_scales_of_one_tensor(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xi8>, tensor<1xf32>, tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  %v3:2 = "fanfold.quantize"(%v1) {granularity = "tensor", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<1xf32>)
  %v4:2 = "fanfold.quantize"(%v1) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %v2#0, %v2#1, %v3#0, %v3#1, %v4#0, %v4#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>, tensor<?x64xi8>, tensor<1xf32>, tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}

// A value that is read twice is computed again once: five sums have five copies, not 31.
// CHECK-LABEL: func.func @diamonds(
// CHECK: fanfold.absmax
// CHECK-COUNT-5: fanfold.residual_add
// CHECK-NOT: fanfold.residual_add
// CHECK: fanfold.quantize
// CHECK: return
func.func @diamonds(%x0: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>) {
  %x1 = "fanfold.residual_add"(%x0, %x0) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %x2 = "fanfold.residual_add"(%x1, %x1) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %x3 = "fanfold.residual_add"(%x2, %x2) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %x4 = "fanfold.residual_add"(%x3, %x3) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %x5 = "fanfold.residual_add"(%x4, %x4) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%x5) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<1xf32>
}

// The lower end of the range stays the op's.
// CHECK-LABEL: func.func @low(
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}} low = -1.280000e+02 : f64{{.*}} second_step
func.func @low(%x: tensor<5x64xbf16>) -> (tensor<5x64xi8>, tensor<1xf32>) {
  %v2:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 64 : i64, bound = 127.0 : f64, low = -128.0 : f64, absmax_floor = 1.0e-12 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = bf16, quotient_type = bf16, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<5x64xbf16>) -> (tensor<5x64xi8>, tensor<1xf32>)
  return %v2#0, %v2#1 : tensor<5x64xi8>, tensor<1xf32>
}
