// RUN: fanfold-opt %s --split-input-file --pass return-float8-bytes --pass finalize | filecheck %s

// Bytes and wider floats are as the caller gets them.
// CHECK-LABEL: func.func @main(
// CHECK-NOT: tensor.bitcast
// CHECK: return %{{.*}}, %{{.*}} : !torch.vtensor<[?,64],ui8>, !torch.vtensor<[?,64],bf16>
func.func @main(%a: !torch.vtensor<[?,64],ui8>, %b: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],ui8>, !torch.vtensor<[?,64],bf16>) {
  return %a, %b : !torch.vtensor<[?,64],ui8>, !torch.vtensor<[?,64],bf16>
}

// -----

// Only the main function has a caller outside.
// CHECK-LABEL: func.func @other(
// CHECK-NOT: tensor.bitcast
// CHECK: return %{{.*}} : !torch.vtensor<[?,64],f8E4M3FN>
func.func @other(%a: !torch.vtensor<[?,64],f8E4M3FN>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  return %a : !torch.vtensor<[?,64],f8E4M3FN>
}
