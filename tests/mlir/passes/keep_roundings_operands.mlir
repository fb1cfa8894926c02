// RUN: fanfold-opt %s --pass keep-roundings | filecheck %s

// An integer becomes f32, and is rounded by integers also where the caller reads it.
// CHECK-LABEL: func.func @integer(
// CHECK: %[[D:.*]] = torch.constant.int 6
// CHECK: %[[F:.*]] = torch.prims.convert_element_type %arg0, %[[D]] : {{.*}} -> !torch.vtensor<[?,64],f32>
// CHECK: torch_c.to_builtin_tensor %[[F]]
// CHECK: linalg.generic
// CHECK: %[[Y:.*]] = torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[?,64],bf16>
// CHECK: return %[[Y]]
func.func @integer(%x: !torch.vtensor<[?,64],si8>) -> !torch.vtensor<[?,64],bf16> {
  %bf16 = torch.constant.int 15
  %y = torch.prims.convert_element_type %x, %bf16 : !torch.vtensor<[?,64],si8>, !torch.int -> !torch.vtensor<[?,64],bf16>
  return %y : !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @bool_and_f64(
// CHECK-COUNT-2: torch.prims.convert_element_type {{.*}} -> !torch.vtensor<[4],f32>
// CHECK-NOT: torch.prims.convert_element_type
// CHECK: return
func.func @bool_and_f64(%b: !torch.vtensor<[4],i1>, %d: !torch.vtensor<[4],f64>) -> (!torch.vtensor<[4],bf16>, !torch.vtensor<[4],f16>) {
  %bf16 = torch.constant.int 15
  %f16 = torch.constant.int 5
  %x = torch.prims.convert_element_type %b, %bf16 : !torch.vtensor<[4],i1>, !torch.int -> !torch.vtensor<[4],bf16>
  %y = torch.prims.convert_element_type %d, %f16 : !torch.vtensor<[4],f64>, !torch.int -> !torch.vtensor<[4],f16>
  return %x, %y : !torch.vtensor<[4],bf16>, !torch.vtensor<[4],f16>
}

// A product takes a second operand of rank 0 as it is.
// CHECK-LABEL: func.func @product_with_scalar(
// CHECK: torch.aten.mul.Tensor %{{.*}}, %arg1 : !torch.vtensor<[4,64],f32>, !torch.vtensor<[],f32> -> !torch.vtensor<[4,64],f32>
// CHECK: linalg.generic
// CHECK: return
func.func @product_with_scalar(%x: !torch.vtensor<[4,64],bf16>, %s: !torch.vtensor<[],f32>) -> !torch.vtensor<[4,64],bf16> {
  %m = torch.aten.mul.Tensor %x, %s : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[],f32> -> !torch.vtensor<[4,64],bf16>
  return %m : !torch.vtensor<[4,64],bf16>
}

// As the first operand, and in a sum, it is rounded first; it stays f32.
// CHECK-LABEL: func.func @rounded_scalars(
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<f32>) outs(%{{.*}} : tensor<f32>)
// CHECK: %[[S:.*]] = torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[],f32>
// CHECK: torch.aten.div.Tensor %[[S]]
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<f32>) outs(%{{.*}} : tensor<f32>)
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor {{.*}} -> !torch.vtensor<[],f32>
// CHECK: torch.aten.add.Tensor %{{.*}}, %[[T]]
func.func @rounded_scalars(%x: !torch.vtensor<[4,64],bf16>, %s: !torch.vtensor<[],f32>) -> !torch.vtensor<[4,64],bf16> {
  %one = torch.constant.int 1
  %m = torch.aten.div.Tensor %s, %x : !torch.vtensor<[],f32>, !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %a = torch.aten.add.Tensor %m, %s, %one : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[],f32>, !torch.int -> !torch.vtensor<[4,64],bf16>
  return %a : !torch.vtensor<[4,64],bf16>
}

// So is a whole tensor of integers.
// CHECK-LABEL: func.func @integers_in_a_product(
// CHECK: torch.prims.convert_element_type %arg1, {{.*}} -> !torch.vtensor<[64],f32>
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<64xf32>)
// CHECK: torch.aten.mul.Tensor {{.*}} : !torch.vtensor<[4,64],f32>, !torch.vtensor<[64],f32> -> !torch.vtensor<[4,64],f32>
func.func @integers_in_a_product(%x: !torch.vtensor<[4,64],bf16>, %i: !torch.vtensor<[64],si64>) -> !torch.vtensor<[4,64],bf16> {
  %m = torch.aten.mul.Tensor %x, %i : !torch.vtensor<[4,64],bf16>, !torch.vtensor<[64],si64> -> !torch.vtensor<[4,64],bf16>
  return %m : !torch.vtensor<[4,64],bf16>
}

// An op of no list keeps its arithmetic; its result is rounded again.
// CHECK-LABEL: func.func @any_other_op(
// CHECK: %[[P:.*]] = torch.aten.scatter_add {{.*}} -> !torch.vtensor<[4,64],bf16>
// CHECK: torch_c.to_builtin_tensor %[[P]]
// CHECK: linalg.generic
// CHECK: torch.aten.exp2 {{.*}} : !torch.vtensor<[4,64],f32> -> !torch.vtensor<[4,64],f32>
func.func @any_other_op(%x: !torch.vtensor<[4,64],bf16>, %i: !torch.vtensor<[4,64],si64>) -> !torch.vtensor<[4,64],bf16> {
  %zero = torch.constant.int 0
  %p = torch.aten.scatter_add %x, %zero, %i, %x : !torch.vtensor<[4,64],bf16>, !torch.int, !torch.vtensor<[4,64],si64>, !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  %e = torch.aten.exp2 %p : !torch.vtensor<[4,64],bf16> -> !torch.vtensor<[4,64],bf16>
  return %e : !torch.vtensor<[4,64],bf16>
}

// An exact op that takes another float type rounds after all.
// CHECK-LABEL: func.func @where_of_f32(
// CHECK: torch.aten.where.self
// CHECK: linalg.generic
// CHECK: torch.aten.abs
func.func @where_of_f32(%c: !torch.vtensor<[4],i1>, %x: !torch.vtensor<[4],bf16>, %s: !torch.vtensor<[],f32>) -> !torch.vtensor<[4],bf16> {
  %w = torch.aten.where.self %c, %x, %s : !torch.vtensor<[4],i1>, !torch.vtensor<[4],bf16>, !torch.vtensor<[],f32> -> !torch.vtensor<[4],bf16>
  %a = torch.aten.abs %w : !torch.vtensor<[4],bf16> -> !torch.vtensor<[4],bf16>
  return %a : !torch.vtensor<[4],bf16>
}
