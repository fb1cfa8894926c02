// RUN: fanfold-opt %s --pass raise-custom-ops --pass fold-views --pass fold-duplicates --pass resolve-dims --pass drop-dead-ops | filecheck %s

// A group of 128 is a whole row of the view: row form cannot say that yet.
// CHECK-LABEL: func.func @last_dim_changes(
// CHECK: "fanfold.rms_norm"
// CHECK: %[[V:.*]] = torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: "fanfold.quantize"(%[[B]])
// CHECK: return
func.func @last_dim_changes(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  %c1 = torch.constant.int -1
  %c2 = torch.constant.int 128
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c3 : !torch.vtensor<[?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,128],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[?,128],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// CHECK-LABEL: func.func @last_dim_grows(
// CHECK: "fanfold.rms_norm"
// CHECK: %[[V:.*]] = torch.aten.view
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: "fanfold.quantize"(%[[B]])
func.func @last_dim_grows(%x: !torch.vtensor<[4,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[2,512],f8E4M3FN>, !torch.vtensor<[2,4],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[4,256],bf16>
  %c1 = torch.constant.int 2
  %c2 = torch.constant.int 512
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c3 : !torch.vtensor<[4,256],bf16>, !torch.list<int> -> !torch.vtensor<[2,512],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[2,512],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[2,512],f8E4M3FN>, !torch.vtensor<[2,4],f32>)
  return %q#0, %q#1 : !torch.vtensor<[2,512],f8E4M3FN>, !torch.vtensor<[2,4],f32>
}

// The rows are other rows.
// CHECK-LABEL: func.func @transpose(
// CHECK: "fanfold.rms_norm"
// CHECK: %[[V:.*]] = torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK: "fanfold.quantize"(%[[R]])
func.func @transpose(%x: !torch.vtensor<[2,3,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,3,256],bf16>
  %c1 = torch.constant.int 0
  %c2 = torch.constant.int 1
  %v0 = torch.aten.transpose.int %y, %c1, %c2 : !torch.vtensor<[2,3,256],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,256],bf16>
  %c3 = torch.constant.int 128
  %c4 = torch.constant.int 24
  %c5 = torch.constant.float 1.000000e-10
  %c6 = torch.constant.float 0.000000e+00
  %c7 = torch.constant.bool false
  %c8 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c3, %c4, %c5, %c6, %c7, %c8, %f32, %row) : (!torch.vtensor<[3,2,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>
}

// The view after the transpose is folded, the one before it and the transpose are not.
// CHECK-LABEL: func.func @transpose_between_views(
// CHECK: "fanfold.rms_norm"
// CHECK: %[[V:.*]] = torch.aten.transpose.int
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK: "fanfold.quantize"(%[[R]])
func.func @transpose_between_views(%x: !torch.vtensor<[6,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[6,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[6,256],bf16>
  %c1 = torch.constant.int 2
  %c2 = torch.constant.int 3
  %c3 = torch.constant.int 256
  %c4 = torch.prim.ListConstruct %c1, %c2, %c3 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c4 : !torch.vtensor<[6,256],bf16>, !torch.list<int> -> !torch.vtensor<[2,3,256],bf16>
  %c5 = torch.constant.int 0
  %c6 = torch.constant.int 1
  %v1 = torch.aten.transpose.int %v0, %c5, %c6 : !torch.vtensor<[2,3,256],bf16>, !torch.int, !torch.int -> !torch.vtensor<[3,2,256],bf16>
  %c7 = torch.constant.int 6
  %c8 = torch.constant.int 256
  %c9 = torch.prim.ListConstruct %c7, %c8 : (!torch.int, !torch.int) -> !torch.list<int>
  %v2 = torch.aten.reshape %v1, %c9 : !torch.vtensor<[3,2,256],bf16>, !torch.list<int> -> !torch.vtensor<[6,256],bf16>
  %c10 = torch.constant.int 128
  %c11 = torch.constant.int 24
  %c12 = torch.constant.float 1.000000e-10
  %c13 = torch.constant.float 0.000000e+00
  %c14 = torch.constant.bool false
  %c15 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v2, %c10, %c11, %c12, %c13, %c14, %c15, %f32, %row) : (!torch.vtensor<[6,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>
}

// CHECK-LABEL: func.func @transpose_of_the_last_dim(
// CHECK: "fanfold.rms_norm"
// CHECK: torch.aten.transpose.int
// CHECK: "fanfold.quantize"
func.func @transpose_of_the_last_dim(%x: !torch.vtensor<[256,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[256,256],f8E4M3FN>, !torch.vtensor<[256,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[256,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[256,256],bf16>
  %c1 = torch.constant.int 0
  %c2 = torch.constant.int 1
  %v0 = torch.aten.transpose.int %y, %c1, %c2 : !torch.vtensor<[256,256],bf16>, !torch.int, !torch.int -> !torch.vtensor<[256,256],bf16>
  %c3 = torch.constant.int 128
  %c4 = torch.constant.int 24
  %c5 = torch.constant.float 1.000000e-10
  %c6 = torch.constant.float 0.000000e+00
  %c7 = torch.constant.bool false
  %c8 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c3, %c4, %c5, %c6, %c7, %c8, %f32, %row) : (!torch.vtensor<[256,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[256,256],f8E4M3FN>, !torch.vtensor<[256,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[256,256],f8E4M3FN>, !torch.vtensor<[256,2],f32>
}

// CHECK-LABEL: func.func @another_op_between(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: %[[V:.*]] = torch.aten.relu
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK: "fanfold.quantize"(%[[B]])
func.func @another_op_between(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  %v0 = torch.aten.relu %y : !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  %c1 = torch.constant.int 128
  %c2 = torch.constant.int 24
  %c3 = torch.constant.float 1.000000e-10
  %c4 = torch.constant.float 0.000000e+00
  %c5 = torch.constant.bool false
  %c6 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c1, %c2, %c3, %c4, %c5, %c6, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}
