// RUN: fanfold-opt %s --pass form-rows --pass report-gaps | filecheck %s

// CHECK-LABEL: func.func @tanh_between(
// CHECK: fanfold.rms_norm
// CHECK: "fanfold.quantize"
// CHECK-SAME: apart = "torch.aten.tanh at {{.*}}:{{[0-9]+}} stands between it and fanfold.rms_norm at {{.*}}, and is no op of a kernel"
func.func @tanh_between(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.tanh %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// The parts of an activation that was taken apart have its name.
// CHECK-LABEL: func.func @name_of_the_model(
// CHECK: apart = "aten.mish at model.py:7 stands between it and
func.func @name_of_the_model(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %e = torch.aten.exp %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16> loc("aten.mish#mish"("model.py":7:0))
  %t = torch.aten.log1p %e : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16> loc("aten.mish#mish"("model.py":7:0))
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// CHECK-LABEL: func.func @groups_do_not_divide(
// CHECK: apart = "a view from rows of 64 to rows of 32, which groups of 24 do not divide, stands between it and
func.func @groups_do_not_divide(%x: tensor<8x64xbf16>) -> (tensor<16x32xf8E4M3FN>, tensor<16x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<8x64xbf16>) -> tensor<8x64xbf16>
  %w = torch.constant.int 32
  %r = torch.constant.int 16
  %sizes = torch.prim.ListConstruct %r, %w : (!torch.int, !torch.int) -> !torch.list<int>
  %a = torch_c.from_builtin_tensor %n : tensor<8x64xbf16> -> !torch.vtensor<[8,64],bf16>
  %t = torch.aten.view %a, %sizes : !torch.vtensor<[8,64],bf16>, !torch.list<int> -> !torch.vtensor<[16,32],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[16,32],bf16> -> tensor<16x32xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 24 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<16x32xbf16>) -> (tensor<16x32xf8E4M3FN>, tensor<16x2xf32>)
  return %q, %s : tensor<16x32xf8E4M3FN>, tensor<16x2xf32>
}

// The reason of what is absorbed is handed to what reads it.
// CHECK-LABEL: func.func @handed_down(
// CHECK: "fanfold.residual_add"(%{{[^)]*}}) :
// CHECK: "fanfold.quantize"
// CHECK-SAME: apart = "torch.aten.sin at
func.func @handed_down(%x: tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.sin %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %h = "fanfold.residual_add"(%n, %b) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%h) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}
