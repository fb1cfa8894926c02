// RUN: fanfold-opt %s --pass form-rows --pass report-gaps | filecheck %s

// CHECK-NOT: apart

// A matrix product stands between: there is nothing to fuse.
// CHECK-LABEL: func.func @product_between(
func.func @product_between(%x: tensor<?x64xbf16>, %w: !torch.vtensor<[64,64],bf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.mm %a, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.tanh %m : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// So it does beside the residual, which form-rows gives a reason for.
// CHECK-LABEL: func.func @residual_waits_for_a_product(
// CHECK-COUNT-2: "fanfold.rows"
func.func @residual_waits_for_a_product(%x: tensor<?x64xbf16>, %w: !torch.vtensor<[64,64],bf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %m = torch.aten.mm %a, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %m : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %h = "fanfold.residual_add"(%n, %b) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%h) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// A sum over rows needs all of them.
// CHECK-LABEL: func.func @reduction_over_rows(
func.func @reduction_over_rows(%x: tensor<?x64xbf16>) -> (tensor<1x64xf8E4M3FN>, tensor<1x2xf32>) {
  %n = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %zero = torch.constant.int 0
  %none = torch.constant.none
  %true = torch.constant.bool true
  %dims = torch.prim.ListConstruct %zero : (!torch.int) -> !torch.list<int>
  %a = torch_c.from_builtin_tensor %n : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.sum.dim_IntList %a, %dims, %true, %none : !torch.vtensor<[?,64],bf16>, !torch.list<int>, !torch.bool, !torch.none -> !torch.vtensor<[1,64],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[1,64],bf16> -> tensor<1x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<1x64xbf16>) -> (tensor<1x64xf8E4M3FN>, tensor<1x2xf32>)
  return %q, %s : tensor<1x64xf8E4M3FN>, tensor<1x2xf32>
}

// Nobody expects the residual stream and a norm of some of its rows in one kernel.
// CHECK-LABEL: func.func @residual_to_norm(
func.func @residual_to_norm(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %one = torch.constant.int 1
  %zero = torch.constant.int 0
  %most = torch.constant.int 9223372036854775807
  %h = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %a = torch_c.from_builtin_tensor %h : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.slice.Tensor %a, %zero, %one, %most, %one : !torch.vtensor<[?,64],bf16>, !torch.int, !torch.int, !torch.int, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %n = "fanfold.rms_norm"(%b) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64,
    operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %h, %n : tensor<?x64xbf16>, tensor<?x64xbf16>
}
