// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<64xbf16>) -> tensor<64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op x rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<64xbf16>) -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}

// -----

func.func @result_rank(%x: tensor<?x64xbf16>) -> tensor<64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op y rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}

// -----

func.func @dtype(%x: tensor<?x64xi32>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op x element type: expected bf16, f16 or f32, found i32}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xi32>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>) -> tensor<?x64xi8> {
  // expected-error@+1 {{'fanfold.elementwise' op y element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xi8>
  return %y : tensor<?x64xi8>
}

// -----

func.func @rows(%x: tensor<?x64xbf16>) -> tensor<2x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op y row count: expected ?, found 2}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<2x64xbf16>
  return %y : tensor<2x64xbf16>
}

// -----

func.func @width(%x: tensor<?x64xbf16>) -> tensor<?x63xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op y width: expected 64, found 63}}
  %y = "fanfold.elementwise"(%x) {function = "abs", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x63xbf16>
  return %y : tensor<?x63xbf16>
}

// -----

func.func @function(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op function: expected abs or neg or relu or sigmoid or silu or add or sub or mul or div or minimum or maximum, found tanh}}
  %y = "fanfold.elementwise"(%x) {function = "tanh", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @unary_with_other(%x: tensor<?x64xbf16>, %o: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other operand: expected none for neg, found one}}
  %y = "fanfold.elementwise"(%x, %o) {function = "neg", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_dtype(%x: tensor<?x64xbf16>, %o: tensor<?x64xi8>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x64xi8>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_scalar(%x: tensor<?x64xbf16>, %o: tensor<bf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other rank: expected 1 or 2, found 0}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<bf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_rank(%x: tensor<?x64xbf16>, %o: tensor<1x?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other rank: expected 1 or 2, found 3}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<1x?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_width(%x: tensor<?x64xbf16>, %o: tensor<?x1xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other width: expected 64, found 1}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<?x1xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_width_of_columns(%x: tensor<?x64xbf16>, %o: tensor<65xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other width: expected 64 or 1, found 65}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<65xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_rows(%x: tensor<?x64xbf16>, %o: tensor<1x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other row count: expected ?, found 1}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, tensor<1x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_segments(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op attribute operandSegmentSizes: expected array<i32> with 1 for x, 0 or 1 for other, 1 in all, found none}}
  %y = "fanfold.elementwise"(%x) {function = "add", constant = 0.0 : f64} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_function(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op attribute function: expected a string, found none}}
  %y = "fanfold.elementwise"(%x) {constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @missing_constant(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op attribute constant: expected an f64 number, found none}}
  %y = "fanfold.elementwise"(%x) {function = "add", operandSegmentSizes = array<i32: 1, 0>} : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @other_no_tensor(%x: tensor<?x64xbf16>, %o: f32) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.elementwise' op other: expected a ranked tensor, found f32}}
  %y = "fanfold.elementwise"(%x, %o) {function = "add", constant = 0.0 : f64, operandSegmentSizes = array<i32: 1, 1>} : (tensor<?x64xbf16>, f32) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
