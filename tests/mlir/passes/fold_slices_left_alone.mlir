// RUN: fanfold-opt %s --pass fold-slices --pass drop-dead-ops | filecheck %s

// A step leaves columns out.
// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @step(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 2
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Rows are left out, no columns.
// CHECK-LABEL: func.func @other_dim(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @other_dim(%p: !torch.vtensor<[8,64],bf16>) -> tensor<4x64xf32> {
  %s_d = torch.constant.int 0
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 4
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[8,64],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[4,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[4,64],bf16> -> tensor<4x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @middle_dim(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%{{.*}})
// CHECK-NEXT: return
func.func @middle_dim(%p: !torch.vtensor<[2,8,64],bf16>) -> tensor<8x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 4
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[2,8,64],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[2,4,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[2,4,64],bf16> -> tensor<2x4x64xbf16>
  %r = tensor.collapse_shape %b [[0, 1], [2]] : tensor<2x4x64xbf16> into tensor<8x64xbf16>
  %y = "fanfold.cast"(%r) : (tensor<8x64xbf16>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// CHECK-LABEL: func.func @dynamic_start(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @dynamic_start(%p: !torch.vtensor<[?,256],bf16>, %i: !torch.int) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_e = torch.constant.none
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %i, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.none, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A start that is not given is no constant.
// CHECK-LABEL: func.func @no_start(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @no_start(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.none
  %s_e = torch.constant.int 64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.none, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @dynamic_step(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @dynamic_step(%p: !torch.vtensor<[?,256],bf16>, %i: !torch.int) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 64
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %i : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @dynamic_dim(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @dynamic_dim(%p: !torch.vtensor<[?,256],bf16>, %i: !torch.int) -> tensor<?x64xf32> {
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %i, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// Of a dynamic width, not even a start is known.
// CHECK-LABEL: func.func @width_is_not_known(
// CHECK-SAME: %[[P:[a-z0-9]+]]: !torch
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor %[[P]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.columns
// CHECK: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @width_is_not_known(%p: !torch.vtensor<[?,?],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 0
  %s_e = torch.constant.int 64
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,?],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// The view makes other rows of the slice.
// CHECK-LABEL: func.func @view_splits_rows(
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor
// CHECK: %[[V:.*]] = torch.aten.view %[[S]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK-NEXT: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @view_splits_rows(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 192
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,128],bf16>
  %n0 = torch.constant.int -1
  %n1 = torch.constant.int 64
  %n = torch.prim.ListConstruct %n0, %n1 : (!torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %s, %n : !torch.vtensor<[?,128],bf16>, !torch.list<int> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A slice of other rows: the inner one alone is columns, of what the view makes.
// CHECK-LABEL: func.func @view_between_slices_splits_rows(
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor
// CHECK: %[[V:.*]] = torch.aten.view %[[S]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 16 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @view_between_slices_splits_rows(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x32xf32> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 192
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,128],bf16>
  %n0 = torch.constant.int -1
  %n1 = torch.constant.int 64
  %n = torch.prim.ListConstruct %n0, %n1 : (!torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %s, %n : !torch.vtensor<[?,128],bf16>, !torch.list<int> -> !torch.vtensor<[?,64],bf16>
  %t_d = torch.constant.int 1
  %t_s = torch.constant.int 16
  %t_e = torch.constant.int 48
  %t_t = torch.constant.int 1
  %t = torch.aten.slice.Tensor %v, %t_d, %t_s, %t_e, %t_t : !torch.vtensor<[?,64],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,32],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Of a slice of rows, the columns are columns.
// CHECK-LABEL: func.func @columns_of_some_rows(
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NEXT: %[[C:.*]] = "fanfold.columns"(%[[B]]) {offset = 16 : i64
// CHECK-NEXT: "fanfold.cast"(%[[C]])
// CHECK-NEXT: return
func.func @columns_of_some_rows(%p: !torch.vtensor<[8,256],bf16>) -> tensor<4x32xf32> {
  %s_d = torch.constant.int 0
  %s_s = torch.constant.int 2
  %s_e = torch.constant.int 6
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[8,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[4,256],bf16>
  %t_d = torch.constant.int 1
  %t_s = torch.constant.int 16
  %t_e = torch.constant.int 48
  %t_t = torch.constant.int 1
  %t = torch.aten.slice.Tensor %s, %t_d, %t_s, %t_e, %t_t : !torch.vtensor<[4,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[4,32],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[4,32],bf16> -> tensor<4x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<4x32xbf16>) -> tensor<4x32xf32>
  return %y : tensor<4x32xf32>
}

// The parts are rows.
// CHECK-LABEL: func.func @split_of_rows(
// CHECK: %[[L:.*]] = torch.aten.split_with_sizes
// CHECK: %[[S:.*]]:2 = torch.prim.ListUnpack %[[L]]
// CHECK: torch_c.to_builtin_tensor %[[S]]#1
// CHECK-NOT: fanfold.columns
// CHECK: return
func.func @split_of_rows(%p: !torch.vtensor<[8,64],bf16>) -> tensor<4x64xf32> {
  %n0 = torch.constant.int 4
  %n1 = torch.constant.int 4
  %n = torch.prim.ListConstruct %n0, %n1 : (!torch.int, !torch.int) -> !torch.list<int>
  %dim = torch.constant.int 0
  %list = torch.aten.split_with_sizes %p, %n, %dim : !torch.vtensor<[8,64],bf16>, !torch.list<int>, !torch.int -> !torch.list<vtensor>
  %parts:2 = torch.prim.ListUnpack %list : !torch.list<vtensor> -> !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,64],bf16>
  %b = torch_c.to_builtin_tensor %parts#1 : !torch.vtensor<[4,64],bf16> -> tensor<4x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %y : tensor<4x64xf32>
}

// Where a part begins is not known.
// CHECK-LABEL: func.func @dynamic_sizes(
// CHECK: %[[L:.*]] = torch.aten.split_with_sizes
// CHECK: %[[S:.*]]:2 = torch.prim.ListUnpack %[[L]]
// CHECK: torch_c.to_builtin_tensor %[[S]]#1
// CHECK-NOT: fanfold.columns
// CHECK: return
func.func @dynamic_sizes(%p: !torch.vtensor<[?,64],bf16>, %i: !torch.int) -> tensor<?x32xf32> {
  %n = torch.prim.ListConstruct %i, %i : (!torch.int, !torch.int) -> !torch.list<int>
  %dim = torch.constant.int 1
  %list = torch.aten.split_with_sizes %p, %n, %dim : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.int -> !torch.list<vtensor>
  %parts:2 = torch.prim.ListUnpack %list : !torch.list<vtensor> -> !torch.vtensor<[?,32],bf16>, !torch.vtensor<[?,32],bf16>
  %b = torch_c.to_builtin_tensor %parts#1 : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// No row op reads it: it is the model's own.
// CHECK-LABEL: func.func @no_row_op(
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NEXT: math.absf %[[B]]
// CHECK-NOT: fanfold.columns
// CHECK: return
func.func @no_row_op(%p: !torch.vtensor<[?,256],bf16>) -> tensor<?x64xbf16> {
  %s_d = torch.constant.int 1
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = math.absf %b : tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// A weight is no rows: it stays a tensor of its own.
// CHECK-LABEL: func.func @slice_of_a_weight(
// CHECK: %[[S:.*]] = torch.aten.slice.Tensor
// CHECK: %[[W:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK-NEXT: "fanfold.rms_norm"(%{{.*}}, %[[W]])
// CHECK-NOT: fanfold.columns
// CHECK: return
func.func @slice_of_a_weight(%x: tensor<?x64xbf16>, %p: !torch.vtensor<[256],bf16>) -> tensor<?x64xbf16> {
  %s_d = torch.constant.int 0
  %s_s = torch.constant.int 64
  %s_e = torch.constant.int 128
  %s_t = torch.constant.int 1
  %s = torch.aten.slice.Tensor %p, %s_d, %s_s, %s_e, %s_t : !torch.vtensor<[256],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[64],bf16>
  %w = torch_c.to_builtin_tensor %s : !torch.vtensor<[64],bf16> -> tensor<64xbf16>
  %y = "fanfold.rms_norm"(%x, %w) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
