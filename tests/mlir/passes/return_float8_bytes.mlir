// RUN: fanfold-opt %s --split-input-file --pass return-float8-bytes --pass finalize | filecheck %s

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[M:[a-z0-9]+]]: tensor<?x64xf8E4M3FN>
// CHECK-SAME: -> (!torch.vtensor<[?,64],si8>, !torch.vtensor<[?,1],f32>)
// CHECK: %[[N:.*]] = tensor.dim %[[M]]
// CHECK: %[[B:.*]] = "flow.tensor.bitcast"(%[[M]], %[[N]], %[[N]]) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<?x64xf8E4M3FN>, index, index) -> tensor<?x64xi8>
// CHECK: %[[Q:.*]] = torch_c.from_builtin_tensor %[[B]] : tensor<?x64xi8> -> !torch.vtensor<[?,64],si8>
// CHECK: return %[[Q]], %{{.*}} : !torch.vtensor<[?,64],si8>, !torch.vtensor<[?,1],f32>
func.func @main(%m: tensor<?x64xf8E4M3FN>, %s: !torch.vtensor<[?,1],f32>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %q = torch_c.from_builtin_tensor %m : tensor<?x64xf8E4M3FN> -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q, %s : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// -----

// An input that is a result; every type of 8 bits, scalars too.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: -> (!torch.vtensor<[2,?],si8>, !torch.vtensor<[],si8>, !torch.vtensor<[3],si8>)
// CHECK-DAG: "flow.tensor.bitcast"({{.*}}) {{.*}} : (tensor<2x?xf8E5M2>, index, index) -> tensor<2x?xi8>
// CHECK-DAG: "flow.tensor.bitcast"({{.*}}) {{.*}} : (tensor<f8E4M3FNUZ>) -> tensor<i8>
// CHECK-DAG: "flow.tensor.bitcast"({{.*}}) {{.*}} : (tensor<3xf8E8M0FNU>) -> tensor<3xi8>
func.func @main(%a: !torch.vtensor<[2,?],f8E5M2>, %b: !torch.vtensor<[],f8E4M3FNUZ>, %c: !torch.vtensor<[3],f8E8M0FNU>) -> (!torch.vtensor<[2,?],f8E5M2>, !torch.vtensor<[],f8E4M3FNUZ>, !torch.vtensor<[3],f8E8M0FNU>) {
  return %a, %b, %c : !torch.vtensor<[2,?],f8E5M2>, !torch.vtensor<[],f8E4M3FNUZ>, !torch.vtensor<[3],f8E8M0FNU>
}

// -----

// Readers inside the model have fp8.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[A:[a-z0-9]+]]: !torch.vtensor<[?,64],f8E4M3FN>
// CHECK: %[[T:.*]] = torch.aten.neg %[[A]] : !torch.vtensor<[?,64],f8E4M3FN>
func.func @main(%a: !torch.vtensor<[?,64],f8E4M3FN>) -> (!torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,64],f8E4M3FN>) {
  %t = torch.aten.neg %a : !torch.vtensor<[?,64],f8E4M3FN> -> !torch.vtensor<[?,64],f8E4M3FN>
  return %a, %t : !torch.vtensor<[?,64],f8E4M3FN>, !torch.vtensor<[?,64],f8E4M3FN>
}
