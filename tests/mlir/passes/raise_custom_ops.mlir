// RUN: fanfold-opt %s --pass raise-custom-ops | filecheck %s

// CHECK-LABEL: func.func @fanfold_rms_norm(
// CHECK-NOT: torch.operator
// CHECK: %[[X:.*]] = tensor.collapse_shape %{{.*}} {{\[\[}}0, 1], [2]] : tensor<2x?x256xbf16> into tensor<?x256xbf16>
// CHECK: %[[Y:.*]] = "fanfold.rms_norm"(%[[X]], %{{.*}}) {eps = 1.000000e-05 : f64, normalized_type = f32, operandSegmentSizes = array<i32: 1, 1>, origins = ["fanfold.rms_norm@-:{{[0-9]+}}#0"], variance_size = 256 : i64, weight_offset = 0.000000e+00 : f64} : (tensor<?x256xbf16>, tensor<256xf32>) -> tensor<?x256xbf16>
// CHECK: %[[E:.*]] = tensor.expand_shape %[[Y]]
// CHECK: %[[R:.*]] = torch_c.from_builtin_tensor %[[E]] : tensor<2x?x256xbf16>
// CHECK: return %[[R]]
func.func @fanfold_rms_norm(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[2,?,256],bf16> {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],f32>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_rms_norm_rank_1(
// CHECK-NOT: torch.operator
// CHECK: tensor.expand_shape %{{.*}} : tensor<256xbf16> into tensor<1x256xbf16>
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {eps = 1.000000e-05 : f64, normalized_type = bf16
// CHECK: tensor.collapse_shape %{{.*}} : tensor<1x256xbf16> into tensor<256xbf16>
func.func @fanfold_rms_norm_rank_1(%x: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[256],bf16> {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[256],bf16>, !torch.none, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[256],bf16>
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
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-06
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %w, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_silu_and_mul(
// CHECK-NOT: torch.operator
// CHECK: %[[X:.*]] = torch_c.to_builtin_tensor
// CHECK: %[[G:.*]] = "fanfold.columns"(%[[X]]) {offset = 0 : i64, {{.*}}} : (tensor<?x256xf16>) -> tensor<?x128xf16>
// CHECK: %[[U:.*]] = "fanfold.columns"(%[[X]]) {offset = 128 : i64, {{.*}}} : (tensor<?x256xf16>) -> tensor<?x128xf16>
// CHECK: "fanfold.silu_mul"(%[[G]], %[[U]]) {activation_type = f16, limit = 7.000000e+00 : f64, {{.*}}} : (tensor<?x128xf16>, tensor<?x128xf16>) -> tensor<?x128xf16>
func.func @fanfold_silu_and_mul(%x: !torch.vtensor<[?,256],f16>) -> !torch.vtensor<[?,128],f16> {
  %limit = torch.constant.float 7.000000e+00
  %y = torch.operator "torch.fanfold.silu_and_mul"(%x, %limit) : (!torch.vtensor<[?,256],f16>, !torch.float) -> !torch.vtensor<[?,128],f16>
  return %y : !torch.vtensor<[?,128],f16>
}

// CHECK-LABEL: func.func @fanfold_group_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 5.734400e+04 : f64, form = "reciprocal", granularity = "group", group_size = 128 : i64, {{.*}}quotient_type = f32, {{.*}}scale_floor = 2.000000e+00 : f64, scale_format = "f32", scale_layout = "row", scale_type = f32} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E5M2>, tensor<?x3xf32>)
func.func @fanfold_group_quant(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>) {
  %f32 = torch.constant.str "f32"
  %row = torch.constant.str "row"
  %group = torch.constant.int 128
  %dtype = torch.constant.int 23
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 2.000000e+00
  %reciprocal = torch.constant.bool true
  %none = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %f32, %row) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,300],f8E5M2>, !torch.vtensor<[?,3],f32>
}

// CHECK-LABEL: func.func @fanfold_token_quant(
// CHECK-NOT: torch.operator
// CHECK: %[[UB:.*]] = tensor.expand_shape %{{.*}} : tensor<f32> into tensor<1xf32>
// CHECK: "fanfold.quantize"(%{{.*}}, %[[UB]]) {absmax_floor = 0.000000e+00 : f64, bound = 1.270000e+02 : f64, form = "divide", granularity = "token", group_size = 256 : i64, operandSegmentSizes = array<i32: 1, 0, 1>, {{.*}}quotient_type = f32, {{.*}}scale_floor = 1.5378937007874016E-5 : f64, scale_format = "f32", scale_layout = "row", scale_type = f32}
// CHECK: torch_c.from_builtin_tensor %{{.*}} : tensor<?x256xi8> -> !torch.vtensor<[?,256],si8>
func.func @fanfold_token_quant(%x: !torch.vtensor<[?,256],bf16>, %ub: !torch.vtensor<[],f32>) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>) {
  %f32 = torch.constant.str "f32"
  %dtype = torch.constant.int 1
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.token_quant"(%x, %dtype, %ub, %none, %reciprocal, %none, %f32) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.vtensor<[],f32>, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>
}

// CHECK-LABEL: func.func @fanfold_static_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}, %{{.*}}) {{.*}}form = "reciprocal", granularity = "tensor", group_size = 256 : i64, operandSegmentSizes = array<i32: 1, 1, 0>, {{.*}}quotient_type = f32, resultSegmentSizes = array<i32: 1, 0>{{.*}}scale_format = "f32", scale_layout = "row", scale_type = f32} : (tensor<6x256xbf16>, tensor<1xf32>) -> tensor<6x256xf8E4M3FN>
func.func @fanfold_static_quant(%x: !torch.vtensor<[2,3,256],bf16>, %s: !torch.vtensor<[1],f32>) -> !torch.vtensor<[2,3,256],f8E4M3FN> {
  %multiply = torch.constant.bool true
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %q = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none, %multiply) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none, !torch.bool) -> !torch.vtensor<[2,3,256],f8E4M3FN>
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
// CHECK: %[[G:.*]] = "fanfold.columns"(%[[X:.*]]) {offset = 0 : i64
// CHECK: %[[U:.*]] = "fanfold.columns"(%[[X]]) {offset = 128 : i64
// CHECK: "fanfold.silu_mul"(%[[G]], %[[U]]) {activation_type = bf16, limit = 0x7FF0000000000000 : f64
func.func @vllm_ir_silu_and_mul(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16>
  return %y : !torch.vtensor<[?,128],bf16>
}

// CHECK-LABEL: func.func @vllm_rocm_aiter_group_fp8_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {absmax_floor = 1.000000e-10 : f64, bound = 2.240000e+02 : f64, form = "divide", {{.*}}scale_format = "f32", scale_layout = "row", scale_type = f32} {{.*}} -> (tensor<?x256xf8E4M3FNUZ>
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

// As Gemma has it, the weight is stored less one, and the normalised value is not rounded.
// CHECK-LABEL: func.func @fanfold_rms_norm_of_gemma(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.rms_norm"(%{{.*}}, %{{.*}}) {{{.*}}normalized_type = f32, {{.*}}variance_size = 256 : i64, weight_offset = 1.000000e+00 : f64}
func.func @fanfold_rms_norm_of_gemma(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %offset = torch.constant.float 1.000000e+00
  %rounded = torch.constant.bool false
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps, %none, %offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_rms_norm_not_rounded_without_weight(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.rms_norm"(%{{[^,]*}}) {{{.*}}normalized_type = f32, {{.*}}weight_offset = 0.000000e+00 : f64}
func.func @fanfold_rms_norm_not_rounded_without_weight(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool false
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps, %none, %offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.none, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_add_rms_norm_of_gemma(
// CHECK-NOT: torch.operator
// CHECK: %[[S:.*]] = "fanfold.residual_add"
// CHECK: "fanfold.rms_norm"(%[[S]], %{{.*}}) {{{.*}}normalized_type = f32, {{.*}}weight_offset = 1.000000e+00 : f64}
// CHECK: "fanfold.cast"(%[[S]])
func.func @fanfold_add_rms_norm_of_gemma(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %offset = torch.constant.float 1.000000e+00
  %rounded = torch.constant.bool false
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %w, %eps, %none, %offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}

// CHECK-LABEL: func.func @fanfold_group_quant_power_of_two(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}form = "divide", {{.*}}scale_format = "ue8m0", scale_layout = "row"{{.*}} -> (tensor<?x300xf8E4M3FN>, tensor<?x5xf32>)
func.func @fanfold_group_quant_power_of_two(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "ue8m0"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// Four exponents are one i32: five groups have two.
// CHECK-LABEL: func.func @fanfold_group_quant_packed(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}scale_format = "ue8m0_packed", scale_layout = "row"{{.*}} -> (tensor<?x300xf8E4M3FN>, tensor<?x2xi32>)
// CHECK: torch_c.from_builtin_tensor %{{.*}} : tensor<?x2xi32> -> !torch.vtensor<[?,2],si32>
func.func @fanfold_group_quant_packed(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "ue8m0_packed"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>
}

// CHECK-LABEL: func.func @fanfold_group_quant_column(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}scale_format = "f32", scale_layout = "column"{{.*}} -> (tensor<?x300xf8E4M3FN>, tensor<?x5xf32>)
func.func @fanfold_group_quant_column(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "f32"
  %layout = torch.constant.str "column"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// CHECK-LABEL: func.func @fanfold_group_quant_column_padded(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}scale_format = "ue8m0_packed", scale_layout = "column_padded"{{.*}} -> (tensor<?x300xf8E4M3FN>, tensor<?x2xi32>)
func.func @fanfold_group_quant_column_padded(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "ue8m0_packed"
  %layout = torch.constant.str "column_padded"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,2],si32>
}

// CHECK-LABEL: func.func @fanfold_token_quant_power_of_two(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}form = "reciprocal", granularity = "token", group_size = 300 : i64, {{.*}}scale_floor = 4.3596540178571426E-6 : f64, scale_format = "ue8m0", scale_layout = "row"{{.*}} -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
func.func @fanfold_token_quant_power_of_two(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool true
  %format = torch.constant.str "ue8m0"
  %y:2 = torch.operator "torch.fanfold.token_quant"(%x, %dtype, %none, %none, %reciprocal, %none, %format) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.none, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// One scale of the whole tensor is no row tensor.
// CHECK-LABEL: func.func @fanfold_tensor_quant(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}form = "reciprocal", granularity = "tensor", group_size = 300 : i64, operandSegmentSizes = array<i32: 1, 0, 0>, {{.*}}scale_floor = 4.3596540178571426E-6 : f64, scale_format = "f32", {{.*}} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
// CHECK: torch_c.from_builtin_tensor %{{.*}} : tensor<1xf32> -> !torch.vtensor<[1],f32>
func.func @fanfold_tensor_quant(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool true
  %format = torch.constant.str "f32"
  %y:2 = torch.operator "torch.fanfold.tensor_quant"(%x, %dtype, %none, %reciprocal, %none, %format) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// CHECK-LABEL: func.func @fanfold_tensor_quant_divide(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}) {{{.*}}form = "divide", granularity = "tensor", {{.*}}scale_format = "ue8m0", scale_layout = "row"
func.func @fanfold_tensor_quant_divide(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool false
  %format = torch.constant.str "ue8m0"
  %y:2 = torch.operator "torch.fanfold.tensor_quant"(%x, %dtype, %none, %reciprocal, %none, %format) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// CHECK-LABEL: func.func @fanfold_static_quant_divide(
// CHECK-NOT: torch.operator
// CHECK: "fanfold.quantize"(%{{.*}}, %{{.*}}) {{{.*}}form = "divide", granularity = "tensor", {{.*}}scale_format = "f32"
func.func @fanfold_static_quant_divide(%x: !torch.vtensor<[?,300],bf16>, %s: !torch.vtensor<[1],f32>) -> !torch.vtensor<[?,300],f8E4M3FN> {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool false
  %y = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none, %reciprocal) : (!torch.vtensor<[?,300],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none, !torch.bool) -> !torch.vtensor<[?,300],f8E4M3FN>
  return %y : !torch.vtensor<[?,300],f8E4M3FN>
}
