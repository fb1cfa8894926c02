// RUN: fanfold-opt %s --pass raise-custom-ops | filecheck %s

// CHECK-LABEL: func.func @fanfold_rms_norm(
// CHECK-NOT: torch.operator
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<2x?x256xbf16> into tensor<?x256xbf16>
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"(%[[X]], %{{.*}}) {eps = 1.000000e-05 : f64, normalized_type = f32, operandSegmentSizes = array<i32: 1, 1>, origins = ["fanfold.rms_norm@-:{{[0-9]+}}#0"], variance_size = 256 : i64} : (tensor<?x256xbf16>, tensor<256xf32>) -> tensor<?x256xbf16>
// CHECK: %[[E:.*]] = tensor.expand_shape %[[Y]]
// CHECK: %[[R:.*]] = torch_c.from_builtin_tensor %[[E]] : tensor<2x?x256xbf16>
// CHECK: return %[[R]]
func.func @fanfold_rms_norm(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[2,?,256],bf16> {
  %eps = torch.constant.float 1.000000e-05
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],f32>, !torch.float) -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_rms_norm_rank_1(
// CHECK-NOT: torch.operator
// CHECK: tensor.expand_shape %{{.*}} : tensor<256xbf16> into tensor<1x256xbf16>
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {eps = 1.000000e-05 : f64, normalized_type = bf16
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x256xbf16> into tensor<256xbf16>
func.func @fanfold_rms_norm_rank_1(%x: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[256],bf16> {
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps) : (!torch.vtensor<[256],bf16>, !torch.none, !torch.float) -> !torch.vtensor<[256],bf16>
  return %y : !torch.vtensor<[256],bf16>
}

// CHECK-LABEL: func.func @fanfold_add_rms_norm(
// CHECK-NOT: torch.operator
// CHECK: %[[S:.*]] = "fanfold.residual_add"(%{{.*}}, %{{.*}}) {{.*}} -> tensor<?x256xf32>
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"(%[[S]], %{{.*}}) {{.*}}normalized_type = bf16{{.*}} -> tensor<?x256xbf16>
// CHECK: %[[R:.*]] = "fanfold.cast"(%[[S]]) {{.*}} -> tensor<?x256xbf16>
// CHECK: %[[A:.*]] = torch_c.from_builtin_tensor %[[Y]]
// CHECK: %[[B:.*]] = torch_c.from_builtin_tensor %[[R]]
// CHECK: return %[[A]], %[[B]]
func.func @fanfold_add_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %w, %eps) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_silu_and_mul(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.silu_mul"(%{{.*}}) {activation_type = f16, limit = 7.000000e+00 : f64
func.func @fanfold_silu_and_mul(%x: !torch.vtensor<[?,256],f16>) -> !torch.vtensor<[?,128],f16> {
  %limit = torch.constant.float 7.000000e+00
  %y = torch.operator "torch.fanfold.silu_and_mul"(%x, %limit) : (!torch.vtensor<[?,256],f16>, !torch.float) -> !torch.vtensor<[?,128],f16>
  return %y : !torch.vtensor<[?,128],f16>
}

// CHECK-LABEL: func.func @fanfold_group_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 5.734400e+04 : f64, granularity = "group", group_size = 128 : i64, {{.*}}reciprocal = true, {{.*}}scale_floor = 2.000000e+00 : f64} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>)
func.func @fanfold_group_quant(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>) {
  %group = torch.constant.int 128
  %dtype = torch.constant.int 23
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 2.000000e+00
  %reciprocal = torch.constant.bool true
  %none = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none) -> (!torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>
}

// CHECK-LABEL: func.func @fanfold_token_quant(
// CHECK-NOT: torch.operator
// CHECK: %[[UB:.*]] = tensor.expand_shape %{{.*}} : tensor<f32> into tensor<1xf32>
// CHECK: "fanfold.quantize"(%{{.*}}, %[[UB]]) {absmax_floor = 0.000000e+00 : f64, bound = 1.270000e+02 : f64, granularity = "token", group_size = 256 : i64, operandSegmentSizes = array<i32: 1, 0, 1>, {{.*}}reciprocal = false, {{.*}}scale_floor = 1.5378937007874016E-5 : f64}
// CHECK: torch_c.from_builtin_tensor %{{.*}} : tensor<?x256xi8> -> !torch.vtensor<[?,256],si8>
func.func @fanfold_token_quant(%x: !torch.vtensor<[?,256],bf16>, %ub: !torch.vtensor<[],f32>) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>) {
  %dtype = torch.constant.int 1
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.token_quant"(%x, %dtype, %ub, %none, %reciprocal, %none) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.vtensor<[],f32>, !torch.none, !torch.bool, !torch.none) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>
}

// CHECK-LABEL: func.func @fanfold_static_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}, %{{.*}}) {{.*}}granularity = "tensor", group_size = 256 : i64, operandSegmentSizes = array<i32: 1, 1, 0>, {{.*}}reciprocal = true, resultSegmentSizes = array<i32: 1, 0>{{.*}} : (tensor<6x256xbf16>, tensor<1xf32>) -> tensor<6x256xf8E4M3FN>
func.func @fanfold_static_quant(%x: !torch.vtensor<[2,3,256],bf16>, %s: !torch.vtensor<[1],f32>) -> !torch.vtensor<[2,3,256],f8E4M3FN> {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %q = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none) -> !torch.vtensor<[2,3,256],f8E4M3FN>
  return %q : !torch.vtensor<[2,3,256],f8E4M3FN>
}

// CHECK-LABEL: func.func @vllm_ir_rms_norm(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.rms_norm"(%{{.*}}) {{.*}}origins = ["vllm_ir.rms_norm@{{.*}}variance_size = 128 : i64
func.func @vllm_ir_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %eps = torch.constant.float 1.000000e-06
  %size = torch.constant.int 128
  %y = torch.operator "torch.vllm_ir.rms_norm"(%x, %w, %eps, %size) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.int) -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @vllm_ir_fused_add_rms_norm(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.residual_add"{{.*}}"vllm_ir.fused_add_rms_norm@{{.*}} -> tensor<?x256xf32>
// CHECK: "fanfold.rms_norm"{{.*}} : (tensor<?x256xf32>, tensor<256xbf16>) -> tensor<?x256xbf16>
// CHECK: "fanfold.cast"
func.func @vllm_ir_fused_add_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %y:2 = torch.operator "torch.vllm_ir.fused_add_rms_norm"(%x, %r, %w, %eps, %none) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @vllm_ir_silu_and_mul(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.silu_mul"(%{{.*}}) {activation_type = bf16, limit = 0x7FF0000000000000 : f64
func.func @vllm_ir_silu_and_mul(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16>
  return %y : !torch.vtensor<[?,128],bf16>
}

// CHECK-LABEL: func.func @vllm_rocm_aiter_group_fp8_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 2.240000e+02 : f64, {{.*}}reciprocal = false, {{.*}} -> (tensor<?x256xf8E4M3FNUZ>
func.func @vllm_rocm_aiter_group_fp8_quant(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>) {
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_group_fp8_quant"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @vllm_triton_per_token_group_quant_fp8(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 4.480000e+02 : f64, {{.*}}group_size = 64 : i64{{.*}} -> (tensor<?x256xf8E4M3FN>
func.func @vllm_triton_per_token_group_quant_fp8(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>) {
  %group = torch.constant.int 64
  %q:2 = torch.operator "torch.vllm.triton_per_token_group_quant_fp8"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>
}

// CHECK-LABEL: func.func @vllm_rocm_aiter_rmsnorm_fp8_group_quant(
// CHECK-NOT: torch.operator
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"
// CHECK: "fanfold.quantize"(%[[Y]]) {{.*}}group_size = 128
func.func @vllm_rocm_aiter_rmsnorm_fp8_group_quant(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %eps = torch.constant.float 1.000000e-06
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_rmsnorm_fp8_group_quant"(%x, %w, %eps, %group) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}

// CHECK-LABEL: func.func @vllm_rocm_aiter_act_mul_and_fp8_group_quant(
// CHECK-NOT: torch.operator
// CHECK: %[[Y:.*]] = "fanfold.silu_mul"
// CHECK: "fanfold.quantize"(%[[Y]]) {{.*}}group_size = 128
func.func @vllm_rocm_aiter_act_mul_and_fp8_group_quant(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_act_mul_and_fp8_group_quant"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}
