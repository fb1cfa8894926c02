// RUN: fanfold-opt %s --pass raise-custom-ops --split-input-file --report | filecheck %s

// CHECK-LABEL: func.func @dynamic_width
// CHECK: torch.operator "torch.fanfold.rms_norm"
// CHECK: // fanfold.rms_norm: no kernel: the last dim of x is dynamic; its width must be static
func.func @dynamic_width(%x: !torch.vtensor<[4,?],bf16>) -> !torch.vtensor<[4,?],bf16> {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[4,?],bf16>, !torch.none, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[4,?],bf16>
  return %y : !torch.vtensor<[4,?],bf16>
}

// -----

// CHECK-LABEL: func.func @width_0
// CHECK: torch.operator "torch.vllm_ir.silu_and_mul"
// CHECK: // vllm_ir.silu_and_mul: no kernel: the last dim of x is 0: there is nothing to compute
func.func @width_0(%x: !torch.vtensor<[4,0],bf16>) -> !torch.vtensor<[4,0],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[4,0],bf16>) -> !torch.vtensor<[4,0],bf16>
  return %y : !torch.vtensor<[4,0],bf16>
}

// -----

// CHECK-LABEL: func.func @odd_width
// CHECK: torch.operator "torch.vllm_ir.silu_and_mul"
// CHECK: // vllm_ir.silu_and_mul: no kernel: the width 127 is odd
func.func @odd_width(%x: !torch.vtensor<[4,127],bf16>) -> !torch.vtensor<[4,63],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[4,127],bf16>) -> !torch.vtensor<[4,63],bf16>
  return %y : !torch.vtensor<[4,63],bf16>
}

// -----

// CHECK-LABEL: func.func @dtype
// CHECK: torch.operator "torch.vllm_ir.silu_and_mul"
// CHECK: // vllm_ir.silu_and_mul: no kernel: x is f64, not one of bf16, f16, f32
func.func @dtype(%x: !torch.vtensor<[4,128],f64>) -> !torch.vtensor<[4,64],f64> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[4,128],f64>) -> !torch.vtensor<[4,64],f64>
  return %y : !torch.vtensor<[4,64],f64>
}

// -----

// CHECK-LABEL: func.func @unranked
// CHECK: torch.operator "torch.vllm_ir.silu_and_mul"
// CHECK: // vllm_ir.silu_and_mul: no kernel: x has no known rank and dtype (!torch.vtensor<*,bf16>)
func.func @unranked(%x: !torch.vtensor<*,bf16>) -> !torch.vtensor<*,bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<*,bf16>) -> !torch.vtensor<*,bf16>
  return %y : !torch.vtensor<*,bf16>
}

// -----

// CHECK-LABEL: func.func @scalar
// CHECK: torch.operator "torch.vllm_ir.silu_and_mul"
// CHECK: // vllm_ir.silu_and_mul: no kernel: x has rank 0, no rows
func.func @scalar(%x: !torch.vtensor<[],bf16>) -> !torch.vtensor<[],bf16> {
  %y = torch.operator "torch.vllm_ir.silu_and_mul"(%x) : (!torch.vtensor<[],bf16>) -> !torch.vtensor<[],bf16>
  return %y : !torch.vtensor<[],bf16>
}

// -----

// CHECK-LABEL: func.func @weight_width
// CHECK: torch.operator "torch.fanfold.rms_norm"
// CHECK: // fanfold.rms_norm: no kernel: the weight is !torch.vtensor<[128],bf16>, not a float tensor of shape [256]
func.func @weight_width(%x: !torch.vtensor<[4,256],bf16>, %w: !torch.vtensor<[128],bf16>) -> !torch.vtensor<[4,256],bf16> {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[128],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[4,256],bf16>
  return %y : !torch.vtensor<[4,256],bf16>
}

// -----

// CHECK-LABEL: func.func @residual_shape
// CHECK: torch.operator "torch.fanfold.add_rms_norm"
// CHECK: // fanfold.add_rms_norm: no kernel: x is !torch.vtensor<[4,256],bf16> and the residual !torch.vtensor<[1,256],bf16>: shapes differ
func.func @residual_shape(%x: !torch.vtensor<[4,256],bf16>, %r: !torch.vtensor<[1,256],bf16>) -> (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[4,256],bf16>) {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %none, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[1,256],bf16>, !torch.none, !torch.float, !torch.none, !torch.float, !torch.bool) -> (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[4,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[4,256],bf16>, !torch.vtensor<[4,256],bf16>
}

// -----

// CHECK-LABEL: func.func @eps_is_no_constant
// CHECK: torch.operator "torch.fanfold.rms_norm"
// CHECK: // fanfold.rms_norm: no kernel: eps is no constant
func.func @eps_is_no_constant(%x: !torch.vtensor<[4,256],bf16>, %eps: !torch.float) -> !torch.vtensor<[4,256],bf16> {
  %no_size = torch.constant.none
  %no_offset = torch.constant.float 0.000000e+00
  %rounded = torch.constant.bool true
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %none, %eps, %no_size, %no_offset, %rounded) : (!torch.vtensor<[4,256],bf16>, !torch.none, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[4,256],bf16>
  return %y : !torch.vtensor<[4,256],bf16>
}

// -----

// CHECK-LABEL: func.func @variance_size
// CHECK: torch.operator "torch.vllm_ir.rms_norm"
// CHECK: // vllm_ir.rms_norm: no kernel: variance size 512 is not within the width 256
func.func @variance_size(%x: !torch.vtensor<[4,256],bf16>) -> !torch.vtensor<[4,256],bf16> {
  %eps = torch.constant.float 1.000000e-05
  %none = torch.constant.none
  %size = torch.constant.int 512
  %y = torch.operator "torch.vllm_ir.rms_norm"(%x, %none, %eps, %size) : (!torch.vtensor<[4,256],bf16>, !torch.none, !torch.float, !torch.int) -> !torch.vtensor<[4,256],bf16>
  return %y : !torch.vtensor<[4,256],bf16>
}

// -----

// CHECK-LABEL: func.func @quantised_type
// CHECK: torch.operator "torch.vllm.rocm_aiter_group_fp8_quant"
// CHECK: // vllm.rocm_aiter_group_fp8_quant: no kernel: the quantised result is !torch.vtensor<[4,256],f8E5M2>, neither f8E4M3FN nor f8E4M3FNUZ
func.func @quantised_type(%x: !torch.vtensor<[4,256],bf16>) -> (!torch.vtensor<[4,256],f8E5M2>, !torch.vtensor<[4,2],f32>) {
  %group = torch.constant.int 128
  %q:2 = torch.operator "torch.vllm.rocm_aiter_group_fp8_quant"(%x, %group) : (!torch.vtensor<[4,256],bf16>, !torch.int) -> (!torch.vtensor<[4,256],f8E5M2>, !torch.vtensor<[4,2],f32>)
  return %q#0, %q#1 : !torch.vtensor<[4,256],f8E5M2>, !torch.vtensor<[4,2],f32>
}

// -----

// CHECK-LABEL: func.func @dtype_number
// CHECK: torch.operator "torch.fanfold.static_quant"
// CHECK: // fanfold.static_quant: no kernel: torch dtype 7 is none that rows are quantised to
func.func @dtype_number(%x: !torch.vtensor<[4,256],bf16>, %s: !torch.vtensor<[1],f32>) -> !torch.vtensor<[4,256],f64> {
  %multiply = torch.constant.bool true
  %dtype = torch.constant.int 7
  %none = torch.constant.none
  %q = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none, %multiply) : (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none, !torch.bool) -> !torch.vtensor<[4,256],f64>
  return %q : !torch.vtensor<[4,256],f64>
}

// -----

// CHECK-LABEL: func.func @scale_shape
// CHECK: torch.operator "torch.fanfold.static_quant"
// CHECK: // fanfold.static_quant: no kernel: the scale is !torch.vtensor<[256],f32>, not a tensor of one f32
func.func @scale_shape(%x: !torch.vtensor<[4,256],bf16>, %s: !torch.vtensor<[256],f32>) -> !torch.vtensor<[4,256],f8E4M3FN> {
  %multiply = torch.constant.bool true
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %q = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none, %multiply) : (!torch.vtensor<[4,256],bf16>, !torch.vtensor<[256],f32>, !torch.int, !torch.none, !torch.bool) -> !torch.vtensor<[4,256],f8E4M3FN>
  return %q : !torch.vtensor<[4,256],f8E4M3FN>
}

// -----

// CHECK-LABEL: func.func @scale_format(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: scale format e8m0 is not one of f32, ue8m0, ue8m0_packed
func.func @scale_format(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "e8m0"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @scale_layout(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: scale layout padded is not one of row, column, column_padded
func.func @scale_layout(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "f32"
  %layout = torch.constant.str "padded"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @scale_format_is_no_constant(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: scale_format is no constant
func.func @scale_format_is_no_constant(%x: !torch.vtensor<[?,300],bf16>, %format: !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @scale_layout_is_no_constant(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: scale_layout is no constant
func.func @scale_layout_is_no_constant(%x: !torch.vtensor<[?,300],bf16>, %layout: !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 1.000000e-10
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "f32"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @scale_format_of_tokens(
// CHECK: torch.operator "torch.fanfold.token_quant"
// CHECK: // fanfold.token_quant: no kernel: scale format e4m3 is not one of f32, ue8m0, ue8m0_packed
func.func @scale_format_of_tokens(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>) {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool true
  %format = torch.constant.str "e4m3"
  %y:2 = torch.operator "torch.fanfold.token_quant"(%x, %dtype, %none, %none, %reciprocal, %none, %format) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.none, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,1],f32>
}

// -----

// CHECK-LABEL: func.func @scale_format_of_tensor(
// CHECK: torch.operator "torch.fanfold.tensor_quant"
// CHECK: // fanfold.tensor_quant: no kernel: scale format e4m3 is not one of f32, ue8m0, ue8m0_packed
func.func @scale_format_of_tensor(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>) {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %reciprocal = torch.constant.bool true
  %format = torch.constant.str "e4m3"
  %y:2 = torch.operator "torch.fanfold.tensor_quant"(%x, %dtype, %none, %reciprocal, %none, %format) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.none, !torch.bool, !torch.none, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[1],f32>
}

// -----

// CHECK-LABEL: func.func @weight_offset_is_no_constant(
// CHECK: torch.operator "torch.fanfold.rms_norm"
// CHECK: // fanfold.rms_norm: no kernel: weight_offset is no constant
func.func @weight_offset_is_no_constant(%x: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>, %offset: !torch.float) -> !torch.vtensor<[?,256],bf16> {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %rounded = torch.constant.bool true
  %y = torch.operator "torch.fanfold.rms_norm"(%x, %w, %eps, %none, %offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> !torch.vtensor<[?,256],bf16>
  return %y : !torch.vtensor<[?,256],bf16>
}

// -----

// CHECK-LABEL: func.func @round_normalized_is_no_constant(
// CHECK: torch.operator "torch.fanfold.add_rms_norm"
// CHECK: // fanfold.add_rms_norm: no kernel: round_normalized is no constant
func.func @round_normalized_is_no_constant(%x: !torch.vtensor<[?,256],bf16>, %r: !torch.vtensor<[?,256],bf16>, %w: !torch.vtensor<[256],bf16>, %rounded: !torch.bool) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>) {
  %eps = torch.constant.float 1.000000e-06
  %none = torch.constant.none
  %offset = torch.constant.float 0.000000e+00
  %y:2 = torch.operator "torch.fanfold.add_rms_norm"(%x, %r, %w, %eps, %none, %offset, %rounded) : (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>, !torch.vtensor<[256],bf16>, !torch.float, !torch.none, !torch.float, !torch.bool) -> (!torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>)
  return %y#0, %y#1 : !torch.vtensor<[?,256],bf16>, !torch.vtensor<[?,256],bf16>
}

// -----

// CHECK-LABEL: func.func @reciprocal_is_no_constant(
// CHECK: torch.operator "torch.fanfold.static_quant"
// CHECK: // fanfold.static_quant: no kernel: reciprocal is no constant
func.func @reciprocal_is_no_constant(%x: !torch.vtensor<[?,300],bf16>, %s: !torch.vtensor<[1],f32>, %reciprocal: !torch.bool) -> !torch.vtensor<[?,300],f8E4M3FN> {
  %dtype = torch.constant.int 24
  %none = torch.constant.none
  %y = torch.operator "torch.fanfold.static_quant"(%x, %s, %dtype, %none, %reciprocal) : (!torch.vtensor<[?,300],bf16>, !torch.vtensor<[1],f32>, !torch.int, !torch.none, !torch.bool) -> !torch.vtensor<[?,300],f8E4M3FN>
  return %y : !torch.vtensor<[?,300],f8E4M3FN>
}

// -----

// CHECK-LABEL: func.func @infinite_floor(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: the floor inf is no finite f32
func.func @infinite_floor(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 0x7FF0000000000000
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "f32"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @floor_beyond_f32(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: the floor 1e+39 is no finite f32
func.func @floor_beyond_f32(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 0.000000e+00
  %scale_floor = torch.constant.float 1.000000e+39
  %reciprocal = torch.constant.bool false
  %none = torch.constant.none
  %format = torch.constant.str "f32"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %none, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.none, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// CHECK-LABEL: func.func @bound_of_no_f32(
// CHECK: torch.operator "torch.fanfold.group_quant"
// CHECK: // fanfold.group_quant: no kernel: the bound 1e-300 is no normal f32
func.func @bound_of_no_f32(%x: !torch.vtensor<[?,300],bf16>) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>) {
  %group = torch.constant.int 64
  %dtype = torch.constant.int 24
  %absmax_floor = torch.constant.float 0.000000e+00
  %scale_floor = torch.constant.float 0.000000e+00
  %reciprocal = torch.constant.bool false
  %bound = torch.constant.float 1.000000e-300
  %format = torch.constant.str "f32"
  %layout = torch.constant.str "row"
  %y:2 = torch.operator "torch.fanfold.group_quant"(%x, %group, %dtype, %absmax_floor, %scale_floor, %reciprocal, %bound, %format, %layout) : (!torch.vtensor<[?,300],bf16>, !torch.int, !torch.int, !torch.float, !torch.float, !torch.bool, !torch.float, !torch.str, !torch.str) -> (!torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>)
  return %y#0, %y#1 : !torch.vtensor<[?,300],f8E4M3FN>, !torch.vtensor<[?,5],f32>
}

// -----

// An op of nobody's is left alone, and owes no report.

// CHECK-LABEL: func.func @unknown
// CHECK: torch.operator "torch.other.rms_norm"
// CHECK-NOT: no kernel
func.func @unknown(%x: !torch.vtensor<[4,256],bf16>) -> !torch.vtensor<[4,256],bf16> {
  %y = torch.operator "torch.other.rms_norm"(%x) : (!torch.vtensor<[4,256],bf16>) -> !torch.vtensor<[4,256],bf16>
  return %y : !torch.vtensor<[4,256],bf16>
}
