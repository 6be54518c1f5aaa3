// SPDX-License-Identifier: Apache-2.0
// What the kernel tests share: reproducible tensors of any weight format, and comparison under a
// bound for every number, which names the worst one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/splitmix.h"
#include "base/thread_pool.h"
#include "compute/kernels/kernels.h"
#include "compute/tensor/arena.h"
#include "compute/tensor/tensor.h"

namespace lectio::kernels {

// Half the distance from 1 to the next float: what one rounding costs at most, relatively.
inline constexpr double kUnit = 0x1.0p-24;

inline constexpr DType kWeightTypes[] = {DType::kF32, DType::kBF16, DType::kF16,   DType::kQ8,
                                         DType::kQ4,  DType::kQ5,   DType::kQ5Min, DType::kQ4K,
                                         DType::kQ5K, DType::kQ6K};

struct Workbench {
  explicit Workbench(int threads = 2) : pool(threads) {}
  ThreadPool pool;
  Arena scratch;
  Context context{pool, scratch};
};

inline Tensor random_tensor(Shape shape, Random& random, double low = -1, double high = 1) {
  Tensor tensor(shape);
  for (float& x : tensor.floats()) x = static_cast<float>(random.uniform(low, high));
  return tensor;
}

// Where a block's half-precision factors begin, in bytes; -1 for none.
struct BlockFactors {
  std::int64_t scale, minimum;
};
inline BlockFactors factors_of(DType dtype) {
  switch (dtype) {
    case DType::kQ5Min:
    case DType::kQ4K:
    case DType::kQ5K:
      return {0, 2};
    case DType::kQ6K:
      return {208, -1};
    default:
      return {0, -1};
  }
}

// Random bytes are valid codes in every block format; the factors become small halves.
inline void fill_with_blocks(TensorView view, Random& random) {
  auto* block = static_cast<std::byte*>(view.data);
  const std::int64_t size = block_bytes(view.dtype);
  const BlockFactors factors = factors_of(view.dtype);
  for (std::int64_t left = view.bytes(); left > 0; left -= size, block += size) {
    for (std::int64_t i = 0; i < size; ++i) {
      block[i] = static_cast<std::byte>(random.between(0, 255));
    }
    for (const std::int64_t at : {factors.scale, factors.minimum}) {
      if (at < 0) continue;
      const std::uint16_t factor = float_to_half(static_cast<float>(random.uniform(0.001, 0.02)));
      std::memcpy(block + at, &factor, 2);
    }
  }
}

// Random weights of a format. The last extent is a whole number of blocks.
inline Tensor random_weights(Shape shape, DType dtype, Random& random) {
  if (dtype == DType::kF32) return random_tensor(shape, random);
  Tensor tensor(shape, dtype);
  if (is_block_format(dtype)) {
    fill_with_blocks(tensor.view(), random);
    return tensor;
  }
  auto* bytes = static_cast<std::byte*>(tensor.view().data);
  const std::int64_t numbers = shape.elements();
  for (std::int64_t i = 0; i < numbers; ++i, bytes += 2) {
    const auto value = static_cast<float>(random.uniform(-1, 1));
    const std::uint16_t bits = dtype == DType::kBF16 ? float_to_bf16(value) : float_to_half(value);
    std::memcpy(bytes, &bits, 2);
  }
  return tensor;
}

// A length that is at least `length` and whole blocks of the format.
inline std::int64_t whole_blocks(std::int64_t length, DType dtype) {
  const std::int64_t block = block_length(dtype);
  return (length + block - 1) / block * block;
}

// |x| as F32, of any weight format: what a product's error is measured by.
inline Tensor magnitudes(TensorView view) {
  Tensor tensor(view.shape);
  const std::vector<float> values = to_floats(view);
  for (std::size_t i = 0; i < values.size(); ++i) tensor.floats()[i] = std::fabs(values[i]);
  return tensor;
}

// What rounding every number of a row of x to 16 bits, within max |x| / 65534, may change of x *
// weight^T: zero for weights that are floats, whose rows are not rounded.
inline Tensor rounding_bound(Workbench& bench, TensorView x, TensorView weight) {
  Tensor bound({x.rows(), weight.rows()});
  if (!is_block_format(weight.dtype)) return bound;
  Tensor steps(x.shape);
  for (std::int64_t row = 0; row < x.rows(); ++row) {
    float largest = 0;
    for (const float number : x.row_range(row, 1).floats()) {
      largest = std::max(largest, std::fabs(number));
    }
    for (float& step : steps.view().row_range(row, 1).floats()) step = largest / 65534;
  }
  reference().linear(bench.context, steps.view(), magnitudes(weight).view(), {}, Activation::kNone,
                     bound.view());
  return bound;
}

// Half the distance from 1 to the next BF16 number.
inline constexpr double kBF16Unit = 0x1.0p-8;

// The same numbers, rounded to BF16.
inline Tensor rounded(TensorView view) {
  Tensor tensor(view.shape, DType::kBF16);
  const std::vector<float> values = to_floats(view);
  auto* const to = static_cast<std::uint16_t*>(tensor.view().data);
  for (std::size_t i = 0; i < values.size(); ++i) to[i] = float_to_bf16(values[i]);
  return tensor;
}

// got[i] within bound(i) of expected[i]; NaN never is. Names the element that exceeds its bound
// most.
template <typename Bound>
testing::AssertionResult within(std::span<const float> got, std::span<const float> expected,
                                Bound bound) {
  if (got.size() != expected.size()) return testing::AssertionFailure() << "sizes differ";
  double worst = 1;
  std::size_t at = got.size();
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::fabs(static_cast<double>(got[i]) - static_cast<double>(expected[i]));
    const double excess = std::isnan(error) ? HUGE_VAL : error / (bound(i) + 1e-37);
    if (excess > worst) {
      worst = excess;
      at = i;
    }
  }
  if (at == got.size()) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "element " << at << " of " << got.size() << ": got " << got[at] << ", expected "
         << expected[at] << " within " << bound(at) << " (" << worst << " times the bound)";
}

inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Every table that this machine can run but the reference.
class EveryTable : public testing::TestWithParam<std::string_view> {
 protected:
  const Table& table() const { return *by_name(GetParam()); }
  Workbench bench;
  Random random{20240607};
};

inline std::vector<std::string_view> fast_tables() {
  std::vector<std::string_view> names = available();
  std::erase(names, "reference");
  return names;
}

inline std::string table_name(const testing::TestParamInfo<std::string_view>& info) {
  return std::string(info.param);
}

}  // namespace lectio::kernels
