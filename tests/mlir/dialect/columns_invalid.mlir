// RUN: fanfold-opt %s --split-input-file --verify-diagnostics

func.func @rank(%x: tensor<2x4x64xbf16>) -> tensor<2x4x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op x rank: expected 2 (rows x width), found 3}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<2x4x64xbf16>) -> tensor<2x4x32xbf16>
  return %y : tensor<2x4x32xbf16>
}

// -----

func.func @result_rank(%x: tensor<?x64xbf16>) -> tensor<32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op y rank: expected 2 (rows x width), found 1}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<32xbf16>
  return %y : tensor<32xbf16>
}

// -----

func.func @dynamic_width(%x: tensor<4x?xbf16>) -> tensor<4x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op x width: expected a static last dim, found tensor<4x?xbf16>}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<4x?xbf16>) -> tensor<4x32xbf16>
  return %y : tensor<4x32xbf16>
}

// -----

func.func @dynamic_result_width(%x: tensor<4x64xbf16>) -> tensor<4x?xbf16> {
  // expected-error@+1 {{'fanfold.columns' op y width: expected a static last dim, found tensor<4x?xbf16>}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<4x64xbf16>) -> tensor<4x?xbf16>
  return %y : tensor<4x?xbf16>
}

// -----

func.func @dtype(%x: tensor<?x64xi8>) -> tensor<?x32xi8> {
  // expected-error@+1 {{'fanfold.columns' op x element type: expected bf16, f16 or f32, found i8}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xi8>) -> tensor<?x32xi8>
  return %y : tensor<?x32xi8>
}

// -----

func.func @result_dtype(%x: tensor<?x64xbf16>) -> tensor<?x32xf32> {
  // expected-error@+1 {{'fanfold.columns' op y element type: expected bf16, found f32}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// -----

func.func @rows(%x: tensor<?x64xbf16>) -> tensor<4x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op y row count: expected ?, found 4}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<4x32xbf16>
  return %y : tensor<4x32xbf16>
}

// -----

func.func @offset_negative(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op offset: expected 0 to 32, found -1}}
  %y = "fanfold.columns"(%x) {offset = -1 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// -----

func.func @offset_beyond(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op offset: expected 0 to 32, found 33}}
  %y = "fanfold.columns"(%x) {offset = 33 : i64} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// -----

func.func @wider_than_x(%x: tensor<?x64xbf16>) -> tensor<?x65xbf16> {
  // expected-error@+1 {{'fanfold.columns' op offset: expected 0 to -1, found 0}}
  %y = "fanfold.columns"(%x) {offset = 0 : i64} : (tensor<?x64xbf16>) -> tensor<?x65xbf16>
  return %y : tensor<?x65xbf16>
}

// -----

func.func @missing_attribute(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op attribute offset: expected an i64 number, found none}}
  %y = "fanfold.columns"(%x) {} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// -----

func.func @offset_of_another_type(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op attribute offset: expected an i64 number, found 0 : i32}}
  %y = "fanfold.columns"(%x) {offset = 0 : i32} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}

// -----

func.func @offset_of_another_kind(%x: tensor<?x64xbf16>) -> tensor<?x32xbf16> {
  // expected-error@+1 {{'fanfold.columns' op attribute offset: expected an i64 number, found true}}
  %y = "fanfold.columns"(%x) {offset = true} : (tensor<?x64xbf16>) -> tensor<?x32xbf16>
  return %y : tensor<?x32xbf16>
}
