// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/cpu/tables.h"

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/operations.h"
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

DType keeps_floats(DType /*weight*/) { return DType::kF32; }

template <const Isa& kIsa>
constexpr Table table_of(const char* name) {
  return {
      .name = name,
      .operand = keeps_floats,
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

// The same for what has narrow factors.
template <auto kOperation, const narrow::Set& kSet>
struct NarrowBound;
template <typename Result, typename... Args, Result (*kOperation)(const narrow::Set&, Args...),
          const narrow::Set& kSet>
struct NarrowBound<kOperation, kSet> {
  static Result call(Args... args) { return kOperation(kSet, args...); }
};

template <const narrow::Set& kSet>
constexpr Table narrow_table(const char* name) {
  Table table = table_of<avx512bf16::kIsa>(name);
  table.operand = NarrowBound<narrow::operand, kSet>::call;
  table.linear = NarrowBound<narrow::linear, kSet>::call;
  table.conv2d = NarrowBound<narrow::conv2d, kSet>::call;
  table.layer_norm = NarrowBound<narrow::layer_norm, kSet>::call;
  table.rms_norm = NarrowBound<narrow::rms_norm, kSet>::call;
  table.attention = NarrowBound<narrow::attention, kSet>::call;
  return table;
}

constexpr narrow::Set kPairs{avx512bf16::kIsa, avx512bf16::kNarrow, false};
constexpr narrow::Set kBytes{avx512bf16::kIsa, avx512bf16::kNarrow, true};

}  // namespace

const Table& avx2_table() {
  static constexpr Table kTable = table_of<avx2::kIsa>("avx2");
  return kTable;
}

const Table& avx512_table() {
  static constexpr Table kTable = table_of<avx512::kIsa>("avx512");
  return kTable;
}

const Table& avx512bf16_table() {
  static constexpr Table kTable = narrow_table<kPairs>("avx512bf16");
  return kTable;
}

const Table& avx512vnni_table() {
  static constexpr Table kTable = narrow_table<kBytes>("avx512vnni");
  return kTable;
}

}  // namespace lectio::kernels::cpu
