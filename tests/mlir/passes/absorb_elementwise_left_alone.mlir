// RUN: fanfold-opt %s --pass absorb-elementwise | filecheck %s

// Rows that are broadcast are no rows of one shape.
// CHECK-LABEL: func.func @broadcast_row(
// CHECK: %[[V:.*]] = torch.aten.add.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @broadcast_row(%x: !torch.vtensor<[2,4,64],bf16>, %y: !torch.vtensor<[2,1,64],bf16>) -> tensor<8x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.add.Tensor %x, %y, %v1 : !torch.vtensor<[2,4,64],bf16>, !torch.vtensor<[2,1,64],bf16>, !torch.int -> !torch.vtensor<[2,4,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[2,4,64],bf16> -> tensor<2x4x64xbf16>
  %v5 = tensor.collapse_shape %v3 [[0, 1], [2]] : tensor<2x4x64xbf16> into tensor<8x64xbf16>
  %v4 = "fanfold.cast"(%v5) : (tensor<8x64xbf16>) -> tensor<8x64xf32>
  return %v4 : tensor<8x64xf32>
}

// CHECK-LABEL: func.func @broadcast_column(
// CHECK: %[[V:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @broadcast_column(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,1],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,1],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @broadcast_to_more_dims(
// CHECK: %[[V:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @broadcast_to_more_dims(%x: !torch.vtensor<[3,64],bf16>, %y: !torch.vtensor<[2,3,64],bf16>) -> tensor<6x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[3,64],bf16>, !torch.vtensor<[2,3,64],bf16> -> !torch.vtensor<[2,3,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[2,3,64],bf16> -> tensor<2x3x64xbf16>
  %v3 = tensor.collapse_shape %v2 [[0, 1], [2]] : tensor<2x3x64xbf16> into tensor<6x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<6x64xbf16>) -> tensor<6x64xf32>
  return %v4 : tensor<6x64xf32>
}

// Neither operand has the result's shape.
// CHECK-LABEL: func.func @outer_product(
// CHECK: %[[V:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @outer_product(%x: !torch.vtensor<[4,1],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<4x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %w : !torch.vtensor<[4,1],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[4,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[4,64],bf16> -> tensor<4x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<4x64xbf16>) -> tensor<4x64xf32>
  return %v3 : tensor<4x64xf32>
}

// A difference has its order.
// CHECK-LABEL: func.func @vector_less_rows(
// CHECK: %[[V:.*]] = torch.aten.sub.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @vector_less_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 1
  %v2 = torch.aten.sub.Tensor %w, %x, %v1 : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @vector_by_rows(
// CHECK: %[[V:.*]] = torch.aten.div.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @vector_by_rows(%w: !torch.vtensor<[64],bf16>, %x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.div.Tensor %w, %x : !torch.vtensor<[64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// With alpha, there is a product more.
// CHECK-LABEL: func.func @alpha(
// CHECK: %[[V:.*]] = torch.aten.add.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @alpha(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 2
  %v2 = torch.aten.add.Tensor %x, %y, %v1 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @alpha_of_a_number(
// CHECK: %[[V:.*]] = torch.aten.sub.Scalar
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @alpha_of_a_number(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.5
  %v2 = torch.constant.float 0.5
  %v3 = torch.aten.sub.Scalar %x, %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @unknown_alpha(
// CHECK: %[[V:.*]] = torch.aten.add.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @unknown_alpha(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>, %a: !torch.int) -> tensor<?x64xf32> {
  %v1 = torch.aten.add.Tensor %x, %y, %a : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @unknown_number(
// CHECK: %[[V:.*]] = torch.aten.mul.Scalar
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @unknown_number(%x: !torch.vtensor<[?,64],bf16>, %a: !torch.float) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Scalar %x, %a : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @unknown_bound(
// CHECK: %[[V:.*]] = torch.aten.clamp
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @unknown_bound(%x: !torch.vtensor<[?,64],bf16>, %a: !torch.float) -> tensor<?x64xf32> {
  %v1 = torch.constant.float 0.0
  %v2 = torch.aten.clamp %x, %v1, %a : !torch.vtensor<[?,64],bf16>, !torch.float, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @tensors_as_bounds(
// CHECK: %[[V:.*]] = torch.aten.clamp.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @tensors_as_bounds(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>, %a: !torch.none) -> tensor<?x64xf32> {
  %v1 = torch.aten.clamp.Tensor %x, %y, %a : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>, !torch.none -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// Integers are no rows.
// CHECK-LABEL: func.func @integers_to_floats(
// CHECK: %[[V:.*]] = torch.prims.convert_element_type
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @integers_to_floats(%x: !torch.vtensor<[?,64],si32>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.prims.convert_element_type %x, %v1 : !torch.vtensor<[?,64],si32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @integer_operand(
// CHECK: %[[V:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @integer_operand(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],si32>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],si32> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @integer_vector(
// CHECK: %[[V:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @integer_vector(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[64],si64>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],si64> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @f64_operand(
// CHECK: %[[V:.*]] = torch.prims.convert_element_type
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @f64_operand(%x: !torch.vtensor<[?,64],f64>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.prims.convert_element_type %x, %v1 : !torch.vtensor<[?,64],f64>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @fp8_operand(
// CHECK: %[[V:.*]] = torch.prims.convert_element_type
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @fp8_operand(%x: !torch.vtensor<[?,64],f8E4M3FN>) -> tensor<?x64xf32> {
  %v1 = torch.constant.int 15
  %v2 = torch.prims.convert_element_type %x, %v1 : !torch.vtensor<[?,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v3 = torch_c.to_builtin_tensor %v2 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v4 = "fanfold.cast"(%v3) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v4 : tensor<?x64xf32>
}

// What the kernel has no formula for.
// CHECK-LABEL: func.func @another_function(
// CHECK: %[[V:.*]] = torch.aten.tanh
// CHECK: torch_c.to_builtin_tensor %[[V]]
// CHECK-NOT: fanfold.elementwise
// CHECK-NOT: fanfold.residual_add
// CHECK: "fanfold.cast"
// CHECK-NEXT: return
func.func @another_function(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.tanh %x : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = "fanfold.cast"(%v2) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v3 : tensor<?x64xf32>
}

// IREE computes them in the product's own dispatch.
// CHECK-LABEL: func.func @bias_and_scale_of_mm(
// CHECK: %[[M:.*]] = torch.aten.mm
// CHECK: %[[A:.*]] = torch.aten.add.Tensor %[[M]]
// CHECK: %[[B:.*]] = torch.aten.mul.Scalar %[[A]]
// CHECK: %[[R:.*]] = torch_c.to_builtin_tensor %[[B]]
// CHECK-NEXT: "fanfold.cast"(%[[R]])
// CHECK-NEXT: return
func.func @bias_and_scale_of_mm(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[32,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mm %m, %n : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Tensor %v1, %w, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch.constant.float 0.5
  %v5 = torch.aten.mul.Scalar %v3, %v4 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v7 = "fanfold.cast"(%v6) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v7 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @bias_and_scale_of_linear(
// CHECK: %[[M:.*]] = torch.aten.linear
// CHECK: %[[A:.*]] = torch.aten.add.Tensor %[[M]]
// CHECK: %[[B:.*]] = torch.aten.mul.Scalar %[[A]]
// CHECK: %[[R:.*]] = torch_c.to_builtin_tensor %[[B]]
// CHECK-NEXT: "fanfold.cast"(%[[R]])
// CHECK-NEXT: return
func.func @bias_and_scale_of_linear(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[64,32],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.constant.none
  %v2 = torch.aten.linear %m, %n, %v1 : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[64,32],bf16>, !torch.none -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.constant.int 1
  %v4 = torch.aten.add.Tensor %v2, %w, %v3 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v5 = torch.constant.float 0.5
  %v6 = torch.aten.mul.Scalar %v4, %v5 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v7 = torch_c.to_builtin_tensor %v6 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v8 = "fanfold.cast"(%v7) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v8 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @bias_and_scale_of_matmul(
// CHECK: %[[M:.*]] = torch.aten.matmul
// CHECK: %[[A:.*]] = torch.aten.add.Tensor %[[M]]
// CHECK: %[[B:.*]] = torch.aten.mul.Scalar %[[A]]
// CHECK: %[[R:.*]] = torch_c.to_builtin_tensor %[[B]]
// CHECK-NEXT: "fanfold.cast"(%[[R]])
// CHECK-NEXT: return
func.func @bias_and_scale_of_matmul(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[32,64],bf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.matmul %m, %n : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int 1
  %v3 = torch.aten.add.Tensor %v1, %w, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],bf16>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %v4 = torch.constant.float 0.5
  %v5 = torch.aten.mul.Scalar %v3, %v4 : !torch.vtensor<[?,64],bf16>, !torch.float -> !torch.vtensor<[?,64],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v7 = "fanfold.cast"(%v6) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v7 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @activation_of_a_product_behind_a_view(
// CHECK: torch.aten.mm
// CHECK: torch.aten.view
// CHECK: %[[S:.*]] = torch.aten.silu
// CHECK: torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.elementwise
// CHECK: return
func.func @activation_of_a_product_behind_a_view(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[32,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mm %m, %n : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int 2
  %v3 = torch.constant.int -1
  %v4 = torch.constant.int 64
  %v5 = torch.prim.ListConstruct %v2, %v3, %v4 : (!torch.int, !torch.int, !torch.int) -> !torch.list<int>
  %v6 = torch.aten.view %v1, %v5 : !torch.vtensor<[?,64],bf16>, !torch.list<int> -> !torch.vtensor<[2,?,64],bf16>
  %v7 = torch.aten.silu %v6 : !torch.vtensor<[2,?,64],bf16> -> !torch.vtensor<[2,?,64],bf16>
  %v8 = torch_c.to_builtin_tensor %v7 : !torch.vtensor<[2,?,64],bf16> -> tensor<2x?x64xbf16>
  %v9 = tensor.collapse_shape %v8 [[0, 1], [2]] : tensor<2x?x64xbf16> into tensor<?x64xbf16>
  %v10 = "fanfold.cast"(%v9) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v10 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @two_products(
// CHECK-COUNT-2: torch.aten.mm
// CHECK: %[[S:.*]] = torch.aten.mul.Tensor
// CHECK: torch_c.to_builtin_tensor %[[S]]
// CHECK-NOT: fanfold.elementwise
// CHECK: return
func.func @two_products(%m: !torch.vtensor<[?,32],bf16>, %n: !torch.vtensor<[32,64],bf16>, %k: !torch.vtensor<[32,64],bf16>) -> tensor<?x64xf32> {
  %v1 = torch.aten.mm %m, %n : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.aten.mm %m, %k : !torch.vtensor<[?,32],bf16>, !torch.vtensor<[32,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.mul.Tensor %v1, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v4 = torch_c.to_builtin_tensor %v3 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v5 = "fanfold.cast"(%v4) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %v5 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @view_makes_other_rows(
// CHECK: %[[A:.*]] = torch.aten.mul.Tensor
// CHECK: %[[V:.*]] = torch.aten.view %[[A]]
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[V]]
// CHECK-NEXT: "fanfold.cast"(%[[B]])
// CHECK-NEXT: return
func.func @view_makes_other_rows(%x: !torch.vtensor<[?,64],bf16>) -> tensor<?x32xf32> {
  %v1 = torch.aten.mul.Tensor %x, %x : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch.constant.int -1
  %v3 = torch.constant.int 32
  %v4 = torch.prim.ListConstruct %v2, %v3 : (!torch.int, !torch.int) -> !torch.list<int>
  %v5 = torch.aten.view %v1, %v4 : !torch.vtensor<[?,64],bf16>, !torch.list<int> -> !torch.vtensor<[?,32],bf16>
  %v6 = torch_c.to_builtin_tensor %v5 : !torch.vtensor<[?,32],bf16> -> tensor<?x32xbf16>
  %v7 = "fanfold.cast"(%v6) : (tensor<?x32xbf16>) -> tensor<?x32xf32>
  return %v7 : tensor<?x32xf32>
}

// A weight is no rows: all rows would compute it again.
// CHECK-LABEL: func.func @product_of_weights(
// CHECK: %[[A:.*]] = torch.aten.mul.Tensor
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[A]]
// CHECK-NEXT: "fanfold.elementwise"(%{{.*}}, %[[B]])
// CHECK-NEXT: return
func.func @product_of_weights(%x: tensor<?x64xbf16>, %w: !torch.vtensor<[64],bf16>) -> tensor<?x64xbf16> {
  %v1 = torch.aten.mul.Tensor %w, %w : !torch.vtensor<[64],bf16>, !torch.vtensor<[64],bf16> -> !torch.vtensor<[64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[64],bf16> -> tensor<64xbf16>
  %v3 = "fanfold.elementwise"(%x, %v2) {function = "mul", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<64xbf16>) -> tensor<?x64xbf16>
  return %v3 : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @only_its_size_is_read(
// CHECK: %[[A:.*]] = torch.aten.mul.Tensor
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[A]]
// CHECK: tensor.dim %[[B]]
// CHECK-NOT: fanfold
// CHECK: return
func.func @only_its_size_is_read(%x: !torch.vtensor<[?,64],bf16>, %y: !torch.vtensor<[?,64],bf16>) -> index {
  %v1 = torch.aten.mul.Tensor %x, %y : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v2 = torch_c.to_builtin_tensor %v1 : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %v3 = arith.constant 0 : index
  %v4 = tensor.dim %v2, %v3 : tensor<?x64xbf16>
  return %v4 : index
}

// The norm has to be written for the other reader.
// CHECK-LABEL: func.func @consumer_next_to_another_reader(
// CHECK: "fanfold.rms_norm"
// CHECK: torch.aten.neg
// CHECK: torch.aten.tanh
// CHECK-NOT: fanfold
// CHECK: return
func.func @consumer_next_to_another_reader(%x: tensor<?x64xbf16>) -> (!torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.neg %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v4 = torch.aten.tanh %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v3, %v4 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @consumer_of_a_result(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[N]]
// CHECK: %[[A:.*]] = torch.aten.neg %[[T]]
// CHECK: return %[[A]], %[[T]]
func.func @consumer_of_a_result(%x: tensor<?x64xbf16>) -> (!torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.neg %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v3, %v2 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @consumer_of_a_result_in_row_form(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[A:.*]] = torch.aten.neg
// CHECK: return %[[A]], %[[N]]
func.func @consumer_of_a_result_in_row_form(%x: tensor<?x64xbf16>) -> (!torch.vtensor<[?,64],bf16>, tensor<?x64xbf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.neg %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v3, %v1 : !torch.vtensor<[?,64],bf16>, tensor<?x64xbf16>
}

// The kernel would write twice as much.
// CHECK-LABEL: func.func @wider_consumer(
// CHECK: %[[N:.*]] = "fanfold.rms_norm"
// CHECK: %[[T:.*]] = torch_c.from_builtin_tensor %[[N]]
// CHECK: %[[A:.*]] = torch.prims.convert_element_type %[[T]]
// CHECK: return %[[A]]
func.func @wider_consumer(%x: tensor<?x64xbf16>) -> !torch.vtensor<[?,64],f32> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.constant.int 6
  %v4 = torch.prims.convert_element_type %v2, %v3 : !torch.vtensor<[?,64],bf16>, !torch.int -> !torch.vtensor<[?,64],f32>
  return %v4 : !torch.vtensor<[?,64],f32>
}

// CHECK-LABEL: func.func @wider_product(
// CHECK: "fanfold.rms_norm"
// CHECK: torch.aten.mul.Tensor
// CHECK-NOT: fanfold
// CHECK: return
func.func @wider_product(%x: tensor<?x64xbf16>, %w: !torch.vtensor<[64],f32>) -> !torch.vtensor<[?,64],f32> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.mul.Tensor %v2, %w : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[64],f32> -> !torch.vtensor<[?,64],f32>
  return %v3 : !torch.vtensor<[?,64],f32>
}

// CHECK-LABEL: func.func @no_row_op_near(
// CHECK: "fanfold.rms_norm"
// CHECK: torch.aten.relu
// CHECK: torch.aten.tanh
// CHECK: return
func.func @no_row_op_near(%x: tensor<?x64xbf16>, %z: !torch.vtensor<[?,64],bf16>) -> (!torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>) {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2 = torch_c.from_builtin_tensor %v1 : tensor<?x64xbf16> -> !torch.vtensor<[?,64],bf16>
  %v3 = torch.aten.relu %z : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  %v4 = torch.aten.tanh %v2 : !torch.vtensor<[?,64],bf16> -> !torch.vtensor<[?,64],bf16>
  return %v3, %v4 : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[?,64],bf16>
}

// CHECK-LABEL: func.func @consumer_of_quantised_values(
// CHECK: "fanfold.quantize"
// CHECK: torch.prims.convert_element_type
// CHECK: return
func.func @consumer_of_quantised_values(%x: tensor<?x64xbf16>) -> !torch.vtensor<[?,64],bf16> {
  %v1 = "fanfold.rms_norm"(%x) {eps = 1.0e-6 : f64, normalized_type = bf16, variance_size = 64 : i64, weight_offset = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  %v2:2 = "fanfold.quantize"(%v1) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  %v3 = torch_c.from_builtin_tensor %v2#0 : tensor<?x64xf8E4M3FN> -> !torch.vtensor<[?,64],f8E4M3FN>
  %v4 = torch.constant.int 15
  %v5 = torch.prims.convert_element_type %v3, %v4 : !torch.vtensor<[?,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[?,64],bf16>
  return %v5 : !torch.vtensor<[?,64],bf16>
}

// Scales are complete when the kernel has seen the row: what reads them cannot be in it.
// CHECK-LABEL: func.func @consumer_of_scales(
// CHECK: "fanfold.quantize"
// CHECK: torch.aten.mul.Scalar
// CHECK-NOT: fanfold
// CHECK: return
func.func @consumer_of_scales(%x: tensor<?x64xbf16>) -> !torch.vtensor<[?,1],f32> {
  %q:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>) -> (tensor<?x64xf8E4M3FN>, tensor<?x1xf32>)
  %s = torch_c.from_builtin_tensor %q#1 : tensor<?x1xf32> -> !torch.vtensor<[?,1],f32>
  %c = torch.constant.float 2.0
  %t = torch.aten.mul.Scalar %s, %c : !torch.vtensor<[?,1],f32>, !torch.float -> !torch.vtensor<[?,1],f32>
  return %t : !torch.vtensor<[?,1],f32>
}

// Eager rounds a number in a tensor to the type of the sum, and where it does is the torch op's to say.
// CHECK-LABEL: func.func @sum_with_a_wider_number(
// CHECK: torch.aten.add.Tensor
// CHECK: return
func.func @sum_with_a_wider_number(%x: !torch.vtensor<[?,64],bf16>, %k: !torch.vtensor<[],f32>) -> tensor<?x64xf32> {
  %one = torch.constant.int 1
  %v = torch.aten.add.Tensor %x, %k, %one : !torch.vtensor<[?,64],bf16>, !torch.vtensor<[],f32>, !torch.int -> !torch.vtensor<[?,64],bf16>
  %b = torch_c.to_builtin_tensor %v : !torch.vtensor<[?,64],bf16> -> tensor<?x64xbf16>
  %y = "fanfold.cast"(%b) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
