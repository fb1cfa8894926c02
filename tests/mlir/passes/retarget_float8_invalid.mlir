// RUN: fanfold-opt %s --pass retarget-float8 --fp8 fnuz --split-input-file --verify-diagnostics

func.func @plain_conversion(%x: !torch.vtensor<[4],f32>) -> !torch.vtensor<[4],f32> {
  %int24 = torch.constant.int 24
  %int6 = torch.constant.int 6
  // expected-error@+1 {{cannot be converted to float8_e4m3fnuz here: a plain conversion has no scale}}
  %y = torch.prims.convert_element_type %x, %int24 : !torch.vtensor<[4],f32>, !torch.int -> !torch.vtensor<[4],f8E4M3FN>
  %f = torch.prims.convert_element_type %y, %int6 : !torch.vtensor<[4],f8E4M3FN>, !torch.int -> !torch.vtensor<[4],f32>
  return %f : !torch.vtensor<[4],f32>
}

// -----

func.func @codes_are_read(%y: !torch.vtensor<[4,64],f8E4M3FN>) -> !torch.vtensor<[4,64],ui8> {
  %int0 = torch.constant.int 0
  // expected-error@+1 {{torch.aten.view.dtype reads the codes, and is not known to keep them}}
  %b = torch.aten.view.dtype %y, %int0 : !torch.vtensor<[4,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[4,64],ui8>
  return %b : !torch.vtensor<[4,64],ui8>
}

// -----

func.func @to_another_fp8(%y: !torch.vtensor<[4,64],f8E4M3FN>) -> !torch.vtensor<[4,64],f8E5M2> {
  %int23 = torch.constant.int 23
  // expected-error@+1 {{torch.prims.convert_element_type reads the codes}}
  %b = torch.prims.convert_element_type %y, %int23 : !torch.vtensor<[4,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[4,64],f8E5M2>
  return %b : !torch.vtensor<[4,64],f8E5M2>
}

// -----

"util.global"() {initial_value = #stream.parameter.named<"model"::"w"> : tensor<8xf8E4M3FN>, sym_name = "w", sym_visibility = "private", type = tensor<8xf8E4M3FN>} : () -> ()
func.func @weight_leaves() -> !torch.vtensor<[8],f8E4M3FN> {
  %l = "util.global.load"() {global = @w} : () -> tensor<8xf8E4M3FN>
  // expected-error@+1 {{the weight leaves the model, whose caller does not know}}
  %w = torch_c.from_builtin_tensor %l : tensor<8xf8E4M3FN> -> !torch.vtensor<[8],f8E4M3FN>
  return %w : !torch.vtensor<[8],f8E4M3FN>
}

// -----

func.func @nobody_reads_the_scales(%x: tensor<4x64xbf16>) -> !torch.vtensor<[4,64],f8E4M3FN> {
  // expected-error@+1 {{nothing reads the scales that it makes}}
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  return %t : !torch.vtensor<[4,64],f8E4M3FN>
}

// -----

func.func @computed_scale_leaves(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> !torch.vtensor<[4,64],f8E4M3FN> {
  %r = torch.aten.sqrt %a : !torch.vtensor<[1],f32> -> !torch.vtensor<[1],f32>
  %s = torch_c.to_builtin_tensor %r : !torch.vtensor<[1],f32> -> tensor<1xf32>
  // expected-error@+1 {{it leaves the model, and its scale is computed in the model}}
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  return %t : !torch.vtensor<[4,64],f8E4M3FN>
}

// -----

func.func @given_scale_leaves_too(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %s = torch_c.to_builtin_tensor %a : !torch.vtensor<[1],f32> -> tensor<1xf32>
  // expected-error@+1 {{it leaves the model together with the scale that it was given}}
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  return %t, %a : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// -----

func.func @no_scale(%x: tensor<4x64xbf16>) -> !torch.vtensor<[4,64],f8E4M3FN> {
  %s = arith.constant dense<1.0> : tensor<1xf32>
  // expected-error@+1 {{it leaves the model without a scale that could be adjusted}}
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  return %t : !torch.vtensor<[4,64],f8E4M3FN>
}

// -----

func.func @joined(%x: tensor<4x64xbf16>, %s: tensor<1xf32>, %y: !torch.vtensor<[4,64],f8E4M3FN>) -> !torch.vtensor<[8,64],f32> {
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  // expected-error@+1 {{values with scales of their own are joined with others, whose scale is given}}
  %l = torch.prim.ListConstruct %t, %y : (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,64],f8E4M3FN>) -> !torch.list<vtensor>
  %int0 = torch.constant.int 0
  %c = torch.aten.cat %l, %int0 : !torch.list<vtensor>, !torch.int -> !torch.vtensor<[8,64],f8E4M3FN>
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %c, %int6 : !torch.vtensor<[8,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[8,64],f32>
  return %f : !torch.vtensor<[8,64],f32>
}

// -----

// The scale is computed once more.
func.func @bound_is_left(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,1],f32>, !torch.vtensor<[1],f32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "token", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<4x1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %u = torch_c.from_builtin_tensor %s : tensor<4x1xf32> -> !torch.vtensor<[4,1],f32>
  %bound = torch.constant.float 4.480000e+02
  // expected-error@+1 {{the number 448 may be the bound of a quantisation that is converted}}
  %d = torch.aten.div.Scalar %a, %bound : !torch.vtensor<[1],f32>, !torch.float -> !torch.vtensor<[1],f32>
  return %t, %u, %d : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,1],f32>, !torch.vtensor<[1],f32>
}

// -----

// What is computed of the scale alone is as the model has it, and the codes are not.
func.func @a_product_with_the_given_scale_leaves(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %s = torch_c.to_builtin_tensor %a : !torch.vtensor<[1],f32> -> tensor<1xf32>
  // expected-error@+1 {{it leaves the model together with the scale that it was given, or what is computed of it}}
  %q = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %r = torch.aten.reciprocal %a : !torch.vtensor<[1],f32> -> !torch.vtensor<[1],f32>
  return %t, %r : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// -----

func.func @joined_and_the_second_scale_leaves(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>, %b: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[8,64],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %sa = torch_c.to_builtin_tensor %a : !torch.vtensor<[1],f32> -> tensor<1xf32>
  %sb = torch_c.to_builtin_tensor %b : !torch.vtensor<[1],f32> -> tensor<1xf32>
  // expected-error@+1 {{it leaves the model together with the scale that it was given}}
  %q = "fanfold.quantize"(%x, %sa) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %p = "fanfold.quantize"(%x, %sb) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %u = torch_c.from_builtin_tensor %p : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %l = torch.prim.ListConstruct %t, %u : (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[4,64],f8E4M3FN>) -> !torch.list<vtensor>
  %int0 = torch.constant.int 0
  %c = torch.aten.cat %l, %int0 : !torch.list<vtensor>, !torch.int -> !torch.vtensor<[8,64],f8E4M3FN>
  return %c, %b : !torch.vtensor<[8,64],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// -----

// The first scale is twice as large after the conversion; whether the second is, nobody knows.
func.func @given_scale_is_computed_from_a_converted_one(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>, !torch.vtensor<[4,64],f32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %u = torch_c.from_builtin_tensor %s : tensor<1xf32> -> !torch.vtensor<[1],f32>
  %m = torch.aten.maximum %u, %a : !torch.vtensor<[1],f32>, !torch.vtensor<[1],f32> -> !torch.vtensor<[1],f32>
  %g = torch_c.to_builtin_tensor %m : !torch.vtensor<[1],f32> -> tensor<1xf32>
  // expected-error@+1 {{its scale is computed from that of another quantisation, which is converted}}
  %p = "fanfold.quantize"(%x, %g) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<4x64xbf16>, tensor<1xf32>) -> tensor<4x64xf8E4M3FN>
  %v = torch_c.from_builtin_tensor %p : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %int6 = torch.constant.int 6
  %f = torch.prims.convert_element_type %v, %int6 : !torch.vtensor<[4,64],f8E4M3FN>, !torch.int -> !torch.vtensor<[4,64],f32>
  return %t, %u, %f : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>, !torch.vtensor<[4,64],f32>
}

// -----

// The bound as an integer of rank 0, and as one of many.
func.func @bound_is_left_in_a_tensor(%x: tensor<4x64xbf16>, %a: !torch.vtensor<[1],f32>) -> (!torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>, !torch.vtensor<[1],f32>) {
  %q, %s = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<4x64xbf16>) -> (tensor<4x64xf8E4M3FN>, tensor<1xf32>)
  %t = torch_c.from_builtin_tensor %q : tensor<4x64xf8E4M3FN> -> !torch.vtensor<[4,64],f8E4M3FN>
  %u = torch_c.from_builtin_tensor %s : tensor<1xf32> -> !torch.vtensor<[1],f32>
  %bound = torch.vtensor.literal(dense<448> : tensor<si64>) : !torch.vtensor<[],si64>
  %int6 = torch.constant.int 6
  %float = torch.prims.convert_element_type %bound, %int6 : !torch.vtensor<[],si64>, !torch.int -> !torch.vtensor<[],f32>
  // expected-error@+1 {{the number 448 may be the bound}}
  %d = torch.aten.div.Tensor %a, %float : !torch.vtensor<[1],f32>, !torch.vtensor<[],f32> -> !torch.vtensor<[1],f32>
  return %t, %u, %d : !torch.vtensor<[4,64],f8E4M3FN>, !torch.vtensor<[1],f32>, !torch.vtensor<[1],f32>
}
