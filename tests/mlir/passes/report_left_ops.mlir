// RUN: fanfold-opt %s --pass form-rows --pass report-left-ops --report | filecheck %s

// A quantisation reads an activation that kernels do not have.
func.func @missed(%a: !torch.vtensor<[?,64],bf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %none = torch.constant.str "none"
  %t = torch.aten.gelu %a, %none : !torch.vtensor<[?,64],bf16>, !torch.str -> !torch.vtensor<[?,64],bf16> loc("aten.gelu#gelu"("model.py":7:0))
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// Nothing does.
func.func @left(%a: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %t = torch.aten.hardswish %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16> loc("model.py":17:0)
  return %t : !torch.vtensor<[?,64],bf16>
}

// Ops of one activation have one line.
func.func @parts(%a: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %e = torch.aten.exp %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16> loc("aten.mish#mish"("model.py":27:0))
  %t = torch.aten.log1p %e : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16> loc("aten.mish#mish"("model.py":27:0))
  return %t : !torch.vtensor<[?,64],bf16>
}

// IREE computes the activation of a matrix product in its dispatch.
func.func @of_a_product(%a: !torch.vtensor<[?,64],bf16>, %w: !torch.vtensor<[64,64],bf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>) {
  %none = torch.constant.str "tanh"
  %m = torch.aten.mm %a, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %t = torch.aten.gelu %m, %none : !torch.vtensor<[?,64],bf16>, !torch.str -> !torch.vtensor<[?,64],bf16> loc("aten.gelu#gelu_1"("model.py":37:0))
  %b = torch_c.to_builtin_tensor %t : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %q, %s = "fanfold.quantize"(%b) {granularity = "group", group_size = 32 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x2xf32>)
  return %q, %s : tensor<?x64xf8E4M3FN>, tensor<?x2xf32>
}

// No norm, no activation, no quantisation.
func.func @silent(%a: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],bf16> {
  %t = torch.aten.exp %a : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %t : !torch.vtensor<[?,64],bf16>
}

// CHECK: // aten.gelu: no kernel: gelu is no function of a kernel, and fanfold.quantize
// CHECK-NEXT: // aten.hardswish: no kernel: hardswish is no function of a kernel
// CHECK-NEXT: // aten.mish: no kernel: mish is no function of a kernel
// CHECK-NEXT: // aten.gelu: no kernel: IREE computes it in the dispatch of the matrix product that it reads
// CHECK-NOT: no kernel
