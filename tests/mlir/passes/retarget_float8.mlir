// RUN: fanfold-opt %s --split-input-file --pass retarget-float8 --fp8 fnuz | filecheck %s
// RUN: fanfold-opt %s --split-input-file --pass retarget-float8 --fp8 native --target rocm:mi300x | filecheck %s
// RUN: fanfold-opt %s --split-input-file --pass retarget-float8 --fp8 native --target rocm:gfx90a | filecheck %s --check-prefix SAME
// RUN: fanfold-opt %s --split-input-file --pass retarget-float8 | filecheck %s --check-prefix SAME

// The scales are twice as large, and go where the values go: no reader changes.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (!torch.vtensor<[2,2,64],f8E4M3FNUZ>, !torch.vtensor<[4,1],f32>, !torch.vtensor<[4,64],f32>)
// CHECK: "fanfold.quantize"{{.*}} bound = 2.240000e+02 : f64{{.*}} scale_floor = 5.000000e-01 : f64{{.*}} -> (tensor<4x64xf8E4M3FNUZ>, tensor<4x1xf32>)
// CHECK: %[[Q:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<4x64xf8E4M3FNUZ> -> !torch.vtensor<[4,64],f8E4M3FNUZ>
// CHECK: torch.aten.view %[[Q]], %{{.*}} -> !torch.vtensor<[2,2,64],f8E4M3FNUZ>
// CHECK: %[[F:.*]] = torch.prims.convert_element_type %[[Q]]
// CHECK-NOT: torch.aten.mul.Scalar
// CHECK: return %{{.*}}, %{{.*}}, %[[F]]
// SAME-LABEL: func.func @main
// SAME: bound = 4.480000e+02
// SAME-NOT: FNUZ
func.func @main(%x: tensor<4x64xbf16>) -> (!torch.vtensor<[2,2,64],f8E4M3FN>, !torch.vtensor<[4,1],f32>, !torch.vtensor<[4,64],f32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64,
    absmax_floor = 1.0e-10 : f64, scale_floor = 0.25 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %ts = torch_c.from_builtin_tensor %s : tensor<4x1xf32> -> !torch.vtensor<[4,1],f32>
  %int2 = torch.constant.int 2
  %int64 = torch.constant.int 64
  %sizes = torch.prim.ListConstruct %int2, %int2, %int64 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v = torch.aten.view %t, %sizes : !torch.vtensor<[4,64],f8E4M3FN>, !torch.list<int> -> !torch.vtensor<[2,2,64],f8E4M3FN>
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %t, %int6 : !torch.vtensor<[4,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[4,64],f32>
  return %v, %ts, %f : !torch.vtensor<[2,2,64],f8E4M3FN>, !torch.vtensor<[4,1],f32>, !torch.vtensor<[4,64],f32>
}

// -----

// A weight is half as large for its bytes, and so are values that were divided by twice the scale that was given: their
// readers double them. What the model computes of the scale itself is as it was. An input is the caller's.
// CHECK: "util.global"() {initial_value = #stream.parameter.named<"model"::"w"> : tensor<8x64xf8E4M3FNUZ>, {{.*}}type = tensor<8x64xf8E4M3FNUZ>}
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.*]]: tensor<4x64xbf16>, %[[S:.*]]: !torch.vtensor<[1],f32>, %[[I:.*]]: !torch.vtensor<[4],f8E4M3FNUZ>
// CHECK: %[[L:.*]] = "util.global.load"() {global = @w} : () -> tensor<8x64xf8E4M3FNUZ>
// CHECK: %[[W:.*]] = torch_c.from_builtin_tensor %[[L]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[S]]
// CHECK: %[[TB:.*]] = torch_c.from_builtin_tensor %[[B]]
// CHECK: %[[TWO:.*]] = torch.constant.float 2.0
// CHECK: %[[S2:.*]] = torch.aten.mul.Scalar %[[TB]], %[[TWO]]
// CHECK: %[[B2:.*]] = torch_c.to_builtin_tensor %[[S2]]
// CHECK: "fanfold.quantize"(%[[X]], %[[B2]]) {{.*}}bound = 2.240000e+02{{.*}} -> tensor<4x64xf8E4M3FNUZ>
// CHECK: %[[Q:.*]] = torch_c.from_builtin_tensor %{{.*}} : tensor<4x64xf8E4M3FNUZ>
// CHECK: torch.prims.convert_element_type %[[Q]], %{{.*}} -> !torch.vtensor<[4,64],f32>
// CHECK: %[[QF:.*]] = torch.aten.mul.Scalar
// CHECK: %[[WF:.*]] = torch.prims.convert_element_type %[[W]], %{{.*}} -> !torch.vtensor<[8,64],f32>
// CHECK: %[[WD:.*]] = torch.aten.mul.Scalar %[[WF]]
// CHECK: %[[WB:.*]] = torch.prims.convert_element_type %[[WD]], %{{.*}} : !torch.vtensor<[8,64],f32>, !torch.int -> !torch.vtensor<[8,64],bf16>
// CHECK: %[[IF:.*]] = torch.prims.convert_element_type %[[I]]
// CHECK: torch.aten.mul.Tensor %[[S]], %[[S]]
// CHECK: return %[[Q]], %[[QF]], %[[WB]], %[[IF]]
// SAME-LABEL: func.func @main
// SAME-NOT: FNUZ
"util.global"() {initial_value = #stream.parameter.named<"model"::"w"> : tensor<8x64xf8E4M3FN>, sym_name = "w", sym_visibility = "private", type = tensor<8x64xf8E4M3FN>} : () -> ()
func.func @main(%x: tensor<4x64xbf16>, %s: !torch.vtensor<[1],f32>, %i: !torch.vtensor<[4],f8E4M3FN>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,64],f32>, !torch.vtensor<[8,64],bf16>, !torch.vtensor<[4],f32>, !torch.vtensor<[4,64],f32>) {
  %l = "util.global.load"() {global = @w} : () -> tensor<8x64xf8E4M3FN>
  %w = torch_c.from_builtin_tensor %l : tensor<8x64xf8E4M3FN> -> !torch.vtensor<[8,64],f8E4M3FN>
  %b = torch_c.to_builtin_tensor %s : !torch.vtensor<[1],f32> -> tensor<1xf32>
  %q = "fanfold.quantize"(%x, %b) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>,
    resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %int6 = torch.constant.int 6
  %int15 = torch.constant.int 15
  %qf = torch.prims.convert_element_type %t, %int6 : !torch.vtensor<[4,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[4,64],f32>
  %wb = torch.prims.convert_element_type %w, %int15 : !torch.vtensor<[8,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[8,64],bf16>
  %if = torch.prims.convert_element_type %i, %int6 : !torch.vtensor<[4],f8E4M3FN>, !torch.int -> !torch.vtensor<[4],f32>
  %ss = torch.aten.mul.Tensor %s, %s : !torch.vtensor<[1],f32>, !torch.vtensor<[1],f32> -> !torch.vtensor<[1],f32>
  %sd = torch.aten.mul.Tensor %qf, %ss : !torch.vtensor<[4,64],f32>, !torch.vtensor<[1],f32> -> !torch.vtensor<[4,64],f32>
  return %t, %qf, %wb, %if, %sd : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,64],f32>, !torch.vtensor<[8,64],bf16>, !torch.vtensor<[4],f32>, !torch.vtensor<[4,64],f32>
}
