// SPDX-License-Identifier: Apache-2.0
#include "model/language/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/layers/testing.h"

namespace lectio {
namespace {

using lectio::testing::Bench;
using lectio::testing::random_tensor;
using lectio::testing::WeightStore;

constexpr std::int64_t kWidth = 8;

// One dense and one routed layer, on every backend of this machine.
class DecoderTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  DecoderTest() : bench_(*kernels::by_name(GetParam())) {
    spec_.vocabulary = 11;
    spec_.width = kWidth;
    spec_.layers = 2;
    spec_.heads = 2;
    spec_.dense_hidden = 12;
    spec_.dense_layers = 1;
    spec_.experts = 4;
    spec_.experts_per_token = 2;
    spec_.expert_hidden = 6;
    spec_.shared_experts = 1;
    decoder_.embeddings = store_.matrix(11, kWidth);
    decoder_.head = store_.matrix(11, kWidth);
    decoder_.norm = store_.rms_norm(kWidth);
    decoder_.layers.push_back(random_layer(store_.gated_mlp(kWidth, 12)));
    MixtureOfExperts moe{
        random_tensor(store_.random(), {4, kWidth}, 0, 0.5), {}, store_.gated_mlp(kWidth, 6)};
    for (int i = 0; i < 4; ++i) moe.experts.push_back(store_.gated_mlp(kWidth, 6));
    decoder_.layers.push_back(random_layer(std::move(moe)));
    rows_ = random_tensor(store_.random(), {6, kWidth});
  }

  DecoderLayer random_layer(std::variant<GatedMlp, MixtureOfExperts> feed_forward) {
    Attention attention{store_.linear(kWidth, kWidth, false), store_.linear(kWidth, kWidth, false),
                        store_.linear(kWidth, kWidth, false), store_.linear(kWidth, kWidth, false)};
    return {store_.rms_norm(kWidth), std::move(attention), store_.rms_norm(kWidth),
            std::move(feed_forward)};
  }

  // Logits of the last `count` of rows [begin, end).
  Tensor decode(KvCache& cache, std::int64_t begin, std::int64_t end, std::int64_t count) {
    Tensor logits({count, spec_.vocabulary});
    forward(decoder_, spec_, bench_.run(), rows_.view().row_range(begin, end - begin), cache,
            logits.view());
    return logits;
  }

  static void expect_close(TensorView got, TensorView expected) {
    ASSERT_EQ(got.shape, expected.shape);
    for (std::size_t i = 0; i < got.floats().size(); ++i) {
      EXPECT_NEAR(got.floats()[i], expected.floats()[i], 2e-5F) << "number " << i;
    }
  }

  DecoderSpec spec_;
  WeightStore store_{10};
  Decoder decoder_;
  Tensor rows_;
  Bench bench_;
};

TEST_P(DecoderTest, GivesTheSameRowByRowAsAllAtOnce) {
  KvCache whole(spec_, 6);
  const Tensor expected = decode(whole, 0, 6, 6);
  KvCache grown(spec_, 6);
  for (std::int64_t row = 0; row < 6; ++row) {
    expect_close(decode(grown, row, row + 1, 1).view(), expected.view().row_range(row, 1));
  }
  EXPECT_EQ(grown.length(), 6);
}

TEST_P(DecoderTest, GivesTheSameInUnequalParts) {
  KvCache whole(spec_, 6);
  const Tensor expected = decode(whole, 0, 6, 3);
  KvCache parts(spec_, 6);
  decode(parts, 0, 2, 1);
  expect_close(decode(parts, 2, 6, 3).view(), expected.view());
}

TEST_P(DecoderTest, ForgetsWhatTheCacheIsToldToForget) {
  KvCache cache(spec_, 6);
  decode(cache, 0, 3, 1);
  const Tensor expected = decode(cache, 3, 4, 1);
  cache.truncate(3);
  decode(cache, 4, 6, 1);
  cache.truncate(3);
  expect_close(decode(cache, 3, 4, 1).view(), expected.view());
}

TEST_P(DecoderTest, SeesNoLaterRow) {
  KvCache first(spec_, 6);
  const Tensor before = decode(first, 0, 6, 6);
  rows_.f32()[5 * kWidth] += 1.0F;
  KvCache second(spec_, 6);
  const Tensor after = decode(second, 0, 6, 6);
  expect_close(after.view().row_range(0, 5), before.view().row_range(0, 5));
  EXPECT_FALSE(std::ranges::equal(after.view().row_range(5, 1).floats(),
                                  before.view().row_range(5, 1).floats()));
}

TEST_P(DecoderTest, RefusesMoreRowsThanTheCacheHolds) {
  KvCache cache(spec_, 4);
  EXPECT_THROW(decode(cache, 0, 6, 1), InvariantError);
}

// Sequences of different lengths, some of which leave on the way.
TEST_P(DecoderTest, StepsEverySequenceToTheSameBitsAsAlone) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kI8}) {
    std::vector<KvCache> alone, together;
    for (std::int64_t i = 0; i < 3; ++i) {
      for (auto* caches : {&alone, &together}) {
        caches->emplace_back(spec_, 6, dtype);
        decode(caches->back(), i, i + 1 + i % 2, 1);
      }
    }
    for (std::int64_t count = 3; count > 0; --count) {
      std::vector<KvCache*> members;
      for (std::int64_t i = 0; i < count; ++i) {
        members.push_back(&together[static_cast<std::size_t>(i)]);
      }
      const TensorView rows = rows_.view().row_range(count, count);
      Tensor logits({count, spec_.vocabulary});
      step(decoder_, spec_, bench_.run(), rows, members, logits.view());
      for (std::int64_t i = 0; i < count; ++i) {
        const Tensor expected =
            decode(alone[static_cast<std::size_t>(i)], count + i, count + i + 1, 1);
        EXPECT_TRUE(std::ranges::equal(logits.view().row_range(i, 1).floats(), expected.floats()))
            << dtype_name(dtype) << ", " << i << " of " << count;
      }
    }
  }
}

// Half a thousandth of a key or value changes little.
TEST_P(DecoderTest, GivesNearlyTheSameWithACacheOfHalfTheSize) {
  KvCache full(spec_, 6, DType::kF32);
  KvCache half(spec_, 6, DType::kF16);
  EXPECT_EQ(2 * half.bytes(), full.bytes());
  const Tensor expected = decode(full, 0, 6, 6);
  const Tensor got = decode(half, 0, 6, 6);
  EXPECT_FALSE(std::ranges::equal(got.floats(), expected.floats()));
  for (std::size_t i = 0; i < got.floats().size(); ++i) {
    EXPECT_NEAR(got.floats()[i], expected.floats()[i], 0x1.0p-8F) << i;
  }
}

TEST_P(DecoderTest, GoesOnInALargerCache) {
  for (const DType dtype : {DType::kF16, DType::kI8}) {
    KvCache small(spec_, 3, dtype);
    decode(small, 0, 3, 1);
    KvCache large(spec_, 6, dtype);
    large.take_over(small);
    const Tensor got = decode(large, 3, 4, 1);
    KvCache whole(spec_, 6, dtype);
    decode(whole, 0, 3, 1);
    const Tensor expected = decode(whole, 3, 4, 1);
    EXPECT_TRUE(std::ranges::equal(got.floats(), expected.floats())) << dtype_name(dtype);
    EXPECT_THROW(small.take_over(large), InvariantError);
  }
}

TEST_P(DecoderTest, HoldsAByteANumberAndAFloatAHeadInACacheOfCodes) {
  const KvCache codes(spec_, 6, DType::kI8);
  EXPECT_EQ(codes.bytes(), 6 * spec_.layers * 2 * (spec_.width + 4 * spec_.heads));
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kI8}) {
    EXPECT_EQ(KvCache(spec_, 6, dtype).bytes(), 6 * KvCache::position_bytes(spec_, dtype));
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, DecoderTest, ::testing::ValuesIn(kernels::available()),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace lectio
