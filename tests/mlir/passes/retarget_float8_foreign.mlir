// RUN: fanfold-opt %s --pass retarget-float8 --target rocm:gfx942 --split-input-file --verify-diagnostics
// RUN: not fanfold-opt %s --pass retarget-float8 --target rocm:gfx942 --split-input-file 2>&1 | filecheck %s

// CHECK: [target] rocm:gfx942 has no float8_e4m3fn in hardware: it has float8_e4m3fnuz
// CHECK-NEXT: op: fanfold.group_quant
// CHECK-NEXT: location: model.py:7
// CHECK: found: float8_e4m3fn
// CHECK-NEXT: remedy: write the model with torch.float8_e4m3fnuz, or compile with fp8='native'
func.func @quantisation(%x: tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>) {
  // expected-error@7 {{rocm:gfx942 has no float8_e4m3fn in hardware: it has float8_e4m3fnuz}}
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    origins = ["fanfold.group_quant@model.py:7#0"],
    resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  return %q, %s : tensor<4x64xf8E4M3FN>, tensor<4x1xf32>
}

// -----

// CHECK: op: torch.prims.convert_element_type
// CHECK: found: float8_e5m2
func.func @conversion(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f8E5M2> {
  %int23 = torch.constant.int 23
  // expected-error@+1 {{rocm:gfx942 has no float8_e5m2 in hardware: it has float8_e5m2fnuz}}
  %y = torch.prims.convert_element_type %x, %int23 : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],f8E5M2>
  return %y : !torch.vtensor<[4],f8E5M2>
}

// -----

// CHECK: op: input 1
func.func @input(%x: !torch.vtensor<[4],f32>, %y: !torch.vtensor<[4],f8E5M2>) -> !torch.vtensor<[4],f32> {
  %int6 = torch.constant.int 6
  // expected-error@+1 {{rocm:gfx942 has no float8_e5m2 in hardware: it has float8_e5m2fnuz}}
  %f = torch.prims.convert_element_type %y, %int6 : !torch.vtensor<[4],f8E5M2>, !torch.int -> !torch.vtensor<[4],f32>
  return %f : !torch.vtensor<[4],f32>
}

// -----

// CHECK: op: parameter w
"util.global"() {initial_value = #stream.parameter.named<"model"::"w"> : tensor<8xf8E4M3FN>, sym_name = "w", sym_visibility = "private", type = tensor<8xf8E4M3FN>} : () -> ()
func.func @parameter() -> !torch.vtensor<[8],f32> {
  %l = "util.global.load"() {global = @w} : () -> tensor<8xf8E4M3FN>
  // expected-error@+1 {{rocm:gfx942 has no float8_e4m3fn in hardware: it has float8_e4m3fnuz}}
  %w = torch_c.from_builtin_tensor %l : tensor<8xf8E4M3FN> -> !torch.vtensor<[8],f8E4M3FN>
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %w, %int6 : !torch.vtensor<[8],f8E4M3FN>, !torch.int -> !torch.vtensor<[8],f32>
  return %f : !torch.vtensor<[8],f32>
}

// -----

// The target's own types stay.
func.func @own(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f8E4M3FNUZ> {
  %int26 = torch.constant.int 26
  %y = torch.prims.convert_element_type %x, %int26 : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],f8E4M3FNUZ>
  return %y : !torch.vtensor<[4],f8E4M3FNUZ>
}
