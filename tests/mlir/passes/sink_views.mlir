// RUN: fanfold-opt %s --pass sink-views --pass drop-dead-ops | filecheck %s

// A token of the view is a group of the row.
// CHECK-LABEL: func.func @token_becomes_group(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK-SAME: absmax_floor = 1.000000e-10 : f64
// CHECK-SAME: granularity = "group"
// CHECK-SAME: group_size = 128 : i64
// CHECK-SAME: (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x2xf32>)
// CHECK: %[[QD:.*]] = tensor.dim %[[Q]]#0
// CHECK: %[[QE:.*]] = tensor.expand_shape %[[Q]]#0 {{\[\[}}0], [1, 2]] output_shape [%[[QD]], 2, 128]
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QE]] {{\[\[}}0, 1], [2]] : tensor<?x2x128xf8E4M3FN> into tensor<?x128xf8E4M3FN>
// CHECK: %[[SE:.*]] = tensor.expand_shape %[[Q]]#1 {{\[\[}}0], [1, 2]]
// CHECK: %[[SR:.*]] = tensor.collapse_shape %[[SE]] {{\[\[}}0, 1], [2]] : tensor<?x2x1xf32> into tensor<?x1xf32>
// CHECK: return %[[QR]], %[[SR]]
func.func @token_becomes_group(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 2
  %v5 = torch.constant.int 128
  %v6 = torch.prim.ListConstruct %v3, %v4, %v5 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v2, %v6 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,2,128],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,2,128],bf16> -> tensor<?x2x128xbf16>
  %v9 = tensor.collapse_shape %v8 [[0, 1], [2]] : tensor<?x2x128xbf16> into tensor<?x128xbf16>
  %v10:2 = "fanfold.quantize"(%v9) {granularity = "token", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>)
  return %v10#0, %v10#1 : tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @row_counts_are_known(
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"
// CHECK-SAME: granularity = "group"
// CHECK-SAME: (tensor<6x256xbf16>) -> (tensor<6x256xi8>, tensor<6x2xf32>)
// CHECK: %[[QE:.*]] = tensor.expand_shape %[[Q]]#0 {{.*}} tensor<6x256xi8> into tensor<6x2x128xi8>
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QE]] {{.*}} tensor<6x2x128xi8> into tensor<12x128xi8>
// CHECK: %[[SE:.*]] = tensor.expand_shape %[[Q]]#1 {{.*}} tensor<6x2xf32> into tensor<6x2x1xf32>
// CHECK: %[[SR:.*]] = tensor.collapse_shape %[[SE]] {{.*}} tensor<6x2x1xf32> into tensor<12x1xf32>
// CHECK: return %[[QR]], %[[SR]]
func.func @row_counts_are_known(%x: tensor<6x256xbf16>) -> (tensor<12x128xi8>, tensor<12x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x256xbf16>) -> tensor<6x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<6x256xbf16> -> !torch.vtensor<[6,256],bf16>
  %v3 = torch.constant.int 12
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[6,256],bf16>, !torch.list<int> -> !torch.vtensor<[12,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[12,128],bf16> -> tensor<12x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "token", group_size = 128 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<12x128xbf16>) -> (tensor<12x128xi8>, tensor<12x1xf32>)
  return %v8#0, %v8#1 : tensor<12x128xi8>, tensor<12x1xf32>
}

// Tokens are groups of a tensor that no row op makes, too: its other readers may want the same rows.
// CHECK-LABEL: func.func @tokens_of_an_argument(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: "fanfold.quantize"(%[[B]])
// CHECK-SAME: granularity = "group"
// CHECK-SAME: group_size = 128 : i64
func.func @tokens_of_an_argument(%x: !torch.vtensor<[?,256],bf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = torch.constant.int -1
  %v2 = torch.constant.int 128
  %v3 = torch.prim.ListConstruct %v1, %v2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v4 = torch.aten.view %x, %v3 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v5 = torch_c.to_builtin_tensor %v4 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v6:2 = "fanfold.quantize"(%v5) {granularity = "token", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x1xf32>)
  return %v6#0, %v6#1 : tensor<?x128xf8E4M3FN>, tensor<?x1xf32>
}

// CHECK-LABEL: func.func @groups_of_split_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK-SAME: group_size = 64 : i64
// CHECK-SAME: scale_format = "ue8m0"
// CHECK-SAME: (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>)
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x2x128xf8E4M3FN> into tensor<?x128xf8E4M3FN>
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x2x2xf32> into tensor<?x2xf32>
func.func @groups_of_split_rows(%x: tensor<?x256xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8:2 = "fanfold.quantize"(%v7) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x128xbf16>) -> (tensor<?x128xf8E4M3FN>, tensor<?x2xf32>)
  return %v8#0, %v8#1 : tensor<?x128xf8E4M3FN>, tensor<?x2xf32>
}

// The heads of an attention's result: a norm of each, then one group each.
// CHECK-LABEL: func.func @groups_of_merged_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK-SAME: granularity = "group"
// CHECK-SAME: group_size = 64 : i64
// CHECK-SAME: (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
// CHECK: %[[C:.*]] = arith.divui
// CHECK: %[[QE:.*]] = tensor.expand_shape %[[Q]]#0 {{\[\[}}0, 1], [2]] output_shape [%[[C]], 4, 64]
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QE]] {{\[\[}}0], [1, 2]] : tensor<?x4x64xf8E4M3FN> into tensor<?x256xf8E4M3FN>
// CHECK: %[[SE:.*]] = tensor.expand_shape %[[Q]]#1 {{\[\[}}0, 1], [2]]
// CHECK: %[[SR:.*]] = tensor.collapse_shape %[[SE]] {{\[\[}}0], [1, 2]] : tensor<?x4x1xf32> into tensor<?x4xf32>
// CHECK: return %[[QR]], %[[SR]]
func.func @groups_of_merged_rows(%x: tensor<?x64xbf16>, %d: index) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 4, 64] : tensor<?x64xbf16> into tensor<?x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x4x64xbf16> -> !torch.vtensor<[?,4,64],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 256
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>)
  return %v9#0, %v9#1 : tensor<?x256xf8E4M3FN>, tensor<?x4xf32>
}

// CHECK-LABEL: func.func @groups_of_merged_rows_of_known_count(
// CHECK: "fanfold.quantize"
// CHECK-SAME: (tensor<24x64xbf16>) -> (tensor<24x64xf8E4M3FN>, tensor<24x2xf32>)
// CHECK: tensor.collapse_shape %{{.*}} : tensor<6x4x64xf8E4M3FN> into tensor<6x256xf8E4M3FN>
// CHECK: tensor.collapse_shape %{{.*}} : tensor<6x4x2xf32> into tensor<6x8xf32>
func.func @groups_of_merged_rows_of_known_count(%x: tensor<24x64xbf16>) -> (tensor<6x256xf8E4M3FN>, tensor<6x8xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<24x64xbf16>) -> tensor<24x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [6, 4, 64] : tensor<24x64xbf16> into tensor<6x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<6x4x64xbf16> -> !torch.vtensor<[6,4,64],bf16>
  %v4 = torch.constant.int 6
  %v5 = torch.constant.int 256
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[6,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[6,256],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[6,256],bf16> -> tensor<6x256xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x256xbf16>) -> (tensor<6x256xf8E4M3FN>, tensor<6x8xf32>)
  return %v9#0, %v9#1 : tensor<6x256xf8E4M3FN>, tensor<6x8xf32>
}

// A static scale is the same for every value, however the rows are cut.
// CHECK-LABEL: func.func @static_scale_of_merged_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]] = "fanfold.quantize"(%[[Y]], %{{[^)]*}})
// CHECK-SAME: granularity = "tensor"
// CHECK-SAME: group_size = 64 : i64
// CHECK: %[[QE:.*]] = tensor.expand_shape %[[Q]]
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QE]]
// CHECK: return %[[QR]]
func.func @static_scale_of_merged_rows(%x: tensor<?x64xbf16>, %d: index, %s: tensor<1xf32>) -> tensor<?x256xf8E4M3FN> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 4, 64] : tensor<?x64xbf16> into tensor<?x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x4x64xbf16> -> !torch.vtensor<[?,4,64],bf16>
  %v4 = torch.constant.int -1
  %v5 = torch.constant.int 256
  %v6 = torch.prim.ListConstruct %v4, %v5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v7 = torch.aten.view %v3, %v6 : !torch.vtensor<[?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %v9 = "fanfold.quantize"(%v8, %s) {granularity = "tensor", group_size = 256 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>, tensor<1xf32>) -> tensor<?x256xf8E4M3FN>
  return %v9 : tensor<?x256xf8E4M3FN>
}

// CHECK-LABEL: func.func @static_scale_of_split_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]] = "fanfold.quantize"(%[[Y]], %{{[^)]*}})
// CHECK-SAME: granularity = "tensor"
// CHECK-SAME: group_size = 256 : i64
// CHECK: %[[QE:.*]] = tensor.expand_shape %[[Q]]
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QE]]
// CHECK: return %[[QR]]
func.func @static_scale_of_split_rows(%x: tensor<?x256xbf16>, %d: index, %s: tensor<1xf32>) -> tensor<?x128xf8E4M3FN> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 128
  %v5 = torch.prim.ListConstruct %v3, %v4 : (!torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v2, %v5 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %v8 = "fanfold.quantize"(%v7, %s) {granularity = "tensor", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x128xbf16>, tensor<1xf32>) -> tensor<?x128xf8E4M3FN>
  return %v8 : tensor<?x128xf8E4M3FN>
}

// What is transposed then are the quantised values and their scales.
// CHECK-LABEL: func.func @transpose(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: bf16>, !torch.int
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK: %[[QV:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<?x8x64xf8E4M3FN>
// CHECK: %[[QT:.*]] = torch.aten.transpose.int %[[QV]], %int0, %int1{{.*}} : !torch.vtensor<[?,8,64],f8E4M3FN>, !torch.int, !torch.int -> !torch.vtensor<[8,?,64],f8E4M3FN>
// CHECK: %[[QB:.*]] = torch_c.to_builtin_tensor %[[QT]]
// CHECK: %[[QR:.*]] = tensor.collapse_shape %[[QB]]
// CHECK: %[[SV:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<?x8x1xf32>
// CHECK: %[[ST:.*]] = torch.aten.transpose.int %[[SV]], %int0, %int1{{.*}} : !torch.vtensor<[?,8,1],f32>, !torch.int, !torch.int -> !torch.vtensor<[8,?,1],f32>
// CHECK: %[[SB:.*]] = torch_c.to_builtin_tensor %[[ST]]
// CHECK: %[[SR:.*]] = tensor.collapse_shape %[[SB]]
// CHECK: return %[[QR]], %[[SR]]
func.func @transpose(%x: tensor<?x64xbf16>, %d: index) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 8, 64] : tensor<?x64xbf16> into tensor<?x8x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x8x64xbf16> -> !torch.vtensor<[?,8,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[?,8,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[8,?,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[8,?,64],bf16> -> tensor<8x?x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<8x?x64xbf16> into tensor<?x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %v9#0, %v9#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}

// Dims may be counted from the end.
// CHECK-LABEL: func.func @permute(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK: torch.aten.permute %{{.*}} : !torch.vtensor<[2,3,4,64],f8E4M3FN>, !torch.list<int> -> !torch.vtensor<[4,2,3,64],f8E4M3FN>
// CHECK: torch.aten.permute %{{.*}} : !torch.vtensor<[2,3,4,2],f32>, !torch.list<int> -> !torch.vtensor<[4,2,3,2],f32>
// CHECK: return
func.func @permute(%x: tensor<24x64xbf16>) -> (tensor<24x64xf8E4M3FN>, tensor<24x2xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<24x64xbf16>) -> tensor<24x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1, 2], [3]] output_shape [2, 3, 4, 64] : tensor<24x64xbf16> into tensor<2x3x4x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x4x64xbf16> -> !torch.vtensor<[2,3,4,64],bf16>
  %v4 = torch.constant.int 2
  %v5 = torch.constant.int -4
  %v6 = torch.constant.int 1
  %v7 = torch.constant.int -1
  %v8 = torch.prim.ListConstruct %v4, %v5, %v6, %v7 : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v9 = torch.aten.permute %v3, %v8 : !torch.vtensor<[2,3,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[4,2,3,64],bf16>
  %v10 = torch_c.to_builtin_tensor %v9 : !torch.vtensor<[4,2,3,64],bf16> -> tensor<4x2x3x64xbf16>
  %v11 = tensor.collapse_shape %v10 [[0, 1, 2], [3]] : tensor<4x2x3x64xbf16> into tensor<24x64xbf16>
  %v12:2 = "fanfold.quantize"(%v11) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<24x64xbf16>) -> (tensor<24x64xf8E4M3FN>, tensor<24x2xf32>)
  return %v12#0, %v12#1 : tensor<24x64xf8E4M3FN>, tensor<24x2xf32>
}

// Any row op of one operand treats rows one by one.
// CHECK-LABEL: func.func @norm_of_permuted_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Z:.*]] = "fanfold.rms_norm"(%[[Y]])
// CHECK: tensor.expand_shape %[[Z]]
// CHECK: torch.aten.transpose.int
// CHECK: return
func.func @norm_of_permuted_rows(%x: tensor<?x64xbf16>, %d: index) -> tensor<?x64xbf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [%d, 8, 64] : tensor<?x64xbf16> into tensor<?x8x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<?x8x64xbf16> -> !torch.vtensor<[?,8,64],bf16>
  %v4 = torch.constant.int -3
  %v5 = torch.constant.int -2
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[?,8,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[8,?,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[8,?,64],bf16> -> tensor<8x?x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<8x?x64xbf16> into tensor<?x64xbf16>
  %v9 = "fanfold.rms_norm"(%v8) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %v9 : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @static_scale_of_permuted_rows(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]] = "fanfold.quantize"(%[[Y]], %{{[^)]*}})
// CHECK: torch.aten.transpose.int %{{.*}} : !torch.vtensor<[2,3,64],f8E4M3FN>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],f8E4M3FN>
// CHECK: return
func.func @static_scale_of_permuted_rows(%x: tensor<6x64xbf16>, %s: tensor<1xf32>) -> tensor<6x64xf8E4M3FN> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9 = "fanfold.quantize"(%v8, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>, tensor<1xf32>) -> tensor<6x64xf8E4M3FN>
  return %v9 : tensor<6x64xf8E4M3FN>
}

// A packed scale is a row's own, too.
// CHECK-LABEL: func.func @view_behind_a_permutation(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK: torch.aten.transpose.int %{{.*}} -> !torch.vtensor<[3,2,64],f8E4M3FN>
// CHECK: torch.aten.transpose.int %{{.*}} : !torch.vtensor<[2,3,1],si32>, {{.*}} -> !torch.vtensor<[3,2,1],si32>
// CHECK: return
func.func @view_behind_a_permutation(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xi32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch.constant.int 6
  %v8 = torch.constant.int 64
  %v9 = torch.prim.ListConstruct %v7, %v8 : (!torch.int, !torch.int) -> !torch.list<int>
  %v10 = torch.aten.reshape %v6, %v9 : !torch.vtensor<[3,2,64],bf16>, !torch.list<int> -> !torch.vtensor<[6,64],bf16>
  %v11 = torch_c.to_builtin_tensor %v10 : !torch.vtensor<[6,64],bf16> -> tensor<6x64xbf16>
  %v12:2 = "fanfold.quantize"(%v11) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xi32>)
  return %v12#0, %v12#1 : tensor<6x64xf8E4M3FN>, tensor<6x1xi32>
}

// The heads of a row, permuted: groups of the row itself; the reshape sinks when the permutation has.
// CHECK-LABEL: func.func @heads(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK-SAME: granularity = "group"
// CHECK-SAME: group_size = 64 : i64
// CHECK-SAME: (tensor<?x256xbf16>) -> (tensor<?x256xf8E4M3FN>, tensor<?x4xf32>)
// CHECK: torch.aten.permute %{{.*}} -> !torch.vtensor<[2,4,?,64],f8E4M3FN>
// CHECK: torch.aten.permute %{{.*}} -> !torch.vtensor<[2,4,?,1],f32>
// CHECK-NOT: fanfold
// CHECK: return
func.func @heads(%x: tensor<?x256xbf16>, %d: index) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 256 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, %d, 256] : tensor<?x256xbf16> into tensor<2x?x256xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x?x256xbf16> -> !torch.vtensor<[2,?,256],bf16>
  %v4 = torch.constant.int 2
  %v5 = torch.constant.int -1
  %v6 = torch.constant.int 4
  %v7 = torch.constant.int 64
  %v8 = torch.prim.ListConstruct %v4, %v5, %v6, %v7 : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v9 = torch.aten.view %v3, %v8 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[2,?,4,64],bf16>
  %v10 = torch.constant.int 0
  %v11 = torch.constant.int 2
  %v12 = torch.constant.int 1
  %v13 = torch.constant.int 3
  %v14 = torch.prim.ListConstruct %v10, %v11, %v12, %v13 : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v15 = torch.aten.permute %v9, %v14 : !torch.vtensor<[2,?,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,4,?,64],bf16>
  %v16 = torch_c.to_builtin_tensor %v15 : !torch.vtensor<[2,4,?,64],bf16> -> tensor<2x4x?x64xbf16>
  %v17 = tensor.collapse_shape %v16 [[0, 1, 2], [3]] : tensor<2x4x?x64xbf16> into tensor<?x64xbf16>
  %v18:2 = "fanfold.quantize"(%v17) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %v18#0, %v18#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}

// The other way round: the permutation sinks when the reshape has.
// CHECK-LABEL: func.func @heads_back(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]])
// CHECK-SAME: (tensor<24x64xbf16>) -> (tensor<24x64xf8E4M3FN>, tensor<24x1xf32>)
// CHECK-DAG: torch.aten.permute %{{.*}} -> !torch.vtensor<[2,3,4,64],f8E4M3FN>
// CHECK-DAG: torch.aten.permute %{{.*}} -> !torch.vtensor<[2,3,4,1],f32>
// CHECK: return %{{.*}} : tensor<6x256xf8E4M3FN>, tensor<6x4xf32>
func.func @heads_back(%x: tensor<24x64xbf16>) -> (tensor<6x256xf8E4M3FN>, tensor<6x4xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<24x64xbf16>) -> tensor<24x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1, 2], [3]] output_shape [2, 4, 3, 64] : tensor<24x64xbf16> into tensor<2x4x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x4x3x64xbf16> -> !torch.vtensor<[2,4,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 2
  %v6 = torch.constant.int 1
  %v7 = torch.constant.int 3
  %v8 = torch.prim.ListConstruct %v4, %v5, %v6, %v7 : (!torch.int, !torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v9 = torch.aten.permute %v3, %v8 : !torch.vtensor<[2,4,3,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,3,4,64],bf16>
  %v10 = torch.constant.int 6
  %v11 = torch.constant.int 256
  %v12 = torch.prim.ListConstruct %v10, %v11 : (!torch.int, !torch.int) -> !torch.list<int>
  %v13 = torch.aten.reshape %v9, %v12 : !torch.vtensor<[2,3,4,64],bf16>, !torch.list<int> -> !torch.vtensor<[6,256],bf16>
  %v14 = torch_c.to_builtin_tensor %v13 : !torch.vtensor<[6,256],bf16> -> tensor<6x256xbf16>
  %v15:2 = "fanfold.quantize"(%v14) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x256xbf16>) -> (tensor<6x256xf8E4M3FN>, tensor<6x4xf32>)
  return %v15#0, %v15#1 : tensor<6x256xf8E4M3FN>, tensor<6x4xf32>
}

// The slice is for fold-slices, which then finds a row op right behind it.
// CHECK-LABEL: func.func @permutation_of_a_slice(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %{{.*}} -> !torch.vtensor<[2,3,64],bf16>
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK: "fanfold.quantize"(%[[R]])
// CHECK: torch.aten.transpose.int %{{.*}} -> !torch.vtensor<[3,2,64],f8E4M3FN>
// CHECK: return
func.func @permutation_of_a_slice(%x: tensor<6x128xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 128 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x128xbf16>) -> tensor<6x128xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 128] : tensor<6x128xbf16> into tensor<2x3x128xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x128xbf16> -> !torch.vtensor<[2,3,128],bf16>
  %v4 = torch.constant.int 2
  %v5 = torch.constant.int 64
  %v6 = torch.constant.int 128
  %v7 = torch.constant.int 1
  %v8 = torch.aten.slice.Tensor %v3, %v4, %v5, %v6, %v7 : !torch.vtensor<[2,3,128],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,3,64],bf16>
  %v9 = torch.constant.int 0
  %v10 = torch.constant.int 1
  %v11 = torch.aten.transpose.int %v8, %v9, %v10 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v12 = torch_c.to_builtin_tensor %v11 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v13 = tensor.collapse_shape %v12 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v14:2 = "fanfold.quantize"(%v13) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>)
  return %v14#0, %v14#1 : tensor<6x64xf8E4M3FN>, tensor<6x1xf32>
}

// Whoever wants the permuted rows still gets them.
// CHECK-LABEL: func.func @permuted_rows_are_returned_too(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[P:.*]] = torch.aten.transpose.int %{{.*}} -> !torch.vtensor<[3,2,64],bf16>
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return %{{.*}}, %[[P]]
func.func @permuted_rows_are_returned_too(%x: tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, !torch.vtensor<[3,2,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9:2 = "fanfold.quantize"(%v8) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>)
  return %v9#0, %v6 : tensor<6x64xf8E4M3FN>, !torch.vtensor<[3,2,64],bf16>
}

// One row op after the other passes the permutation on; fold-views brings the second to the first.
// CHECK-LABEL: func.func @chain_of_row_ops(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.cast"(%[[Y]]) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
// CHECK: return
func.func @chain_of_row_ops(%x: tensor<6x64xbf16>) -> tensor<6x64xf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %v2 = tensor.expand_shape %v1 [[0, 1], [2]] output_shape [2, 3, 64] : tensor<6x64xbf16> into tensor<2x3x64xbf16>
  %v3 = torch_c.from_builtin_tensor %v2 : tensor<2x3x64xbf16> -> !torch.vtensor<[2,3,64],bf16>
  %v4 = torch.constant.int 0
  %v5 = torch.constant.int 1
  %v6 = torch.aten.transpose.int %v3, %v4, %v5 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %v8 = tensor.collapse_shape %v7 [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %v9 = "fanfold.cast"(%v8) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
  %v10 = "fanfold.cast"(%v9) : (tensor<6x64xf32>) -> tensor<6x64xf16>
  return %v10 : tensor<6x64xf16>
}

// The types know the row count behind the view alone, or before it alone.
// CHECK-LABEL: func.func @row_count_is_known_later(
// CHECK: %[[Y:.*]] = "fanfold.cast"
// CHECK: "fanfold.quantize"(%
// CHECK: torch.aten.transpose.int %{{.*}} -> !torch.vtensor<[3,2,64],f8E4M3FN>
// CHECK: return %{{.*}} : tensor<6x64xf8E4M3FN>, tensor<6x1xf32>
func.func @row_count_is_known_later(%x: tensor<?x64xbf16>, %n: !torch.list<int>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>) {
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %t = torch_c.from_builtin_tensor %y : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v = torch.aten.view %t, %n : !torch.vtensor<[?,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,3,64],bf16>
  %0 = torch.constant.int 0
  %1 = torch.constant.int 1
  %p = torch.aten.transpose.int %v, %0, %1 : !torch.vtensor<[2,3,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,64],bf16>
  %b = torch_c.to_builtin_tensor %p : !torch.vtensor<[3,2,64],bf16> -> tensor<3x2x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<3x2x64xbf16> into tensor<6x64xbf16>
  %q:2 = "fanfold.quantize"(%r) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<6x64xbf16>) -> (tensor<6x64xf8E4M3FN>, tensor<6x1xf32>)
  return %q#0, %q#1 : tensor<6x64xf8E4M3FN>, tensor<6x1xf32>
}

// CHECK-LABEL: func.func @row_count_is_known_before(
// CHECK: %[[Y:.*]] = "fanfold.cast"
// CHECK: "fanfold.quantize"(%
// CHECK: torch.aten.transpose.int %{{.*}} -> !torch.vtensor<[?,2,64],f8E4M3FN>
// CHECK: return %{{.*}} : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
func.func @row_count_is_known_before(%x: tensor<6x64xbf16>, %n: !torch.list<int>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>) {
  %y = "fanfold.cast"(%x) : (tensor<6x64xbf16>) -> tensor<6x64xbf16>
  %t = torch_c.from_builtin_tensor %y : tensor<6x64xbf16> -> !torch.vtensor<[6,64],bf16>
  %v = torch.aten.view %t, %n : !torch.vtensor<[6,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,?,64],bf16>
  %0 = torch.constant.int 0
  %1 = torch.constant.int 1
  %p = torch.aten.transpose.int %v, %0, %1 : !torch.vtensor<[2,?,64],bf16>, !torch.int, !torch.int -> !torch.vtensor<[?,2,64],bf16>
  %b = torch_c.to_builtin_tensor %p : !torch.vtensor<[?,2,64],bf16> -> tensor<?x2x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<?x2x64xbf16> into tensor<?x64xbf16>
  %q:2 = "fanfold.quantize"(%r) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  return %q#0, %q#1 : tensor<?x64xf8E4M3FN>, tensor<?x1xf32>
}
