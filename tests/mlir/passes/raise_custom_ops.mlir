func.func @fanfold_rms_norm(%x: !torch.vtensor<[2,?,256],bf16>, %w: !torch.vtensor<[256],f32>) -> !torch.vtensor<[2,?,256],bf16> {
  %eps = torch.constant.float 1.000000e-05
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps) : (!torch.vtensor<[2,?,256],bf16>, !torch.vtensor<[256],f32>, !torch.float) -> !torch.vtensor<[2,?,256],bf16>
  return %y : !torch.vtensor<[2,?,256],bf16>
}
func.func @fanfold_rms_norm_rank_1(%x: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[256],bf16> {
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps) : (!torch.vtensor<[256],bf16>, !torch.none, !torch.float) -> !torch.vtensor<[256],bf16>
  return %y : !torch.vtensor<[256],bf16>
}
func.func @fanfold_add_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %w, %eps) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}
func.func @fanfold_silu_and_mul(%x: !torch.vtensor<[?,256],f16>) -> !torch.vtensor<[?,128],f16> {
  %limit = torch.constant.float 7.000000e+00
  %y = torch.operator "torch.fanfold.silu_and_mul"(%x, %limit) : (!torch.vtensor<[?,256],f16>, !torch.float) -> !torch.vtensor<[?,128],f16>
  return %y : !torch.vtensor<[?,128],f16>
}
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
func.func @fanfold_token_quant(%x: !torch.vtensor<[?,256],bf16>, %ub: !torch.vtensor<[],f32>) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>) {
  %dtype = torch.constant.int 1
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %q:2 = torch.operator "torch.fanfold.token_quant"(%x, %dtype, %ub, %none, %reciprocal, %none) : (!torch.vtensor<[?,256],bf16>, !torch.int, !torch.vtensor<[],f32>, !torch.none, !torch.bool, !torch.none) -> (!torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],si8>, !torch.vtensor<[?,1],f32>
}
func.func @fanfold_static_quant(%x: !torch.vtensor<[2,3,256],bf16>, %s: !torch.vtensor<[1],f32>) -> !torch.vtensor<[2,3,256],f8E4M3FN> {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %q = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none) : (!torch.vtensor<[2,3,256],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none) -> !torch.vtensor<[2,3,256],f8E4M3FN>
  return %q : !torch.vtensor<[2,3,256],f8E4M3FN>
}
func.func @vllm_ir_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> !torch.vtensor<[?,256],bf16> {
  %eps = torch.constant.float 1.000000e-06
  %size = torch.constant.int 128
  %y = torch.operator "torch.vllm_ir.rms_norm"(%x, %w, %eps, %size) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.int) -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}
func.func @vllm_ir_fused_add_rms_norm(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %y:2 = torch.operator "torch.vllm_ir.fused_add_rms_norm"(%x, %r, %w, %eps, %none) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}
func.func @vllm_ir_silu_and_mul(%x: !torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[?,256],bf16>) -> !torch.vtensor<[?,128],bf16>
  return %y : !torch.vtensor<[?,128],bf16>
}
func.func @vllm_rocm_aiter_group_fp8_quant(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>) {
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_group_fp8_quant"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FNUZ>, !torch.vtensor<[?,2],f32>
}
func.func @vllm_triton_per_token_group_quant_fp8(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>) {
  %group = torch.constant.int 64
  %q:2 = torch.operator "torch.vllm.triton_per_token_group_quant_fp8"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,4],f32>
}
func.func @vllm_rocm_aiter_rmsnorm_fp8_group_quant(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>) {
  %eps = torch.constant.float 1.000000e-06
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_rmsnorm_fp8_group_quant"(%x, %w, %eps, %group) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.int) -> (!torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,256],f8E4M3FN>, !torch.vtensor<[?,2],f32>
}
func.func @vllm_rocm_aiter_act_mul_and_fp8_group_quant(%x: !torch.vtensor<[?,256],bf16>) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_act_mul_and_fp8_group_quant"(%x, %group) : (!torch.vtensor<[?,256],bf16>, !torch.int) -> (!torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>)
  return %q#0, %q#1 : !torch.vtensor<[?,128],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}
