// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class Attention : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, Attention, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Attention);

// A call with the memory that it looks at: q, k and v are parts of wider rows, as in a fused qkv.
struct Call {
  AttentionArgs args;
  Tensor rows;
  Tensor keys;
  Tensor rel_h;
  Tensor rel_w;
  Tensor pads;  // k, then v

  std::int64_t out_elements() const {
    return args.batch * args.queries * args.heads * args.head_dim;
  }
  std::string name() const {
    return std::to_string(args.batch) + " x " + std::to_string(args.queries) + " queries, " +
           std::to_string(args.keys) + " keys, " + std::to_string(args.heads) + "/" +
           std::to_string(args.kv_heads) + " heads of " + std::to_string(args.head_dim) +
           ", side " + std::to_string(args.side) + ", grid " + std::to_string(args.grid) + ", " +
           dtype_name(args.dtype);
  }
};

Call make_call(Random& random, AttentionArgs args) {
  Call call;
  const std::int64_t q_width = args.heads * args.head_dim + 3;
  const std::int64_t kv_width = args.kv_heads * args.head_dim;
  call.rows = random_tensor({args.batch * args.queries, q_width}, random, -2, 2);
  call.keys = random_tensor({args.batch * args.keys, 2 * kv_width + 1}, random, -2, 2);
  args.q = call.rows.f32();
  args.q_stride = q_width;
  args.k = call.keys.f32();
  args.v = call.keys.f32() + kv_width;
  args.k_stride = args.v_stride = 2 * kv_width + 1;
  args.scale = 1.0F / std::sqrt(static_cast<float>(args.head_dim));
  if (args.side > 0) {
    call.rel_h = random_tensor({2 * args.side - 1, args.head_dim}, random);
    call.rel_w = random_tensor({2 * args.side - 1, args.head_dim}, random);
    args.rel_h = call.rel_h.f32();
    args.rel_w = call.rel_w.f32();
  }
  if (args.grid > 0) {
    call.pads = random_tensor({2, kv_width}, random, -2, 2);
    args.pad_k = call.pads.f32();
    args.pad_v = call.pads.f32() + kv_width;
  }
  call.args = args;
  return call;
}

// The same call in BF16, tables and padding rounded too, so that every factor is exact.
Call in_bf16(Call call) {
  call.rows = rounded(call.rows.view());
  call.keys = rounded(call.keys.view());
  for (Tensor* const tensor : {&call.rel_h, &call.rel_w, &call.pads}) {
    if (tensor->view().empty()) continue;
    for (float& x : tensor->floats()) x = round_to_bf16(x);
  }
  const std::int64_t kv_width = call.args.kv_heads * call.args.head_dim;
  const auto* const keys = static_cast<const std::uint16_t*>(call.keys.view().data);
  call.args.q = call.rows.view().data;
  call.args.k = keys;
  call.args.v = keys + kv_width;
  call.args.dtype = DType::kBF16;
  return call;
}

// The largest error of a logit: sums of head_dim products of numbers up to 2 (tables: up to 1). A
// bias is such a sum, and the product may be summed up on top of it.
double logit_error(const AttentionArgs& args) {
  const auto depth = static_cast<double>(args.head_dim);
  const double products = static_cast<double>(args.scale) * depth * 4;
  const double biases = args.side > 0 ? 2 * depth * 2 : 0;
  return kUnit * ((depth + 4) * products + (2 * depth + 4) * biases);
}

// A weight e^(logit - maximum) / sum is off by 2 d relatively when every logit is off by at most d
// (numerator and denominator), by 3 u of e^ itself, and by one rounding a key in the sum and in the
// weighted mean of values up to 2, plus one a block of keys where the maximum moves. In BF16 the
// base of the exponential changes, which rounds each logit twice more; the weight is then off by
// 2^-14 of itself and rounded to BF16, and so may be the result.
testing::AssertionResult agrees(const Table& table, Workbench& bench, const Call& call,
                                DType out = DType::kF32) {
  Tensor got({call.out_elements()}, out);
  Tensor expected({call.out_elements()});
  table.attention(bench.context, call.args, got.view());
  reference().attention(bench.context, call.args, expected.view());
  const auto keys = static_cast<double>(call.args.keys);
  double bound = 2 * (2 * logit_error(call.args) + (2 * keys + 12) * kUnit);
  if (call.args.dtype == DType::kBF16) {
    bound += 2 * (2 * logit_error(call.args) + 0x1.0p-13 + 1.01 * kBF16Unit);
  }
  if (out == DType::kBF16) bound += 2 * kBF16Unit;
  return within(to_floats(got.view()), expected.floats(), [&](std::size_t) { return bound; })
         << call.name();
}

TEST_P(Attention, AgreesWithTheReferenceForEveryCountOfQueriesAndKeys) {
  for (const std::int64_t queries : {1, 2, 3, 5, 6, 7, 17, 60, 61, 130}) {
    for (const std::int64_t keys : {1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 600}) {
      EXPECT_TRUE(agrees(
          table(), bench,
          make_call(
              random,
              {.queries = queries, .keys = keys, .heads = 2, .kv_heads = 2, .head_dim = 16})));
    }
  }
}

TEST_P(Attention, AgreesForEveryWidthOfHeads) {
  for (const std::int64_t head_dim :
       {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 128, 130}) {
    for (const std::int64_t queries : {1, 9}) {
      EXPECT_TRUE(agrees(table(), bench,
                         make_call(random, {.batch = 2,
                                            .queries = queries,
                                            .keys = 37,
                                            .heads = 3,
                                            .kv_heads = 3,
                                            .head_dim = head_dim})));
    }
  }
}

TEST_P(Attention, AgreesUnderTheCausalMask) {
  for (const std::int64_t queries : {1, 4, 7, 70, 300}) {
    for (const std::int64_t past : {0, 1, 16, 300}) {
      EXPECT_TRUE(agrees(table(), bench,
                         make_call(random, {.queries = queries,
                                            .keys = queries + past,
                                            .heads = 2,
                                            .kv_heads = 2,
                                            .head_dim = 32,
                                            .mask = Mask::kCausal})));
    }
  }
}

TEST_P(Attention, AgreesUnderThePrefixMask) {
  for (const std::int64_t rows : {1, 5, 50, 288, 530}) {
    for (const std::int64_t prefix : {std::int64_t{0}, rows / 2, rows}) {
      EXPECT_TRUE(agrees(table(), bench,
                         make_call(random, {.batch = 2,
                                            .queries = rows,
                                            .keys = rows,
                                            .heads = 2,
                                            .kv_heads = 1,
                                            .head_dim = 16,
                                            .mask = Mask::kPrefixCausal,
                                            .prefix = prefix})));
    }
  }
}

TEST_P(Attention, SharesKeyHeadsAmongQueryHeads) {
  for (const std::int64_t queries : {1, 80}) {
    EXPECT_TRUE(agrees(table(), bench,
                       make_call(random, {.batch = 2,
                                          .queries = queries,
                                          .keys = 90,
                                          .heads = 14,
                                          .kv_heads = 2,
                                          .head_dim = 64})));
  }
}

TEST_P(Attention, AddsDecomposedRelativePositions) {
  for (const std::int64_t side : {1, 2, 3, 5, 7, 14, 17, 20, 23}) {
    EXPECT_TRUE(agrees(table(), bench,
                       make_call(random, {.batch = 2,
                                          .queries = side * side,
                                          .keys = side * side,
                                          .heads = 2,
                                          .kv_heads = 2,
                                          .head_dim = side == 14 ? 64 : 20,
                                          .side = side})));
  }
}

TEST_P(Attention, StaysInsideWindows) {
  for (const std::int64_t side : {1, 3, 7, 14, 17}) {
    for (const std::int64_t grid : {side, side + 1, 2 * side, 2 * side + side / 2, side / 2 + 1}) {
      const Call call = make_call(random, {.batch = 2,
                                           .queries = grid * grid,
                                           .keys = grid * grid,
                                           .heads = 4,
                                           .kv_heads = 2,
                                           .head_dim = side == 14 ? 64 : 20,
                                           .side = side,
                                           .grid = grid});
      EXPECT_TRUE(agrees(table(), bench, call));
      if (activation_type(table(), DType::kBF16) == DType::kBF16) {
        EXPECT_TRUE(agrees(table(), bench, in_bf16(call)));
      }
    }
  }
}

// What lies beyond the map counts as zero where nothing else is given.
TEST_P(Attention, PadsWindowsWithZerosUnlessToldOtherwise) {
  Call call = make_call(
      random,
      {.queries = 25, .keys = 25, .heads = 1, .kv_heads = 1, .head_dim = 16, .side = 3, .grid = 5});
  call.args.pad_k = call.args.pad_v = nullptr;
  EXPECT_TRUE(agrees(table(), bench, call));
}

// Rounded numbers belong to the tables that round to them.
class RoundedAttention : public Attention {
 protected:
  void SetUp() override {
    if (activation_type(table(), DType::kBF16) == DType::kF32) GTEST_SKIP() << "rounds nothing";
  }
};
INSTANTIATE_TEST_SUITE_P(Tables, RoundedAttention, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RoundedAttention);

TEST_P(RoundedAttention, AgreesForEveryCountOfQueriesAndKeys) {
  for (const std::int64_t queries : {1, 2, 5, 6, 7, 47, 48, 49, 130}) {
    for (const std::int64_t keys : {1, 2, 15, 16, 17, 63, 64, 65, 255, 256, 257, 600}) {
      EXPECT_TRUE(agrees(
          table(), bench,
          in_bf16(make_call(
              random,
              {.queries = queries, .keys = keys, .heads = 2, .kv_heads = 2, .head_dim = 16}))));
    }
  }
}

TEST_P(RoundedAttention, AgreesForEveryWidthOfHeadsAndGivesRoundedResults) {
  for (const std::int64_t head_dim :
       {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 80, 128, 130}) {
    for (const DType out : {DType::kF32, DType::kBF16}) {
      EXPECT_TRUE(agrees(table(), bench,
                         in_bf16(make_call(random, {.batch = 2,
                                                    .queries = 9,
                                                    .keys = 37,
                                                    .heads = 6,
                                                    .kv_heads = 3,
                                                    .head_dim = head_dim})),
                         out));
    }
  }
}

TEST_P(RoundedAttention, AgreesUnderBothMasks) {
  for (const std::int64_t queries : {1, 7, 70, 300, 530}) {
    for (const std::int64_t past : {0, 1, 16, 300}) {
      EXPECT_TRUE(agrees(table(), bench,
                         in_bf16(make_call(random, {.queries = queries,
                                                    .keys = queries + past,
                                                    .heads = 2,
                                                    .kv_heads = 2,
                                                    .head_dim = 32,
                                                    .mask = Mask::kCausal}))));
    }
    EXPECT_TRUE(agrees(table(), bench,
                       in_bf16(make_call(random, {.batch = 2,
                                                  .queries = queries,
                                                  .keys = queries,
                                                  .heads = 2,
                                                  .kv_heads = 1,
                                                  .head_dim = 16,
                                                  .mask = Mask::kPrefixCausal,
                                                  .prefix = queries / 2}))));
  }
}

TEST_P(RoundedAttention, AddsDecomposedRelativePositions) {
  for (const std::int64_t side : {1, 2, 3, 5, 7, 14, 17, 20, 23, 33}) {
    EXPECT_TRUE(agrees(table(), bench,
                       in_bf16(make_call(random, {.batch = 2,
                                                  .queries = side * side,
                                                  .keys = side * side,
                                                  .heads = 2,
                                                  .kv_heads = 2,
                                                  .head_dim = side == 14 ? 64 : 20,
                                                  .side = side}))));
  }
}

TEST_P(RoundedAttention, GivesTheSameBitsForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  for (const std::int64_t side : {14, 26}) {
    const Call call = in_bf16(make_call(random, {.batch = 3,
                                                 .queries = side * side,
                                                 .keys = side * side,
                                                 .heads = 4,
                                                 .kv_heads = 4,
                                                 .head_dim = 32,
                                                 .side = side}));
    Tensor first({call.out_elements()});
    Tensor second({call.out_elements()});
    table().attention(alone.context, call.args, first.view());
    table().attention(many.context, call.args, second.view());
    EXPECT_TRUE(same_bits(first.floats(), second.floats())) << side;
  }
}

TEST_P(Attention, SurvivesLogitsFarApart) {
  Call call =
      make_call(random, {.queries = 9, .keys = 700, .heads = 1, .kv_heads = 1, .head_dim = 16});
  call.args.scale = 100;  // logits up to 6400: e^ of each alone would overflow
  Tensor got({call.out_elements()});
  table().attention(bench.context, call.args, got.view());
  for (const float x : got.floats()) EXPECT_LE(std::fabs(x), 2.0F);
}

TEST_P(Attention, GivesTheSameBitsForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  for (const std::int64_t side : {14, 26}) {
    const Call call = make_call(random, {.batch = 3,
                                         .queries = side * side,
                                         .keys = side * side,
                                         .heads = 4,
                                         .kv_heads = 4,
                                         .head_dim = 32,
                                         .side = side});
    Tensor first({call.out_elements()});
    Tensor second({call.out_elements()});
    table().attention(alone.context, call.args, first.view());
    table().attention(many.context, call.args, second.view());
    EXPECT_TRUE(same_bits(first.floats(), second.floats())) << side;
  }
}

}  // namespace
}  // namespace lectio::kernels
