// RUN: fanfold-opt %s --split-input-file --pass retarget-float8 --fp8 native --target rocm:gfx950 | filecheck %s

// To OCP, scales are half as large, and the type's largest value is the most that there is.
// CHECK-LABEL: func.func @bound_of_vllm
// CHECK: bound = 4.480000e+02 : f64{{.*}} -> (tensor<4x64xf8E4M3FN>
func.func @bound_of_vllm(%x: tensor<4x64xbf16>) -> (!torch.vtensor<[4,64],f8E4M3FNUZ>, tensor<4x1xf32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 224.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FNUZ>, tensor<4x1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FNUZ> -> !torch.vtensor<[4,64],f8E4M3FNUZ>
  return %t, %s : !torch.vtensor<[4,64],f8E4M3FNUZ>, tensor<4x1xf32>
}

// -----

// CHECK-LABEL: func.func @bound_of_the_type
// CHECK: bound = 4.480000e+02 : f64{{.*}} -> (tensor<4x64xf8E4M3FN>
func.func @bound_of_the_type(%x: tensor<4x64xbf16>) -> (!torch.vtensor<[4,64],f8E4M3FNUZ>, tensor<4x1xf32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 240.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FNUZ>, tensor<4x1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FNUZ> -> !torch.vtensor<[4,64],f8E4M3FNUZ>
  return %t, %s : !torch.vtensor<[4,64],f8E4M3FNUZ>, tensor<4x1xf32>
}

// -----

// A multiplier is the inverse of a scale.
// CHECK-LABEL: func.func @multiplier
// CHECK: torch.constant.float 2.0
// CHECK: bound = 5.734400e+04 : f64, form = "multiplier"{{.*}} -> tensor<4x64xf8E5M2>
// CHECK: torch.constant.float 5.000000e-01
// CHECK: torch.aten.mul.Scalar
func.func @multiplier(%x: tensor<4x64xbf16>, %s: tensor<1xf32>) -> !torch.vtensor<[4,64],f32> {
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 57344.0 : f64,
    absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "multiplier", scale_type = f32, quotient_type = f32,
    scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>,
    resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E5M2FNUZ>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E5M2FNUZ> -> !torch.vtensor<[4,64],f8E5M2FNUZ>
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %t, %int6 : !torch.vtensor<[4,64],f8E5M2FNUZ>, !torch.int -> !torch.vtensor<[4,64],f32>
  return %f : !torch.vtensor<[4,64],f32>
}
