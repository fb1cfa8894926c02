// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<64xbf16>, %r: tensor<64xbf16>) -> tensor<64xbf16> {
  // expected-error@+1 {{'fanfold.residual_add' op x rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<64xbf16>, tensor<64xbf16>) -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}

// -----

func.func @residual_width(%x: tensor<?x64xbf16>, %r: tensor<?x32xbf16>) -> tensor<?x64xf32> {
  // expected-error@+1 {{'fanfold.residual_add' op residual width: expected 64, found 32}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x32xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

func.func @residual_rows(%x: tensor<?x64xbf16>, %r: tensor<3x64xbf16>) -> tensor<?x64xf32> {
  // expected-error@+1 {{'fanfold.residual_add' op residual row count: expected ?, found 3}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<3x64xbf16>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

func.func @result_width(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> tensor<?x65xf32> {
  // expected-error@+1 {{'fanfold.residual_add' op y width: expected 64, found 65}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x65xf32>
  return %y : tensor<?x65xf32>
}

// -----

func.func @residual_dtype(%x: tensor<?x64xbf16>, %r: tensor<?x64xi32>) -> tensor<?x64xf32> {
  // expected-error@+1 {{'fanfold.residual_add' op residual element type: expected bf16, f16 or f32, found i32}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xi32>) -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>, %r: tensor<?x64xbf16>) -> tensor<?x64xf8E4M3FN> {
  // expected-error@+1 {{'fanfold.residual_add' op y element type: expected bf16, f16 or f32, found f8E4M3FN}}
  %y = "fanfold.residual_add"(%x, %r) : (tensor<?x64xbf16>, tensor<?x64xbf16>) -> tensor<?x64xf8E4M3FN>
  return %y : tensor<?x64xf8E4M3FN>
}

// -----

func.func @one_operand(%x: tensor<?x64xbf16>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.residual_add' op operands: expected 2 (x, residual), found 1}}
  %y = "fanfold.residual_add"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
