// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/cpu/tables.h"

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/operations.h"

namespace lectio::kernels::cpu {
namespace {

// An operation with its instruction set filled in: what a table points at.
template <auto kOperation, const Isa& kIsa>
struct Bound;
template <typename... Args, void (*kOperation)(const Isa&, Args...), const Isa& kIsa>
struct Bound<kOperation, kIsa> {
  static void call(Args... args) { kOperation(kIsa, args...); }
};

template <const Isa& kIsa>
constexpr Table table_of(const char* name) {
  return {
      .name = name,
      .linear = Bound<linear, kIsa>::call,
      .linear_group = Bound<linear_group, kIsa>::call,
      .conv2d = Bound<conv2d, kIsa>::call,
      .layer_norm = Bound<layer_norm, kIsa>::call,
      .rms_norm = Bound<rms_norm, kIsa>::call,
      .attention = Bound<attention, kIsa>::call,
      .attend_cached = Bound<attend_cached, kIsa>::call,
      .store_cached = Bound<store_cached, kIsa>::call,
      .load_cached = Bound<load_cached, kIsa>::call,
      .rope = Bound<rope, kIsa>::call,
      .silu_mul = Bound<silu_mul, kIsa>::call,
      .add = Bound<add, kIsa>::call,
      .gather_rows = Bound<gather_rows, kIsa>::call,
      .softmax = Bound<softmax, kIsa>::call,
  };
}

}  // namespace

const Table& avx2_table() {
  static constexpr Table kTable = table_of<avx2::kIsa>("avx2");
  return kTable;
}

const Table& avx512_table() {
  static constexpr Table kTable = table_of<avx512::kIsa>("avx512");
  return kTable;
}

}  // namespace lectio::kernels::cpu
