// RUN: fanfold-opt %s --pass sink-views --pass drop-dead-ops | filecheck %s

// A group of 128 is two rows of 64.
// CHECK-LABEL: func.func @groups_cross_rows(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,256],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x256xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @groups_cross_rows(%x: tensor<?x64xbf16>, %d: index) -> (tensor<?x256xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 4, 64] : tensor<?x64xbf16> into tensor<?x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x4x64xbf16> -> !torch.vtensor<[?,4,64],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 256
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x2xf32>)
  return %v9#0, %v9#1 : tensor<?x256xf8E4M3FN>, tensor<?x2xf32>
}

// A token is four rows.
// CHECK-LABEL: func.func @token_of_merged_rows(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,256],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x256xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @token_of_merged_rows(%x: tensor<?x64xbf16>, %d: index) -> (tensor<?x256xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 4, 64] : tensor<?x64xbf16> into tensor<?x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x4x64xbf16> -> !torch.vtensor<[?,4,64],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 256
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 256 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x1xf32>)
  return %v9#0, %v9#1 : tensor<?x256xf8E4M3FN>, tensor<?x1xf32>
}

// The last group of each 96 is a shorter one; in rows of 192 it would not be.
// CHECK-LABEL: func.func @groups_end_with_a_shorter_one(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,96],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x96xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @groups_end_with_a_shorter_one(%x: tensor<?x192xbf16>) -> (tensor<?x96xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 192 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x192xbf16>) -> tensor<?x192xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x192xbf16> -> !torch.vtensor<[?,192],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 96
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,192],bf16>, !torch.list<int> -> !torch.vtensor<[?,96],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,96],bf16> -> tensor<?x96xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x96xbf16>) -> (tensor<?x96xf8E4M3FN>, tensor<?x2xf32>)
  return %v8#0, %v8#1 : tensor<?x96xf8E4M3FN>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @shorter_groups_of_merged_rows(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,192],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x192xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @shorter_groups_of_merged_rows(%x: tensor<?x96xbf16>, %d: index) -> (tensor<?x192xf8E4M3FN>, tensor<?x3xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 96 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x96xbf16>) -> tensor<?x96xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 2, 96] : tensor<?x96xbf16> into tensor<?x2x96xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x2x96xbf16> -> !torch.vtensor<[?,2,96],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 192
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,2,96],bf16>, !torch.list<int> -> !torch.vtensor<[?,192],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,192],bf16> -> tensor<?x192xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x192xbf16>) -> (tensor<?x192xf8E4M3FN>, tensor<?x3xf32>)
  return %v9#0, %v9#1 : tensor<?x192xf8E4M3FN>, tensor<?x3xf32>
}

// CHECK-LABEL: func.func @widths_do_not_divide(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @widths_do_not_divide(%x: tensor<?x96xbf16>, %d: index) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 96 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x96xbf16>) -> tensor<?x96xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 2, 96] : tensor<?x96xbf16> into tensor<?x2x96xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x2x96xbf16> -> !torch.vtensor<[?,2,96],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 64
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,2,96],bf16>, !torch.list<int> -> !torch.vtensor<[?,64],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %v9#0, %v9#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}

// Scales lie in memory as the model has them.
// CHECK-LABEL: func.func @column_major(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @column_major(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "token", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>)
  return %v8#0, %v8#1 : tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @column_major_padded(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @column_major_padded(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>)
  return %v8#0, %v8#1 : tensor<?x128xf8E4M3FN>, tensor<?x2xf32>
}

// Four exponents of a row share a number.
// CHECK-LABEL: func.func @packed(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @packed(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xi32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xi32>)
  return %v8#0, %v8#1 : tensor<?x128xf8E4M3FN>, tensor<?x1xi32>
}

// One scale of all rows is no row op.
// CHECK-LABEL: func.func @scale_of_the_tensor(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @scale_of_the_tensor(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "tensor", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<1xf32>)
  return %v8#0, %v8#1 : tensor<?x128xf8E4M3FN>, tensor<1xf32>
}

// Nothing computes the rows: there is no kernel to join.
// CHECK-LABEL: func.func @groups_of_an_argument(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @groups_of_an_argument(%x: !torch.vtensor<[?,256],bf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = torch.constant.int -1
  %v2 = torch.constant.int 128
  %v3 = torch.prim.ListConstruct %v1, %v2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v4 = torch.aten.view %x, %v3 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v5 = torch_c.to_builtin_tensor %v4 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v6:2 = "fanfold.quantize"(%v5) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>)
  return %v6#0, %v6#1 : tensor<?x128xf8E4M3FN>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @merged_rows_of_an_argument(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,256],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x256xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @merged_rows_of_an_argument(%x: !torch.vtensor<[?,4,64],bf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>) {
  %v1 = torch.constant.int -1
  %v2 = torch.constant.int 256
  %v3 = torch.prim.ListConstruct %v1, %v2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v4 = torch.aten.view %x, %v3 : !torch.vtensor<[?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %v5 = torch_c.to_builtin_tensor %v4 : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %v6:2 = "fanfold.quantize"(%v5) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>)
  return %v6#0, %v6#1 : tensor<?x256xf8E4M3FN>, tensor<?x4xf32>
}

// CHECK-LABEL: func.func @static_scale_of_an_argument(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>, tensor<1xf32>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @static_scale_of_an_argument(%x: !torch.vtensor<[?,256],bf16>, %s: tensor<1xf32>) -> tensor<?x128xf8E4M3FN> {
  %v1 = torch.constant.int -1
  %v2 = torch.constant.int 128
  %v3 = torch.prim.ListConstruct %v1, %v2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v4 = torch.aten.view %x, %v3 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v5 = torch_c.to_builtin_tensor %v4 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v6 = "fanfold.quantize"(%v5, %s) {granularity = "tensor", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x128xbf16>, tensor<1xf32>) -> tensor<?x128xf8E4M3FN>
  return %v6 : tensor<?x128xf8E4M3FN>
}

// A norm is over the whole row.
// CHECK-LABEL: func.func @norm_of_a_reshape(
// CHECK: torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,128],bf16>
// CHECK: "fanfold.rms_norm"(%{{[^)]*}})
// CHECK-SAME: (tensor<?x128xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @norm_of_a_reshape(%x: tensor<?x256xbf16>) -> tensor<?x128xbf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8 = "fanfold.rms_norm"(%v7) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 128 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x128xbf16>) -> tensor<?x128xbf16>
  return %v8 : tensor<?x128xbf16>
}

// Other values are in a row.
// CHECK-LABEL: func.func @last_dim_is_permuted(
// CHECK: torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[2,64,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<128x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @last_dim_is_permuted(%x: tensor<128x64xbf16>) -> (tensor<128x64xf8E4M3FN>, tensor<128x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<128x64xbf16>) -> tensor<128x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 64, 64] : tensor<128x64xbf16> into tensor<2x64x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x64x64xbf16> -> !torch.vtensor<[2,64,64],bf16>
  %v4 = torch.constant.int 1
  %v5 = torch.constant.int 2
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,64,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[2,64,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[2,64,64],bf16> -> tensor<2x64x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<2x64x64xbf16> into tensor<128x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<128x64xbf16>) -> (tensor<128x64xf8E4M3FN>, tensor<128x1xf32>)
  return %v9#0, %v9#1 : tensor<128x64xf8E4M3FN>, tensor<128x1xf32>
}

// CHECK-LABEL: func.func @last_dim_is_permuted_by_permute(
// CHECK: torch.aten.permute
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[64,3,2],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<192x2xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @last_dim_is_permuted_by_permute(%x: tensor<6x64xbf16>) -> (tensor<192x2xf8E4M3FN>, tensor<192x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 2
  %v5 = torch.constant.int 1
  %v6 = torch.constant.int 0
  %v7 = torch.prim.ListConstruct %v4, %v5, %v6 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v8 = torch.aten.permute %v3, %v7 : !torch.vtensor<[2,3,64],bf16>, !torch.list<int> -> !torch.vtensor<[64,3,2],bf16>
  %v9 = torch_c.to_builtin_tensor %v8 : !torch.vtensor<[64,3,2],bf16> -> tensor<64x3x2xbf16>
  %v10 = tensor.collapse_shape %v9 [[0, 1], [2]] : tensor<64x3x2xbf16> into tensor<192x2xbf16>
  %v11:2 = "fanfold.quantize"(%v10) {granularity = "token", group_size = 2 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<192x2xbf16>) -> (tensor<192x2xf8E4M3FN>, tensor<192x1xf32>)
  return %v11#0, %v11#1 : tensor<192x2xf8E4M3FN>, tensor<192x1xf32>
}

// CHECK-LABEL: func.func @dynamic_order(
// CHECK: torch.aten.permute
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[2,2,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<4x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @dynamic_order(%x: tensor<4x64xbf16>, %i: !torch.int) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>) -> tensor<4x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 2, 64] : tensor<4x64xbf16> into tensor<2x2x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x2x64xbf16> -> !torch.vtensor<[2,2,64],bf16>
  %v4 = torch.constant.int 1
  %v5 = torch.constant.int 2
  %v6 = torch.prim.ListConstruct %i, %v4, %v5 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.permute %v3, %v6 : !torch.vtensor<[2,2,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,2,64],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[2,2,64],bf16> -> tensor<2x2x64xbf16>
  %v9 = tensor.collapse_shape %v8 [[0, 1], [2]] : tensor<2x2x64xbf16> into tensor<4x64xbf16>
  %v10:2 = "fanfold.quantize"(%v9) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  return %v10#0, %v10#1 : tensor<4x64xf8E4M3FN>, tensor<4x1xf32>
}

// CHECK-LABEL: func.func @dynamic_transpose(
// CHECK: torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[2,2,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<4x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @dynamic_transpose(%x: tensor<4x64xbf16>, %i: !torch.int) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>) -> tensor<4x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 2, 64] : tensor<4x64xbf16> into tensor<2x2x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x2x64xbf16> -> !torch.vtensor<[2,2,64],bf16>
  %v4 = torch.constant.int 1
  %v5 = torch.aten.transpose.int %v3, %i, %v4 : !torch.vtensor<[2,2,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[2,2,64],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[2,2,64],bf16> -> tensor<2x2x64xbf16>
  %v7 = tensor.collapse_shape %v6 [[0, 1], [2]] : tensor<2x2x64xbf16> into tensor<4x64xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  return %v8#0, %v8#1 : tensor<4x64xf8E4M3FN>, tensor<4x1xf32>
}

// The transpose would not be saved.
// CHECK-LABEL: func.func @permutation_of_an_argument(
// CHECK: torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[3,2,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<6x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @permutation_of_an_argument(%x: !torch.vtensor<[2,3,64],bf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>) {
  %v1 = torch.constant.int 0
  %v2 = torch.constant.int 1
  %v3 = torch.aten.transpose.int %x, %v1, %v2 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v5 = tensor.collapse_shape %v4 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v6:2 = "fanfold.quantize"(%v5) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>)
  return %v6#0, %v6#1 : tensor<6x64xf8E4M3FN>, tensor<6x1xf32>
}

// CHECK-LABEL: func.func @permuted_column_major(
// CHECK: torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[3,2,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<6x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @permuted_column_major(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>)
  return %v9#0, %v9#1 : tensor<6x64xf8E4M3FN>, tensor<6x1xf32>
}

// CHECK-LABEL: func.func @permuted_scale_of_the_tensor(
// CHECK: torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[3,2,64],bf16>
// CHECK: "fanfold.quantize"(%{{[^)]*}})
// CHECK-SAME: (tensor<6x64xbf16>) ->
// CHECK-NOT: torch.aten
// CHECK: return
func.func @permuted_scale_of_the_tensor(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<1xf32>)
  return %v9#0, %v9#1 : tensor<6x64xf8E4M3FN>, tensor<1xf32>
}

// The other operand is not permuted.
// CHECK-LABEL: func.func @two_row_operands(
// CHECK: %[[P:.*]] = torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK: "fanfold.residual_add"(%[[R]], %{{[^)]*}})
// CHECK-NEXT: return
func.func @two_row_operands(%x: tensor<6x64xbf16>, %y: tensor<6x64xbf16>) -> tensor<6x64xbf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9 = "fanfold.residual_add"(%v8, %y) : (tensor<6x64xbf16>, tensor<6x64xbf16>) -> tensor<6x64xbf16>
  return %v9 : tensor<6x64xbf16>
}

// The view puts two permuted rows into one: it stands, and so does the transpose.
// CHECK-LABEL: func.func @permutation_within_a_row(
// CHECK: %[[P:.*]] = torch.aten.transpose.int
// CHECK: %[[V:.*]] = torch.aten.reshape %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: "fanfold.quantize"(%[[B]])
// CHECK: return
func.func @permutation_within_a_row(%x: tensor<6x64xbf16>) -> (tensor<3x128xf8E4M3FN>, tensor<3x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch.constant.int 3
  %v8 = torch.constant.int 128
  %v9 = torch.prim.ListConstruct %v7, %v8 : (!torch.int, !torch.int) -> !torch.list<int>
  %v10 = torch.aten.reshape %v6, %v9 : !torch.vtensor<[3,2,64],bf16>, !torch.list<int> -> !torch.vtensor<[3,128],bf16>
  %v11 = torch_c.to_builtin_tensor %v10 : !torch.vtensor<[3,128],bf16> -> tensor<3x128xbf16>
  %v12:2 = "fanfold.quantize"(%v11) {granularity = "token", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<3x128xbf16>) -> (tensor<3x128xf8E4M3FN>, tensor<3x1xf32>)
  return %v12#0, %v12#1 : tensor<3x128xf8E4M3FN>, tensor<3x1xf32>
}
