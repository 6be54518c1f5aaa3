// SPDX-License-Identifier: Apache-2.0
#include "bench/random_network.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "model/spec/official_spec.h"
#include "model/spec/tensor_table.h"
#include "model/weights/format_plan.h"
#include "model/weights/tensor_source.h"

namespace lectio::bench {
namespace {

constexpr float kNormWeight = 1;
constexpr float kQ8Scale = 0.0003F;  // codes up to 128: numbers up to 0.04
constexpr float kQ4Scale = 0.004F;   // codes up to 8

// 64 bits at a time, as fast as memory takes them.
class Bits {
 public:
  explicit Bits(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

 private:
  std::uint64_t state_;
};

void fill_bytes(TensorView view, Bits& bits, std::uint64_t keep, std::uint64_t set) {
  auto* to = static_cast<std::byte*>(view.data);
  for (std::int64_t left = view.bytes(); left > 0; left -= 8, to += 8) {
    const std::uint64_t value = (bits.next() & keep) | set;
    std::memcpy(to, &value, static_cast<std::size_t>(std::min<std::int64_t>(left, 8)));
  }
}

void fill(TensorView view, Bits& bits) {
  // Sign and fraction at random, the exponent of 2^-7.
  constexpr std::uint64_t kBF16 = 0x3C003C003C003C00, kBF16Free = 0x807F807F807F807F;
  constexpr std::uint64_t kF16 = 0x2000200020002000, kF16Free = 0x83FF83FF83FF83FF;
  constexpr std::uint64_t kF32 = 0x3C0000003C000000, kF32Free = 0x807FFFFF807FFFFF;
  switch (view.dtype) {
    case DType::kBF16:
      return fill_bytes(view, bits, kBF16Free, kBF16);
    case DType::kF16:
      return fill_bytes(view, bits, kF16Free, kF16);
    case DType::kF32:
      return fill_bytes(view, bits, kF32Free, kF32);
    default:
      break;
  }
  fill_bytes(view, bits, ~std::uint64_t{0}, 0);
  const std::uint16_t scale = float_to_half(view.dtype == DType::kQ8 ? kQ8Scale : kQ4Scale);
  auto* block = static_cast<std::byte*>(view.data);
  for (std::int64_t left = view.bytes(); left > 0; left -= block_bytes(view.dtype)) {
    std::memcpy(block, &scale, sizeof(scale));
    block += block_bytes(view.dtype);
  }
}

Tensor make(const TensorEntry& entry, DType format, Bits& bits) {
  const Shape shape{std::span<const std::int64_t>(entry.shape)};
  FormatPlan plan = plan_format(shape, format == DType::kQ4 ? DType::kQ8 : format);
  if (format == DType::kQ4 && plan.dtype == DType::kQ8 && plan.shape == shape) {
    plan.dtype = DType::kQ4;
  }
  Tensor tensor(plan.shape, plan.dtype);
  if (shape.rank() == 1 && entry.name.find("norm") != std::string::npos &&
      plan.dtype == DType::kBF16) {
    auto* const numbers = static_cast<std::uint16_t*>(tensor.view().data);
    std::fill_n(numbers, shape.elements(), float_to_bf16(kNormWeight));
  } else {
    fill(tensor.view(), bits);
  }
  return tensor;
}

}  // namespace

Result<Network> random_network(const NetworkSpec& spec, DType format) {
  constexpr DType kFormats[] = {DType::kF32, DType::kBF16, DType::kF16, DType::kQ8, DType::kQ4};
  if (std::ranges::find(kFormats, format) == std::end(kFormats)) {
    return Error(ErrorCode::kInvalidArgument,
                 std::string("random weights: expected F32, BF16, F16, Q8 or Q4_0, found ") +
                     dtype_name(format));
  }
  Bits bits(1);
  std::map<std::string, Tensor> tensors;
  for (const TensorEntry& entry : tensor_table(spec, kOfficialNeckWidth)) {
    if (entry.used) tensors.emplace(entry.name, make(entry, format, bits));
  }
  return Network::of(spec, TensorSource::of("random weights", std::move(tensors)));
}

}  // namespace lectio::bench
