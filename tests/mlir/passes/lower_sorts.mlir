// RUN: fanfold-opt %s --pass lower-sorts | filecheck %s

// CHECK: #[[ONE:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK: #[[OTHER:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>

// Every element is compared with every other, as integers; then every place looks for its rank.
// CHECK-LABEL: func.func @topk(
// CHECK-SAME: %[[X:.*]]: !torch.vtensor<[?,8],f32>
// CHECK: %[[B:.*]] = torch_c.to_builtin_tensor %[[X]]
// CHECK: %[[RANKS:.*]] = linalg.generic {indexing_maps = [#[[ONE]], #[[OTHER]], #[[ONE]]], {{.*}} ins(%[[B]], %[[B]] :
// CHECK-COUNT-2: arith.bitcast
// CHECK: arith.cmpi sgt
// CHECK: } -> tensor<?x8xi32>
// CHECK: %[[PLACES:.*]] = linalg.generic {indexing_maps = [#[[OTHER]], #[[ONE]]], {{.*}} ins(%[[RANKS]] :
// CHECK: } -> tensor<?x3xi64>
// CHECK: %[[INDICES:.*]] = torch_c.from_builtin_tensor %[[PLACES]]
// CHECK: %[[VALUES:.*]] = torch.aten.gather %[[X]], {{.*}}, %[[INDICES]], {{.*}} -> !torch.vtensor<[?,3],f32>
// CHECK-NOT: torch.aten.topk
// CHECK: return %[[VALUES]], %[[INDICES]]
func.func @topk(%x: !torch.vtensor<[?,8],f32>) -> (!torch.vtensor<[?,3],f32>, !torch.vtensor<[?,3],si64>) {
  %int3 = torch.constant.int 3
  %dim = torch.constant.int -1
  %true = torch.constant.bool true
  %values, %indices = torch.aten.topk %x, %int3, %dim, %true, %true : !torch.vtensor<[?,8],f32>, !torch.int, !torch.int, !torch.bool, !torch.bool -> !torch.vtensor<[?,3],f32>, !torch.vtensor<[?,3],si64>
  return %values, %indices : !torch.vtensor<[?,3],f32>, !torch.vtensor<[?,3],si64>
}

// The smallest are first, integers are what they are, and values that nobody reads are not gathered.
// CHECK-LABEL: func.func @sort(
// CHECK-NOT: bitcast
// CHECK: arith.cmpi slt, %{{.*}} : i16
// CHECK-NOT: torch.aten.gather
// CHECK: return
func.func @sort(%x: !torch.vtensor<[4,?],si16>) -> !torch.vtensor<[4,?],si64> {
  %int0 = torch.constant.int 0
  %false = torch.constant.bool false
  %values, %indices = torch.aten.sort %x, %int0, %false : !torch.vtensor<[4,?],si16>, !torch.int, !torch.bool -> !torch.vtensor<[4,?],si16>, !torch.vtensor<[4,?],si64>
  return %indices : !torch.vtensor<[4,?],si64>
}

// The number of places may be known when the program runs.
// CHECK-LABEL: func.func @some(
// CHECK: %[[K:.*]] = torch_c.to_i64 %{{.*}}
// CHECK: %[[SIZE:.*]] = arith.index_cast %[[K]] : i64 to index
// CHECK: tensor.empty(%[[SIZE]]) : tensor<?xi64>
// CHECK: return
func.func @some(%x: !torch.vtensor<[9],bf16>, %k: !torch.int) -> !torch.vtensor<[?],si64> {
  %int0 = torch.constant.int 0
  %true = torch.constant.bool true
  %values, %indices = torch.aten.topk %x, %k, %int0, %true, %true : !torch.vtensor<[9],bf16>, !torch.int, !torch.int, !torch.bool, !torch.bool -> !torch.vtensor<[?],bf16>, !torch.vtensor<[?],si64>
  return %indices : !torch.vtensor<[?],si64>
}
