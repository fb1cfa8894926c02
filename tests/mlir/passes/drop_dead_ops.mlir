// RUN: fanfold-opt %s --pass drop-dead-ops | filecheck %s

// CHECK-LABEL: func.func @chain(
// CHECK-NEXT: return
func.func @chain(%x: !torch.vtensor<[2,64],bf16>) {
  %int-1 = torch.constant.int -1
  %sizes = torch.prim.ListConstruct %int-1 : (!torch.int) -> !torch.list<int>
  %v = torch.aten.view %x, %sizes : !torch.vtensor<[2,64],bf16>, !torch.list<int> -> !torch.vtensor<[128],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[128],bf16> -> tensor<128xbf16>
  %e = tensor.expand_shape %b [[0, 1]] output_shape [1, 128] : tensor<128xbf16> into tensor<1x128xbf16>
  %y = "fanfold.cast"(%e) : (tensor<1x128xbf16>) -> tensor<1x128xf32>
  return
}

// One used result keeps an op.
// CHECK-LABEL: func.func @one_result_used(
// CHECK: %[[Q:.*]]:2 = "fanfold.quantize"
// CHECK: return %[[Q]]#1
func.func @one_result_used(%x: tensor<?x64xbf16>) -> tensor<?x1xf32> {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 127.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x64xbf16>) -> (tensor<?x64xi8>, tensor<?x1xf32>)
  return %q#1 : tensor<?x1xf32>
}

// A custom op may do anything, and so may an op of a dialect that is not known to be pure.
// CHECK-LABEL: func.func @effects(
// CHECK: torch.operator "torch.other.print"
// CHECK: other.op
// CHECK: return
func.func @effects(%x: !torch.vtensor<[2,64],bf16>) {
  %y = torch.operator "torch.other.print"(%x) : (!torch.vtensor<[2,64],bf16>) -> !torch.vtensor<[2,64],bf16>
  %z = "other.op"() : () -> tensor<2xf32>
  return
}

// Ops without results are there for their effect.
// CHECK-LABEL: func.func @no_results(
// CHECK: torch.overwrite.tensor.contents
func.func @no_results(%x: !torch.vtensor<[2],f32>, %y: !torch.tensor<[2],f32>) {
  torch.overwrite.tensor.contents %x overwrites %y : !torch.vtensor<[2],f32>, !torch.tensor<[2],f32>
  return
}
