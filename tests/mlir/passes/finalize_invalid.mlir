// RUN: fanfold-opt %s --pass raise-custom-ops --pass finalize --split-input-file --verify-diagnostics
// RUN: not fanfold-opt %s --pass raise-custom-ops --pass finalize --split-input-file 2>&1 | filecheck %s

// CHECK: [passes] no lowering for other.op
// CHECK-NEXT: op: other.op
// CHECK-NEXT: location: -:10
// CHECK-NEXT: remedy: replace the op in the model
func.func @unknown_op(%x: !torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32> {
  // expected-error@+1 {{no lowering for other.op}}
  %y = torch.operator "torch.other.op"(%x) : (!torch.vtensor<[2],f32>) -> !torch.vtensor<[2],f32>
  return %y : !torch.vtensor<[2],f32>
}

// -----

// The reason why an op was not raised is part of the error.
// CHECK: [passes] no lowering for vllm_ir.silu_and_mul: the width 127 is odd
func.func @refused_op(%x: !torch.vtensor<[4,127],bf16>) -> !torch.vtensor<[4,63],bf16> {
  // expected-error@+1 {{no lowering for vllm_ir.silu_and_mul: the width 127 is odd}}
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[4,127],bf16>) -> !torch.vtensor<[4,63],bf16>
  return %y : !torch.vtensor<[4,63],bf16>
}
