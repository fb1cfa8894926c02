// RUN: fanfold-opt %s --pass form-rows | filecheck %s

// A kernel has at most 16 results: what comes after them shares the next one, and says why.
// CHECK-LABEL: func.func @many(
// CHECK: "fanfold.rows"(%{{[^,]*}}) ({
// CHECK: origins = ["c14@m.py:14#14"]
// CHECK: "fanfold.rows"(%{{[^,]*}}) ({
// CHECK: apart = "one kernel has at most 16 operands and 16 results", origins = ["c15@m.py:15#15"]
// CHECK: apart = "one kernel has at most 16 operands and 16 results", origins = ["c16@m.py:16#16"]
// CHECK: origins = ["c17@m.py:17#17"]
// CHECK-NOT: "fanfold.rows"
func.func @many(%x: tensor<?x64xbf16>) -> (tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %n = "fanfold.cast"(%x) : (tensor<?x64xbf16>) -> tensor<?x64xf32>
  %q0 = "fanfold.cast"(%n) {origins = ["c0@m.py:0#0"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q1 = "fanfold.cast"(%n) {origins = ["c1@m.py:1#1"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q2 = "fanfold.cast"(%n) {origins = ["c2@m.py:2#2"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q3 = "fanfold.cast"(%n) {origins = ["c3@m.py:3#3"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q4 = "fanfold.cast"(%n) {origins = ["c4@m.py:4#4"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q5 = "fanfold.cast"(%n) {origins = ["c5@m.py:5#5"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q6 = "fanfold.cast"(%n) {origins = ["c6@m.py:6#6"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q7 = "fanfold.cast"(%n) {origins = ["c7@m.py:7#7"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q8 = "fanfold.cast"(%n) {origins = ["c8@m.py:8#8"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q9 = "fanfold.cast"(%n) {origins = ["c9@m.py:9#9"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q10 = "fanfold.cast"(%n) {origins = ["c10@m.py:10#10"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q11 = "fanfold.cast"(%n) {origins = ["c11@m.py:11#11"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q12 = "fanfold.cast"(%n) {origins = ["c12@m.py:12#12"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q13 = "fanfold.cast"(%n) {origins = ["c13@m.py:13#13"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q14 = "fanfold.cast"(%n) {origins = ["c14@m.py:14#14"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q15 = "fanfold.cast"(%n) {origins = ["c15@m.py:15#15"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q16 = "fanfold.cast"(%n) {origins = ["c16@m.py:16#16"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  %q17 = "fanfold.cast"(%n) {origins = ["c17@m.py:17#17"]} : (tensor<?x64xf32>) -> tensor<?x64xbf16>
  return %q0, %q1, %q2, %q3, %q4, %q5, %q6, %q7, %q8, %q9, %q10, %q11, %q12, %q13, %q14, %q15, %q16, %q17 : tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>, tensor<?x64xbf16>
}
