// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<2x4x64xbf16>) -> tensor<2x4x64xf32> {
  // expected-error@+1 {{'fanfold.cast' op x rank: expected 2 (rows x width), found 3}}
  %y = "fanfold.cast"(%x) : (tensor<2x4x64xbf16>) -> tensor<2x4x64xf32>
  return %y : tensor<2x4x64xf32>
}

// -----

func.func @dynamic_width(%x: tensor<4x?xbf16>) -> tensor<4x?xf32> {
  // expected-error@+1 {{'fanfold.cast' op x width: expected a static last dim, found tensor<4x?xbf16>}}
  %y = "fanfold.cast"(%x) : (tensor<4x?xbf16>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

func.func @width(%x: tensor<?x64xbf16>) -> tensor<?x63xf32> {
  // expected-error@+1 {{'fanfold.cast' op y width: expected 64, found 63}}
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x63xf32>
  return %y : tensor<?x63xf32>
}

// -----

func.func @rows(%x: tensor<?x64xbf16>) -> tensor<8x64xf32> {
  // expected-error@+1 {{'fanfold.cast' op y row count: expected ?, found 8}}
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<8x64xf32>
  return %y : tensor<8x64xf32>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>) -> tensor<?x64xi8> {
  // expected-error@+1 {{'fanfold.cast' op y element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xi8>
  return %y : tensor<?x64xi8>
}

// -----

func.func @operand_dtype(%x: tensor<?x64xf64>) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.cast' op x element type: expected bf16, f16 or f32, found f64}}
  %y = "fanfold.cast"(%x) : (tensor<?x64xf64>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @no_operands() -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.cast' op operands: expected 1 (x), found 0}}
  %y = "fanfold.cast"() : () -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// -----

func.func @no_results(%x: tensor<?x64xbf16>) {
  // expected-error@+1 {{'fanfold.cast' op results: expected 1 (y), found 0}}
  "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> ()
  return
}

// -----

func.func @no_tensor(%x: f32) -> tensor<?x64xbf16> {
  // expected-error@+1 {{'fanfold.cast' op x: expected a ranked tensor, found f32}}
  %y = "fanfold.cast"(%x) : (f32) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}
