// RUN: fanfold-opt %s --pass fold-slices --pass drop-dead-ops | filecheck %s

// CHECK-LABEL: func.func @middle(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 32 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @middle(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 32
  %s_e = torch.constant.int 96
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @whole_rows_of_known_count(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 0 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<6x256xbf16>) -> tensor<6x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @whole_rows_of_known_count(%p: !torch.vtensor<[6,256],bf16>) -> tensor<6x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[6,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[6,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[6,64],bf16> -> tensor<6x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
  return %y : tensor<6x64xf32>
}

// The dim may be counted from the end.
// CHECK-LABEL: func.func @last_dim_from_the_end(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 128 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @last_dim_from_the_end(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int -1
  %s_s = torch.constant.int 128
  %s_e = torch.constant.int 192
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Bounds count from the end, as Python's do.
// CHECK-LABEL: func.func @negative_start(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 192 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @negative_start(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int -64
  %s_e = torch.constant.int 256
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @negative_end(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 128 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @negative_end(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 128
  %s_e = torch.constant.int -64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// An end past the last column is the last column.
// CHECK-LABEL: func.func @open_end(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 192 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @open_end(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 192
  %s_e = torch.constant.int 9223372036854775807
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @no_end(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 192 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @no_end(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 192
  %s_e = torch.constant.none
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.none, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A start before the first column is the first column.
// CHECK-LABEL: func.func @start_before_the_first(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 0 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @start_before_the_first(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int -300
  %s_e = torch.constant.int 64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @one_column(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 255 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x1xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @one_column(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x1xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 255
  %s_e = torch.constant.int 256
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,1],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,1],bf16> -> tensor<?x1xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x1xbf16>) -> tensor<?x1xf32>
  return %y : tensor<?x1xf32>
}

// CHECK-LABEL: func.func @all_columns(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 0 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x256xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @all_columns(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x256xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 256
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,256],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,256],bf16> -> tensor<?x256xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x256xbf16>) -> tensor<?x256xf32>
  return %y : tensor<?x256xf32>
}

// CHECK-LABEL: func.func @three_dims(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[R]]) {offset = 64 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<?x256xbf16>) -> tensor<?x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @three_dims(%p: !torch.vtensor<[2,?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 2
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[2,?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[2,?,64],bf16> -> tensor<2x?x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x64xbf16> into tensor<?x64xbf16>
  %y = "fanfold.cast"(%r) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @static_dims(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[R]]) {offset = 64 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<6x256xbf16>) -> tensor<6x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @static_dims(%p: !torch.vtensor<[2,3,256],bf16>) -> tensor<6x64xf32> {
  %s_d = torch.constant.int -1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[2,3,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,3,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[2,3,64],bf16> -> tensor<2x3x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x3x64xbf16> into tensor<6x64xbf16>
  %y = "fanfold.cast"(%r) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
  return %y : tensor<6x64xf32>
}

// CHECK-LABEL: func.func @one_row(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[R:.*]] = tensor.expand_shape %[[B]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[R]]) {offset = 64 : i64, origins = ["torch.aten.slice.Tensor@{{.*}}"]} : (tensor<1x256xbf16>) -> tensor<1x64xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @one_row(%p: !torch.vtensor<[256],bf16>) -> tensor<1x64xf32> {
  %s_d = torch.constant.int 0
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[64],bf16> -> tensor<64xbf16>
  %r = tensor.expand_shape %b [[0, 1]] output_shape [1, 64] : tensor<64xbf16> into tensor<1x64xbf16>
  %y = "fanfold.cast"(%r) : (tensor<1x64xbf16>) -> tensor<1x64xf32>
  return %y : tensor<1x64xf32>
}

// The parts of a split are slices, one behind the other.
// CHECK-LABEL: func.func @parts(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK-NOT: torch.aten.split_with_sizes
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[Q:.*]] = "fanfold.columns"(%[[B]]) {offset = 0 : i64
// CHECK-SAME: -> tensor<?x128xbf16>
// CHECK: %[[K:.*]] = "fanfold.columns"(%{{.*}}) {offset = 128 : i64
// CHECK-SAME: -> tensor<?x96xbf16>
// CHECK: %[[R:.*]] = "fanfold.columns"(%{{.*}}) {offset = 224 : i64
// CHECK-SAME: -> tensor<?x32xbf16>
// CHECK-NOT: torch.aten.split_with_sizes
// CHECK-DAG: "fanfold.cast"(%[[Q]])
// CHECK-DAG: "fanfold.cast"(%[[K]])
// CHECK-DAG: "fanfold.cast"(%[[R]])
// CHECK: return
func.func @parts(%p: !torch.vtensor<[?,256],bf16>) -> (tensor<?x128xf32>, tensor<?x96xf32>, tensor<?x32xf32>) {
  %n0 = torch.constant.int 128
  %n1 = torch.constant.int 96
  %n2 = torch.constant.int 32
  %sizes = torch.prim.ListConstruct %n0, %n1, %n2 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %dim = torch.constant.int -1
  %list = torch.aten.split_with_sizes %p, %sizes, %dim : !torch.vtensor<[?,256],bf16>, !torch.list<int>, !torch.int -> !torch.list<vtensor>
  %parts:3 = torch.prim.ListUnpack %list : !torch.list<vtensor> -> !torch.vtensor<[?,128],bf16>, !torch.vtensor<[?,96],bf16>, !torch.vtensor<[?,32],bf16>
  %b0 = torch_c.to_builtin_tensor %parts#0 : !torch.vtensor<[?,128],bf16> -> tensor<?x128xbf16>
  %b1 = torch_c.to_builtin_tensor %parts#1 : !torch.vtensor<[?,96],bf16> -> tensor<?x96xbf16>
  %b2 = torch_c.to_builtin_tensor %parts#2 : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y0 = "fanfold.cast"(%b0) : (tensor<?x128xbf16>) -> tensor<?x128xf32>
  %y1 = "fanfold.cast"(%b1) : (tensor<?x96xbf16>) -> tensor<?x96xf32>
  %y2 = "fanfold.cast"(%b2) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y0, %y1, %y2 : tensor<?x128xf32>, tensor<?x96xf32>, tensor<?x32xf32>
}

// The offsets add up: 64 of the outer slice, and 192 - 64 within it.
// CHECK-LABEL: func.func @slice_of_slice(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK-NOT: torch.aten.slice.Tensor
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 192 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
func.func @slice_of_slice(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x32xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 256
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,192],bf16>
  %u_d = torch.constant.int 1
  %u_s = torch.constant.int -64
  %u_e = torch.constant.int 160
  %u_t = torch.constant.int 1
  %u = torch.aten.slice.Tensor %s, %u_d, %u_s, %u_e, %u_t : !torch.vtensor<[?,192],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %b = torch_c.to_builtin_tensor %u : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Views of whole rows stand between the slices, and behind them.
// CHECK-LABEL: func.func @behind_views(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK-NOT: torch.aten
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[R]]) {offset = 96 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @behind_views(%p: !torch.vtensor<[2,?,256],bf16>) -> tensor<?x32xf32> {
  %s_d = torch.constant.int 2
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 256
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[2,?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,?,192],bf16>
  %n0 = torch.constant.int -1
  %n1 = torch.constant.int 192
  %n = torch.prim.ListConstruct %n0, %n1 : (!torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %s, %n : !torch.vtensor<[2,?,192],bf16>, !torch.list<int> -> !torch.vtensor<[?,192],bf16>
  %u_d = torch.constant.int 1
  %u_s = torch.constant.int 32
  %u_e = torch.constant.int 64
  %u_t = torch.constant.int 1
  %u = torch.aten.slice.Tensor %v, %u_d, %u_s, %u_e, %u_t : !torch.vtensor<[?,192],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %m0 = torch.constant.int 2
  %m1 = torch.constant.int -1
  %m2 = torch.constant.int 32
  %m = torch.prim.ListConstruct %m0, %m1, %m2 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %w = torch.aten.view %u, %m : !torch.vtensor<[?,32],bf16>, !torch.list<int> -> !torch.vtensor<[2,?,32],bf16>
  %b = torch_c.to_builtin_tensor %w : !torch.vtensor<[2,?,32],bf16> -> tensor<2x?x32xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x32xbf16> into tensor<?x32xbf16>
  %y = "fanfold.cast"(%r) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// The types know the row count behind the view alone.
// CHECK-LABEL: func.func @row_count_is_known_later(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 64 : i64
// CHECK-NEXT: %[[D:.*]] = tensor.cast %[[C]] : tensor<?x32xbf16> to tensor<6x32xbf16>
// CHECK-NEXT: "fanfold.cast"(%[[D]])
// CHECK-NEXT: return
func.func @row_count_is_known_later(%p: !torch.vtensor<[?,256],bf16>) -> tensor<6x32xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 96
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %n0 = torch.constant.int 2
  %n1 = torch.constant.int 3
  %n2 = torch.constant.int 32
  %n = torch.prim.ListConstruct %n0, %n1, %n2 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %s, %n : !torch.vtensor<[?,32],bf16>, !torch.list<int> -> !torch.vtensor<[2,3,32],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[2,3,32],bf16> -> tensor<2x3x32xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x3x32xbf16> into tensor<6x32xbf16>
  %y = "fanfold.cast"(%r) : (tensor<6x32xbf16>) -> tensor<6x32xf32>
  return %y : tensor<6x32xf32>
}

// A row op's result is read where it is.
// CHECK-LABEL: func.func @of_a_row_op(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x256xf32>
// CHECK-NEXT: %[[N:.*]] = "fanfold.cast"(%[[X]])
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[N]]) {offset = 64 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @of_a_row_op(%x: tensor<?x256xf32>) -> tensor<?x32xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x256xf32>) -> tensor<?x256xbf16>
  %p = torch_c.from_builtin_tensor %n : tensor<?x256xbf16> -> !torch.vtensor<[?,256],bf16>
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 96
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// CHECK-LABEL: func.func @of_a_row_op_with_leading_dims(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x256xf32>
// CHECK: %[[N:.*]] = "fanfold.cast"(%[[X]])
// CHECK: %[[C:.*]] = "fanfold.columns"(%[[N]]) {offset = 64 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @of_a_row_op_with_leading_dims(%x: tensor<?x256xf32>, %d: index) -> tensor<?x32xf32> {
  %n = "fanfold.cast"(%x) : (tensor<?x256xf32>) -> tensor<?x256xbf16>
  %e = tensor.expand_shape %n [[0, 1], [2]] output_shape [2, %d, 256] : tensor<?x256xbf16> into tensor<2x?x256xbf16>
  %p = torch_c.from_builtin_tensor %e : tensor<2x?x256xbf16> -> !torch.vtensor<[2,?,256],bf16>
  %s_d = torch.constant.int 2
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 96
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[2,?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,?,32],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[2,?,32],bf16> -> tensor<2x?x32xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x?x32xbf16> into tensor<?x32xbf16>
  %y = "fanfold.cast"(%r) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Whoever reads the slice as a tensor still has it; the row op does not wait for it.
// CHECK-LABEL: func.func @read_as_a_tensor_too(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK-DAG: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK-DAG: %[[B:.*]] = torch_c.to_builtin_tensor %[[P]]
// CHECK: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 64 : i64
// CHECK-NEXT: %[[Y:.*]] = "fanfold.cast"(%[[C]])
// CHECK-NEXT: return %[[Y]], %[[S]]
func.func @read_as_a_tensor_too(%p: !torch.vtensor<[?,256],bf16>) -> (tensor<?x32xf32>, !torch.vtensor<[?,32],bf16>) {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 96
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y, %s : tensor<?x32xf32>, !torch.vtensor<[?,32],bf16>
}
