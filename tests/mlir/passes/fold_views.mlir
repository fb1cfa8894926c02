// RUN: fanfold-opt %s --pass raise-custom-ops --pass fold-views --pass fold-duplicates --pass resolve-dims --pass drop-dead-ops | filecheck %s

// CHECK-LABEL: func.func @view(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @view(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,?,256],bf16>
  %c1 = torch.constant.int -1
  %c2 = torch.constant.int 256
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c3 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @reshape(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @reshape(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,?,256],bf16>
  %c1 = torch.constant.int -1
  %c2 = torch.constant.int 256
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.reshape %y, %c3 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @no_view(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @no_view(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  %c1 = torch.constant.int 128
  %c2 = torch.constant.int 24
  %c3 = torch.constant.float 1.000000e-10
  %c4 = torch.constant.float 0.000000e+00
  %c5 = torch.constant.bool false
  %c6 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%y, %c1, %c2, %c3, %c4, %c5, %c6, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @flatten_and_unflatten(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @flatten_and_unflatten(%x: !torch.vtensor<[2,3,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,3,256],bf16>
  %c1 = torch.constant.int 0
  %c2 = torch.constant.int 1
  %v0 = torch.aten.flatten.using_ints %y, %c1, %c2 : !torch.vtensor<[2,3,256],bf16>, !torch.int, !torch.int -> !torch.vtensor<[6,256],bf16>
  %c3 = torch.constant.int 0
  %c4 = torch.constant.int 3
  %c5 = torch.constant.int 2
  %c6 = torch.prim.ListConstruct %c4, %c5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v1 = torch.aten.unflatten.int %v0, %c3, %c6 : !torch.vtensor<[6,256],bf16>, !torch.int, !torch.list<int> -> !torch.vtensor<[3,2,256],bf16>
  %c7 = torch.constant.int 128
  %c8 = torch.constant.int 24
  %c9 = torch.constant.float 1.000000e-10
  %c10 = torch.constant.float 0.000000e+00
  %c11 = torch.constant.bool false
  %c12 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v1, %c7, %c8, %c9, %c10, %c11, %c12, %f32, %row) : (!torch.vtensor<[3,2,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[3,2,256],f8E4M3FN>, !torch.vtensor<[3,2,2],f32>
}

// CHECK-LABEL: func.func @unsqueeze_and_squeeze(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @unsqueeze_and_squeeze(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[1,?,256],f8E4M3FN>, !torch.vtensor<[1,?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  %c1 = torch.constant.int 1
  %v0 = torch.aten.unsqueeze %y, %c1 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,1,256],bf16>
  %c2 = torch.constant.int 1
  %v1 = torch.aten.squeeze.dim %v0, %c2 : !torch.vtensor<[?,1,256],bf16>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %c3 = torch.constant.int 0
  %v2 = torch.aten.unsqueeze %v1, %c3 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[1,?,256],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v2, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[1,?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[1,?,256],f8E4M3FN>, !torch.vtensor<[1,?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[1,?,256],f8E4M3FN>, !torch.vtensor<[1,?,2],f32>
}

// CHECK-LABEL: func.func @copies(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @copies(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  %c1 = torch.constant.int 0
  %v0 = torch.aten.contiguous %y, %c1 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %c2 = torch.constant.int 0
  %v1 = torch.aten.clone %v0, %c2 : !torch.vtensor<[?,256],bf16>, !torch.int -> !torch.vtensor<[?,256],bf16>
  %v2 = torch.aten.alias %v1 : !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  %v3 = torch.aten.detach %v2 : !torch.vtensor<[?,256],bf16> -> !torch.vtensor<[?,256],bf16>
  %c3 = torch.constant.int 128
  %c4 = torch.constant.int 24
  %c5 = torch.constant.float 1.000000e-10
  %c6 = torch.constant.float 0.000000e+00
  %c7 = torch.constant.bool false
  %c8 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v3, %c3, %c4, %c5, %c6, %c7, %c8, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// Only the two ends of a chain matter.
// CHECK-LABEL: func.func @last_dim_changes_in_between(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @last_dim_changes_in_between(%x: !torch.vtensor<[2,3,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,3,256],bf16>
  %c1 = torch.constant.int 2
  %c2 = torch.constant.int 768
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c3 : !torch.vtensor<[2,3,256],bf16>, !torch.list<int> -> !torch.vtensor<[2,768],bf16>
  %c4 = torch.constant.int 6
  %c5 = torch.constant.int 256
  %c6 = torch.prim.ListConstruct %c4, %c5 : (!torch.int, !torch.int) -> !torch.list<int>
  %v1 = torch.aten.view %v0, %c6 : !torch.vtensor<[2,768],bf16>, !torch.list<int> -> !torch.vtensor<[6,256],bf16>
  %c7 = torch.constant.int 128
  %c8 = torch.constant.int 24
  %c9 = torch.constant.float 1.000000e-10
  %c10 = torch.constant.float 0.000000e+00
  %c11 = torch.constant.bool false
  %c12 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v1, %c7, %c8, %c9, %c10, %c11, %c12, %f32, %row) : (!torch.vtensor<[6,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[6,256],f8E4M3FN>, !torch.vtensor<[6,2],f32>
}

// CHECK-LABEL: func.func @rank_1(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: "fanfold.quantize"(%[[Y]])
// CHECK: return
func.func @rank_1(%x: !torch.vtensor<[256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[1,256],f8E4M3FN>, !torch.vtensor<[1,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[256],bf16>
  %c1 = torch.constant.int 0
  %v0 = torch.aten.unsqueeze %y, %c1 : !torch.vtensor<[256],bf16>, !torch.int -> !torch.vtensor<[1,256],bf16>
  %c2 = torch.constant.int 128
  %c3 = torch.constant.int 24
  %c4 = torch.constant.float 1.000000e-10
  %c5 = torch.constant.float 0.000000e+00
  %c6 = torch.constant.bool false
  %c7 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c2, %c3, %c4, %c5, %c6, %c7, %f32, %row) : (!torch.vtensor<[1,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[1,256],f8E4M3FN>, !torch.vtensor<[1,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[1,256],f8E4M3FN>, !torch.vtensor<[1,2],f32>
}

// The view's type knows the row count, the norm's does not: the cast goes below the row ops.
// CHECK-LABEL: func.func @row_counts_known_to_different_degrees(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK-NOT: torch.aten.view
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"(%[[Y]]) {{.*}} : (tensor<?x256xbf16>)
// CHECK: tensor.cast %[[Q]]#0 : tensor<?x256xf8E4M3FN> to tensor<8x256xf8E4M3FN>
// CHECK: return
func.func @row_counts_known_to_different_degrees(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[8,256],f8E4M3FN>, !torch.vtensor<[8,2],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,?,256],bf16>
  %c1 = torch.constant.int 8
  %c2 = torch.constant.int 256
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %v0 = torch.aten.view %y, %c3 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[8,256],bf16>
  %c4 = torch.constant.int 128
  %c5 = torch.constant.int 24
  %c6 = torch.constant.float 1.000000e-10
  %c7 = torch.constant.float 0.000000e+00
  %c8 = torch.constant.bool false
  %c9 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%v0, %c4, %c5, %c6, %c7, %c8, %c9, %f32, %row) : (!torch.vtensor<[8,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[8,256],f8E4M3FN>, !torch.vtensor<[8,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[8,256],f8E4M3FN>, !torch.vtensor<[8,2],f32>
}

// CHECK-LABEL: func.func @different_views_on_each_branch(
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.quantize"(%[[Y]]) {{.*}}group_size = 128
// CHECK: "fanfold.quantize"(%[[Y]]) {{.*}}group_size = 64
// CHECK: return
func.func @different_views_on_each_branch(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2,256],f8E4M3FN>, !torch.vtensor<[?,2,4],f32>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %c0 = torch.constant.float 1.000000e-06
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %c0, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,?,256],bf16>
  %c1 = torch.constant.int -1
  %c2 = torch.constant.int 256
  %c3 = torch.prim.ListConstruct %c1, %c2 : (!torch.int, !torch.int) -> !torch.list<int>
  %a = torch.aten.view %y, %c3 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,256],bf16>
  %c4 = torch.constant.int -1
  %c5 = torch.constant.int 2
  %c6 = torch.constant.int 256
  %c7 = torch.prim.ListConstruct %c4, %c5, %c6 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %b = torch.aten.view %y, %c7 : !torch.vtensor<[2,?,256],bf16>, !torch.list<int> -> !torch.vtensor<[?,2,256],bf16>
  %c8 = torch.constant.int 128
  %c9 = torch.constant.int 24
  %c10 = torch.constant.float 1.000000e-10
  %c11 = torch.constant.float 0.000000e+00
  %c12 = torch.constant.bool false
  %c13 = torch.constant.none
  %p:2 = torch.operator "torch.fanfold.group_quant"(%a, %c8, %c9, %c10, %c11, %c12, %c13, %f32, %row) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  %c14 = torch.constant.int 64
  %c15 = torch.constant.int 24
  %c16 = torch.constant.float 1.000000e-10
  %c17 = torch.constant.float 0.000000e+00
  %c18 = torch.constant.bool false
  %c19 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%b, %c14, %c15, %c16, %c17, %c18, %c19, %f32, %row) : (!torch.vtensor<[?,2,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,2,256],f8E4M3FN>, !torch.vtensor<[?,2,4],f32>)
  return %p#0, %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2,256],f8E4M3FN>, !torch.vtensor<[?,2,4],f32>
}

// Rows are taken from the tensor where the views start: both branches have one operand.
// CHECK-LABEL: func.func @views_of_one_torch_tensor(
// CHECK: %[[T:.*]] = torch.aten.relu
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[T]]
// CHECK: %[[R:.*]] = tensor.collapse_shape %[[B]]
// CHECK: "fanfold.quantize"(%[[R]]) {{.*}}group_size = 128
// CHECK: "fanfold.quantize"(%[[R]]) {{.*}}group_size = 64
// CHECK-NOT: torch.aten.view
// CHECK: return
func.func @views_of_one_torch_tensor(%x: !torch.vtensor<[4,6,256],bf16>) -> (!torch.vtensor<[24,256],f8E4M3FN>, !torch.vtensor<[6,4,256],f8E4M3FN>) {
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %t = torch.aten.relu %x : !torch.vtensor<[4,6,256],bf16> -> !torch.vtensor<[4,6,256],bf16>
  %c0 = torch.constant.int 24
  %c1 = torch.constant.int 256
  %c2 = torch.prim.ListConstruct %c0, %c1 : (!torch.int, !torch.int) -> !torch.list<int>
  %a = torch.aten.view %t, %c2 : !torch.vtensor<[4,6,256],bf16>, !torch.list<int> -> !torch.vtensor<[24,256],bf16>
  %c3 = torch.constant.int 6
  %c4 = torch.constant.int 4
  %c5 = torch.constant.int 256
  %c6 = torch.prim.ListConstruct %c3, %c4, %c5 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %b = torch.aten.view %t, %c6 : !torch.vtensor<[4,6,256],bf16>, !torch.list<int> -> !torch.vtensor<[6,4,256],bf16>
  %c7 = torch.constant.int 128
  %c8 = torch.constant.int 24
  %c9 = torch.constant.float 1.000000e-10
  %c10 = torch.constant.float 0.000000e+00
  %c11 = torch.constant.bool false
  %c12 = torch.constant.none
  %p:2 = torch.operator "torch.fanfold.group_quant"(%a, %c7, %c8, %c9, %c10, %c11, %c12, %f32, %row) : (!torch.vtensor<[24,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[24,256],f8E4M3FN>, !torch.vtensor<[24,2],f32>)
  %c13 = torch.constant.int 64
  %c14 = torch.constant.int 24
  %c15 = torch.constant.float 1.000000e-10
  %c16 = torch.constant.float 0.000000e+00
  %c17 = torch.constant.bool false
  %c18 = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%b, %c13, %c14, %c15, %c16, %c17, %c18, %f32, %row) : (!torch.vtensor<[6,4,256],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[6,4,256],f8E4M3FN>, !torch.vtensor<[6,4,4],f32>)
  return %p#0, %q#0 : !torch.vtensor<[24,256],f8E4M3FN>, !torch.vtensor<[6,4,256],f8E4M3FN>
}
