// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<2x2x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op x rank: expected 2 (rows x width), found 3}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<2x2x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @dtype(%x: tensor<?x300xi32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op x element type: expected bf16, f16 or f32, found i32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xi32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @result_rank(%x: tensor<?x300xbf16>) -> (tensor<300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op q rank: expected 2 (rows x width), found 1}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @result_rows(%x: tensor<?x300xbf16>) -> (tensor<4x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op q row count: expected ?, found 4}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<4x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<4x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @result_width(%x: tensor<?x300xbf16>) -> (tensor<?x299xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op q width: expected 300, found 299}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x299xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x299xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @result_dtype(%x: tensor<?x300xbf16>) -> (tensor<?x300xf16>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op q element type: expected f8E4M3FN or f8E4M3FNUZ or f8E5M2 or f8E5M2FNUZ or i8, found f16}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf16>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf16>, tensor<?x3xf32>
}

// -----

func.func @bound_beyond(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op bound: expected 2^-126 to 448.0, found 449.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 449.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @bound_zero(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op bound: expected 2^-126 to 448.0, found 0.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 0.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @bound_of_fnuz(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op bound: expected 2^-126 to 240.0, found 448.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FNUZ>, tensor<?x3xf32>
}

// -----

func.func @absmax_floor(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op absmax_floor: expected 0 to 3.4028234663852886e+38, found -1.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = -1.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_floor(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_floor: expected 0 to 3.4028234663852886e+38, found nan}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0x7FF8000000000000 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @granularity(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op granularity: expected tensor or token or group, found row}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "row", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @group_size(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op group_size: expected at least 1, found 0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 0 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @group_size_of_token(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op group_size: expected the width 300 for token, found 128}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// -----

func.func @scales_missing(%x: tensor<?x300xbf16>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scales result: expected one without a scale operand, found none}}
  %y = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @scales_width(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x2xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales width: expected 3 (one a group), found 2}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x2xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x2xf32>
}

// -----

func.func @scales_width_of_token(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales width: expected 1 (one a group), found 3}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scales_rank(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales rank: expected 2 (rows x width), found 1}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<3xf32>
}

// -----

func.func @scales_dtype(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xbf16>) {
  // expected-error@+1 {{'fanfold.quantize' op scales type: expected f32, found bf16}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xbf16>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xbf16>
}

// -----

func.func @scales_rows(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<5x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales row count: expected ?, found 5}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<5x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<5x3xf32>
}

// -----

func.func @scales_missing_of_tensor(%x: tensor<?x300xbf16>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scales result: expected one without a scale operand, found none}}
  %y = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @scale_and_scales(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales result: expected none with a scale operand, found one}}
  %y:2 = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_of_group(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale operand: expected none for granularity group, found one}}
  %y:2 = "fanfold.quantize"(%x, %s) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_shape(%x: tensor<?x300xbf16>, %s: tensor<2xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scale shape: expected [1], found [2]}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<2xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @scale_dtype(%x: tensor<?x300xbf16>, %s: tensor<1xf16>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scale type: expected f32, found f16}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf16>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @ceiling_with_scale(%x: tensor<?x300xbf16>, %s: tensor<1xf32>, %c: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op ceiling operand: expected none with a scale operand, found one}}
  %y = "fanfold.quantize"(%x, %s, %c) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 1, 1>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @ceiling_shape(%x: tensor<?x300xbf16>, %c: tensor<f32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op ceiling shape: expected [1], found []}}
  %y:2 = "fanfold.quantize"(%x, %c) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 1>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>, tensor<f32>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @form(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op form: expected divide or reciprocal or multiplier, found product}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "product", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_format(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_format: expected f32 or ue8m0 or ue8m0_packed, found e8m0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "e8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_layout(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_layout: expected row or column or column_padded, found padded}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_type: expected bf16, f16 or f32, found f64}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f64, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @quotient_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op quotient_type: expected bf16, f16 or f32, found i8}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = i8, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @multiplier_with_power_of_two(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_format: expected f32 for the form multiplier, found ue8m0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @multiplier_with_floor(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_floor: expected 0 for the form multiplier, found 0.5}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.5 : f64,
    form = "multiplier", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @static_power_of_two(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scale_format: expected f32 with a scale operand, found ue8m0}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @dynamic_tensor_packed(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_format: expected f32 or ue8m0, found ue8m0_packed}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xf32>
}

// -----

func.func @dynamic_tensor_scales_shape(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales shape: expected [1], found [-9223372036854775808, 1]}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// -----

func.func @dynamic_tensor_scales_count(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales shape: expected [1], found [3]}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<3xf32>
}

// -----

func.func @dynamic_tensor_scales_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xbf16>) {
  // expected-error@+1 {{'fanfold.quantize' op scales type: expected f32, found bf16}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xbf16>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xbf16>
}

// -----

func.func @dynamic_tensor_group_size(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op group_size: expected the width 300 for tensor, found 128}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xf32>
}

// -----

func.func @power_of_two_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xi32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales type: expected f32, found i32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xi32>
}

// -----

func.func @packed_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales type: expected i32, found f32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// -----

func.func @packed_width(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xi32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales width: expected 1 (one for four groups), found 3}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xi32>
}

// -----

func.func @packed_width_five(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales width: expected 2 (one for four groups), found 1}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 64 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "ue8m0_packed", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xi32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xi32>
}

// -----

func.func @column_is_no_shape(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3x?xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scales width: expected a static last dim, found tensor<3x?xf32>}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<3x?xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<3x?xf32>
}

// -----

func.func @missing_form(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute form: expected a string, found none}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64,
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>,
    resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @bound_of_another_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute bound: expected an f64 number, found 4.480000e+02 : f32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f32, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @group_size_of_another_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute group_size: expected an i64 number, found 128 : i32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i32, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @type_as_a_string(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute scale_type: expected a type, found "f32"}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = "f32", quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @string_as_a_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute form: expected a string, found f32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = f32,
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @low_of_another_type(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op attribute low: expected an f64 number, found -4.480000e+02 : f32}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", low = -448.0 : f32,
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @bound_that_is_no_f32(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op bound: expected 2^-126 to 448.0, found 1e-300}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 1.0e-300 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @absmax_floor_beyond_f32(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op absmax_floor: expected 0 to 3.4028234663852886e+38, found 1e+300}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 1.0e300 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @scale_floor_infinite(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_floor: expected 0 to 3.4028234663852886e+38, found inf}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "group", group_size = 128 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0x7FF0000000000000 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x3xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x3xf32>
}

// -----

func.func @static_column(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scale_layout: expected row with a scale operand, found column}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @static_absmax_floor(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op absmax_floor: expected 0 with a scale operand, found 1e-10}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 1.0e-10 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @static_scale_floor(%x: tensor<?x300xbf16>, %s: tensor<1xf32>) -> tensor<?x300xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.quantize' op scale_floor: expected 0 with a scale operand, found 0.5}}
  %y = "fanfold.quantize"(%x, %s) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.5 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row",
    operandSegmentSizes = array<i32: 1, 1, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<?x300xbf16>, tensor<1xf32>) -> tensor<?x300xf8E4M3FN>
  return %y : tensor<?x300xf8E4M3FN>
}

// -----

func.func @dynamic_tensor_column(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op scale_layout: expected row for one scale, found column_padded}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "tensor", group_size = 300 : i64, bound = 448.0 : f64, absmax_floor = 0.0 : f64, scale_floor = 0.0 : f64, form = "divide",
    scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "column_padded",
    operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>} : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<1xf32>
}

// -----

func.func @low_of_fp8(%x: tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op low: expected -bound or, for i8, -bound - 1, found -128.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 300 : i64, bound = 127.0 : f64, low = -128.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xf8E4M3FN>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xf8E4M3FN>, tensor<?x1xf32>
}

// -----

func.func @low(%x: tensor<?x300xbf16>) -> (tensor<?x300xi8>, tensor<?x1xf32>) {
  // expected-error@+1 {{'fanfold.quantize' op low: expected -bound or, for i8, -bound - 1, found -129.0}}
  %y:2 = "fanfold.quantize"(%x) {granularity = "token", group_size = 300 : i64, bound = 127.0 : f64, low = -129.0 : f64, absmax_floor = 1.0e-10 : f64,
    scale_floor = 0.0 : f64, form = "divide", scale_type = f32, quotient_type = f32, scale_format = "f32", scale_layout = "row", operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 1>}
    : (tensor<?x300xbf16>) -> (tensor<?x300xi8>, tensor<?x1xf32>)
  return %y#0, %y#1 : tensor<?x300xi8>, tensor<?x1xf32>
}
