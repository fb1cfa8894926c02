// RUN: fanfold-opt %s --pass form-rows --no-kernels --pass lower-rows-to-kernel --pass lower-rows-to-linalg --report --split-input-file | filecheck %s
// RUN: fanfold-opt %s --pass lower-rows-to-linalg --report --split-input-file | filecheck %s --check-prefix=STRAY

// Roundings are integer arithmetic: no extf, no truncf.
// CHECK-LABEL: func.func @residual_add(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>, %[[R:.*]]: tensor<?x64xbf16>
// CHECK: %[[D:.*]] = tensor.dim %[[X]]
// CHECK: %[[E:.*]] = tensor.empty(%[[D]]) : tensor<?x64xbf16>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel"]} ins(%[[X]], %[[R]] : {{.*}}) outs(%[[E]] : tensor<?x64xbf16>)
// CHECK-NOT: arith.extf
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : bf16 to i16
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.bitcast %{{.*}} : i16 to bf16
// CHECK-NEXT: linalg.yield
// CHECK-NOT: fanfold
// CHECK: return %[[Y]]
// CHECK: // add: no kernel: kernels are switched off
// STRAY-LABEL: func.func @residual_add(
// STRAY: linalg.generic
// STRAY: // add: no kernel: it is in no fanfold.rows: kernels are made of those alone
func.func @residual_add(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  %y = "fanfold.residual_add"(%x, %r) {origins = ["add@m.py:1#0"]} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

// f16 is converted by arithmetic too: not every processor can, and IREE's own routine is not exact.
// CHECK-LABEL: func.func @cast_to_f16(
// CHECK-NOT: arith.truncf
// CHECK-NOT: arith.extf
// CHECK: arith.bitcast %{{.*}} : i16 to f16
// CHECK-NEXT: linalg.yield
func.func @cast_to_f16(%x: tensor<?x64xf32>) -> tensor<?x64xf16> {
  %y = "fanfold.cast"(%x) : (tensor<?x64xf32>) -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}

// -----

// Columns compute nothing, so they owe no report.
// CHECK-LABEL: func.func @silu_mul(
// CHECK-SAME: %[[X:.*]]: tensor<4x64xbf16>
// CHECK-DAG: %[[G:.*]] = tensor.extract_slice %[[X]][0, 0] [4, 32] [1, 1]
// CHECK-DAG: %[[U:.*]] = tensor.extract_slice %[[X]][0, 32] [4, 32] [1, 1]
// CHECK: linalg.generic {{.*}} ins(%[[G]], %[[U]] : tensor<4x32xbf16>, tensor<4x32xbf16>)
// CHECK: arith.minimumf
// CHECK: math.exp
// CHECK-NOT: // gate
// CHECK-NOT: // up
// CHECK: // mul: no kernel: kernels are switched off
// CHECK-NOT: // gate
// CHECK-NOT: // up
func.func @silu_mul(%x: tensor<4x64xbf16>) -> tensor<4x32xbf16> {
  %g = "fanfold.columns"(%x) {offset = 0 : i64, origins = ["gate@m.py:1#0"]} : (tensor<4x64xbf16>) -> tensor<4x32xbf16>
  %u = "fanfold.columns"(%x) {offset = 32 : i64, origins = ["up@m.py:1#1"]} : (tensor<4x64xbf16>) -> tensor<4x32xbf16>
  %y = "fanfold.silu_mul"(%g, %u) {activation_type = bf16, limit = 7.0 : f64, origins = ["mul@m.py:1#2"]} : (tensor<4x32xbf16>, tensor<4x32xbf16>) -> tensor<4x32xbf16>
  return %y : tensor<4x32xbf16>
}

// -----

// Squares are added in chunks of 64, and the chunks' sums after that; zeros fill up the last chunk.
// CHECK-LABEL: func.func @rms_norm(
// CHECK-SAME: %[[X:.*]]: tensor<?x100xbf16>, %[[W:.*]]: tensor<100xbf16>
// CHECK: %[[P:.*]] = tensor.pad %[[X]] low[0, 0] high[0, 28]
// CHECK: %[[E:.*]] = tensor.expand_shape %[[P]] {{.*}} into tensor<?x2x64xbf16>
// CHECK: %[[S:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[E]] : {{.*}}) outs(%{{.*}} : tensor<?x2xf32>)
// CHECK: %[[T:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[S]] : {{.*}}) outs(%{{.*}} : tensor<?xf32>)
// CHECK: %[[Q:.*]] = linalg.generic {{.*}} ins(%[[T]] : tensor<?xf32>)
// CHECK: math.sqrt
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[Q]], %[[W]] : tensor<?x100xbf16>, tensor<?xf32>, tensor<100xbf16>)
func.func @rms_norm(%x: tensor<?x100xbf16>, %w: tensor<100xbf16>) -> tensor<?x100xbf16> {
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 100 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x100xbf16>, tensor<100xbf16>) -> tensor<?x100xbf16>
  return %y : tensor<?x100xbf16>
}

// -----

// CHECK-LABEL: func.func @variance_of_a_part(
// CHECK-SAME: %[[X:.*]]: tensor<?x128xf32>
// CHECK: tensor.extract_slice %[[X]][0, 0] [%{{.*}}, 64] [1, 1]
func.func @variance_of_a_part(%x: tensor<?x128xf32>) -> tensor<?x128xf32> {
  %y = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = f32, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x128xf32>) -> tensor<?x128xf32>
  return %y : tensor<?x128xf32>
}

// -----

// The maximum is one of integers, which propagates NaN; the last group is filled up with zeros, and cut off again.
// CHECK-LABEL: func.func @group_quantize(
// CHECK-SAME: %[[X:.*]]: tensor<?x300xbf16>
// CHECK: %[[P:.*]] = tensor.pad %[[X]] low[0, 0] high[0, 84]
// CHECK: %[[E:.*]] = tensor.expand_shape %[[P]] {{\[\[}}0], [1, 2]] {{.*}} into tensor<?x3x128xbf16>
// CHECK: %[[M:.*]] = linalg.generic {{.*}}"reduction"]} ins(%[[E]] : tensor<?x3x128xbf16>) outs(%{{.*}} : tensor<?x3xi32>)
// CHECK: arith.maxsi
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<?x3xi32>) outs(%{{.*}} : tensor<?x3xf32>)
// CHECK: %[[C:.*]] = linalg.generic {{.*}} ins(%[[E]], %[[S]] : tensor<?x3x128xbf16>, tensor<?x3xf32>) outs(%{{.*}} : tensor<?x3x128xf8E4M3FN>)
// CHECK: arith.divf
// CHECK: arith.minimumf
// CHECK: arith.maximumf
// CHECK: arith.bitcast %{{.*}} : i8 to f8E4M3FN
// CHECK: %[[J:.*]] = tensor.collapse_shape %[[C]] {{.*}} into tensor<?x384xf8E4M3FN>
// CHECK: %[[Q:.*]] = tensor.extract_slice %[[J]][0, 0] [%{{.*}}, 300] [1, 1]
// CHECK: return %[[Q]], %[[S]]
func.func @group_quantize(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %q#0, %q#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

// CHECK-LABEL: func.func @static_quantize(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xf32>, %[[S:.*]]: tensor<1xf32>
// CHECK: %[[V:.*]] = tensor.collapse_shape %[[S]] [] : tensor<1xf32> into tensor<f32>
// CHECK: linalg.generic {{.*}} ins(%[[X]], %[[V]] : tensor<?x64xf32>, tensor<f32>) outs(%{{.*}} : tensor<?x64xi8>)
// CHECK: math.roundeven
func.func @static_quantize(%x: tensor<?x64xf32>, %s: tensor<1xf32>) -> tensor<?x64xi8> {
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "reciprocal", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x64xf32>, tensor<1xf32>) -> tensor<?x64xi8>
  return %q : tensor<?x64xi8>
}

// -----

// Rows without columns have a scale all the same.
// CHECK-LABEL: func.func @width_0(
// CHECK: %[[F:.*]] = linalg.fill {{.*}} -> tensor<?x1xi32>
// CHECK: %[[S:.*]] = linalg.generic {{.*}} ins(%[[F]] : tensor<?x1xi32>)
// CHECK: %[[Q:.*]] = tensor.empty(%{{.*}}) : tensor<?x0xi8>
// CHECK: return %[[Q]], %[[S]]
func.func @width_0(%x: tensor<?x0xbf16>) -> (tensor<?x0xi8>, tensor<?x1xf32>) {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 0 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 1.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x0xbf16>) -> (tensor<?x0xi8>, tensor<?x1xf32>)
  return %q#0, %q#1 : tensor<?x0xi8>, tensor<?x1xf32>
}

// -----

// Ops of other dialects are left alone.
// CHECK-LABEL: func.func @nothing_to_do(
// CHECK-NEXT: math.absf
// CHECK-NEXT: return
func.func @nothing_to_do(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %z = math.absf %x : tensor<?x64xf32>
  return %z : tensor<?x64xf32>
}
