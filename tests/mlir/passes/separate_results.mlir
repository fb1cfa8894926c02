// RUN: fanfold-opt %s --pass form-rows --pass separate-results | filecheck %s

// What is returned twice is stored twice, whatever reshapes lie between.
// CHECK-LABEL: func.func @twice(
// CHECK: %[[R:.*]]:3 = "fanfold.rows"
// CHECK: "fanfold.yield"(%[[Q:[^,]*]], %{{[^,]*}}, %[[Q]])
// CHECK: %[[E:.*]] = tensor.expand_shape %[[R]]#0
// CHECK: %[[F:.*]] = tensor.expand_shape %[[R]]#2
// CHECK: return %[[E]], %[[R]]#1, %[[F]]
func.func @twice(%x: tensor<6x128xbf16>) -> (tensor<2x3x128xf8E4M3FN>, tensor<6x1xf32>, tensor<2x3x128xf8E4M3FN>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x128xbf16>) -> (tensor<6x128xf8E4M3FN>, tensor<6x1xf32>)
  %e = tensor.expand_shape %q [[0, 1], [2]] output_shape [2, 3, 128] : tensor<6x128xf8E4M3FN> into tensor<2x3x128xf8E4M3FN>
  return %e, %s, %e : tensor<2x3x128xf8E4M3FN>, tensor<6x1xf32>, tensor<2x3x128xf8E4M3FN>
}

// Two shapes of one result are one tensor in memory too.
// CHECK-LABEL: func.func @two_shapes(
// CHECK: %[[R:.*]]:2 = "fanfold.rows"
// CHECK: %[[F:.*]] = tensor.expand_shape %[[R]]#1
// CHECK: return %[[R]]#0, %[[F]]
func.func @two_shapes(%x: tensor<6x128xbf16>) -> (tensor<6x128xf32>, tensor<2x3x128xf32>) {
  %y = "fanfold.cast"(%x) : (tensor<6x128xbf16>) -> tensor<6x128xf32>
  %e = tensor.expand_shape %y [[0, 1], [2]] output_shape [2, 3, 128] : tensor<6x128xf32> into tensor<2x3x128xf32>
  return %y, %e : tensor<6x128xf32>, tensor<2x3x128xf32>
}

// An argument that is returned twice is not ours to store.
// CHECK-LABEL: func.func @argument(
// CHECK-NEXT: return
func.func @argument(%x: tensor<6x128xbf16>) -> (tensor<6x128xbf16>, tensor<6x128xbf16>) {
  return %x, %x : tensor<6x128xbf16>, tensor<6x128xbf16>
}
