// RUN: fanfold-opt %s --pass raise-custom-ops --pass raise-aten-rms-norm --pass finalize --split-input-file --verify-diagnostics
// RUN: not fanfold-opt %s --pass raise-custom-ops --pass raise-aten-rms-norm --pass finalize --split-input-file 2>&1 | filecheck %s

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

// -----

// CHECK: [passes] no lowering for aten._fused_rms_norm: its second result, the reciprocal root, is used
func.func @fused_rms_norm(%x: !torch.vtensor<[4,64],bf16>) -> (!torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>) {
  %int64 = torch.constant.int 64
  %none = torch.constant.none
  %shape = torch.prim.ListConstruct %int64 : (!torch.int) -> !torch.list<int>
  // expected-error@+1 {{no lowering for aten._fused_rms_norm: its second result, the reciprocal root, is used}}
  %y:2 = torch.operator "torch.aten._fused_rms_norm"(%x, %shape, %none, %none) : (!torch.vtensor<[4,64],bf16>, !torch.list<int>, !torch.none, !torch.none) -> (!torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[4,1],f32>
}

// -----

// CHECK: [passes] no lowering for aten.index.Tensor by a mask: the size of the result depends on data
// CHECK-NEXT: op: aten.index.Tensor
func.func @mask(%x: !torch.vtensor<[5,7],f32>, %mask: !torch.vtensor<[5,7],i1>) -> !torch.vtensor<[?],f32> {
  %places = torch.prim.ListConstruct %mask : (!torch.vtensor<[5,7],i1>) -> !torch.list<optional<vtensor>>
  // expected-error@+1 {{no lowering for aten.index.Tensor by a mask: the size of the result depends on data}}
  %y = torch.aten.index.Tensor %x, %places : !torch.vtensor<[5,7],f32>, !torch.list<optional<vtensor>> -> !torch.vtensor<[?],f32>
  return %y : !torch.vtensor<[?],f32>
}
