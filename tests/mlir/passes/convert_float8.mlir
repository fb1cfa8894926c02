// RUN: fanfold-opt %s --pass convert-float8 | filecheck %s

// CHECK-LABEL: func.func @to_fp8
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %{{.*}} : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
// CHECK: %[[N:.*]] = tensor.dim %[[B]], %{{.*}}
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?x64xf8E4M3FN>
// CHECK: %[[C:.*]] = linalg.generic {{.*}}ins(%[[B]] : tensor<?x64xbf16>) outs(%[[E]] : tensor<?x64xf8E4M3FN>)
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast %{{.*}} : i8 to f8E4M3FN
// CHECK: torch_c.from_builtin_tensor %[[C]]
func.func @to_fp8(%x: !torch.vtensor<[?,64],bf16>) -> !torch.vtensor<[?,64],f8E4M3FN> {
  %dtype = torch.constant.int 24
  %q = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f8E4M3FN>
  return %q : !torch.vtensor<[?,64],f8E4M3FN>
}

// CHECK-LABEL: func.func @from_fp8
// CHECK: linalg.generic {{.*}} : tensor<4xf8E5M2>) outs(%{{.*}} : tensor<4xf32>)
// CHECK: arith.bitcast %{{.*}} : f8E5M2 to i8
// CHECK-NOT: arith.extf
// CHECK: linalg.yield
func.func @from_fp8(%x: !torch.vtensor<[4],f8E5M2>) -> !torch.vtensor<[4],f32> {
  %dtype = torch.constant.int 6
  %y = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[4],f8E5M2>, !torch.int -> !torch.vtensor<[4],f32>
  return %y : !torch.vtensor<[4],f32>
}

// CHECK-LABEL: func.func @scalar
// CHECK: linalg.generic {indexing_maps = [{{.*}}], iterator_types = []}
func.func @scalar(%x: !torch.vtensor<[],f32>) -> !torch.vtensor<[],f8E4M3FNUZ> {
  %dtype = torch.constant.int 26
  %y = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[],f32>, !torch.int -> !torch.vtensor<[],f8E4M3FNUZ>
  return %y : !torch.vtensor<[],f8E4M3FNUZ>
}

// Conversions between other types are IREE's.
// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: linalg.generic
// CHECK: torch.prims.convert_element_type
func.func @left_alone(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],bf16> {
  %bf16 = torch.constant.int 15
  %y = torch.prims.convert_element_type %x, %bf16 : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],bf16>
  return %y : !torch.vtensor<[4],bf16>
}

// CHECK-LABEL: func.func @from_e5m2fnuz
// CHECK: linalg.generic {{.*}} : tensor<4xf8E5M2FNUZ>) outs(%{{.*}} : tensor<4xf32>)
// CHECK-NOT: torch.prims.convert_element_type
func.func @from_e5m2fnuz(%x: !torch.vtensor<[4],f8E5M2FNUZ>) -> !torch.vtensor<[4],f32> {
  %f32 = torch.constant.int 6
  %y = torch.prims.convert_element_type %x, %f32 : !torch.vtensor<[4],f8E5M2FNUZ>, !torch.int -> !torch.vtensor<[4],f32>
  return %y : !torch.vtensor<[4],f32>
}

// Integers and f64 become f32 first.
// CHECK-LABEL: func.func @through_f32
// CHECK: torch.prims.convert_element_type %arg0, {{.*}} -> !torch.vtensor<[4],f32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf8E4M3FN>)
// CHECK: torch.prims.convert_element_type %arg1, {{.*}} -> !torch.vtensor<[4],f32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf8E5M2>)
func.func @through_f32(%i: !torch.vtensor<[4],si64>, %d: !torch.vtensor<[4],f64>) -> (!torch.vtensor<[4],f8E4M3FN>, !torch.vtensor<[4],f8E5M2>) {
  %e4m3 = torch.constant.int 24
  %e5m2 = torch.constant.int 23
  %x = torch.prims.convert_element_type %i, %e4m3 : !torch.vtensor<[4],si64>, !torch.int -> !torch.vtensor<[4],f8E4M3FN>
  %y = torch.prims.convert_element_type %d, %e5m2 : !torch.vtensor<[4],f64>, !torch.int -> !torch.vtensor<[4],f8E5M2>
  return %x, %y : !torch.vtensor<[4],f8E4M3FN>, !torch.vtensor<[4],f8E5M2>
}

// CHECK-LABEL: func.func @to_another_fp8
// CHECK: linalg.generic {{.*}} : tensor<4xf8E4M3FN>) outs(%{{.*}} : tensor<4xf32>)
// CHECK: linalg.generic {{.*}} : tensor<4xf32>) outs(%{{.*}} : tensor<4xf8E5M2>)
func.func @to_another_fp8(%x: !torch.vtensor<[4],f8E4M3FN>) -> !torch.vtensor<[4],f8E5M2> {
  %dtype = torch.constant.int 23
  %y = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[4],f8E4M3FN>, !torch.int -> !torch.vtensor<[4],f8E5M2>
  return %y : !torch.vtensor<[4],f8E5M2>
}

// CHECK-LABEL: func.func @to_f64
// CHECK: linalg.generic {{.*}} : tensor<4xf8E4M3FN>) outs(%{{.*}} : tensor<4xf32>)
// CHECK: torch.prims.convert_element_type %{{.*}} : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],f64>
func.func @to_f64(%x: !torch.vtensor<[4],f8E4M3FN>) -> !torch.vtensor<[4],f64> {
  %dtype = torch.constant.int 7
  %y = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[4],f8E4M3FN>, !torch.int -> !torch.vtensor<[4],f64>
  return %y : !torch.vtensor<[4],f64>
}

// To an exponent: the half is added, the sign dropped.
// CHECK-LABEL: func.func @exponents
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf8E8M0FNU>)
// CHECK: arith.addi
// CHECK: arith.bitcast %{{.*}} : i8 to f8E8M0FNU
func.func @exponents(%x: !torch.vtensor<[4],bf16>) -> !torch.vtensor<[4],f8E8M0FNU> {
  %dtype = torch.constant.int 44
  %y = torch.prims.convert_element_type %x, %dtype : !torch.vtensor<[4],bf16>, !torch.int -> !torch.vtensor<[4],f8E8M0FNU>
  return %y : !torch.vtensor<[4],f8E8M0FNU>
}
