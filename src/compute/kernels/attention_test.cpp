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

  std::int64_t out_elements() const {
    return args.batch * args.queries * args.heads * args.head_dim;
  }
  std::string name() const {
    return std::to_string(args.batch) + " x " + std::to_string(args.queries) + " queries, " +
           std::to_string(args.keys) + " keys, " + std::to_string(args.heads) + "/" +
           std::to_string(args.kv_heads) + " heads of " + std::to_string(args.head_dim) +
           ", side " + std::to_string(args.side);
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
  call.args = args;
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
// weighted mean of values up to 2, plus one a block of keys where the maximum moves.
testing::AssertionResult agrees(const Table& table, Workbench& bench, const Call& call) {
  Tensor got({call.out_elements()});
  Tensor expected({call.out_elements()});
  table.attention(bench.context, call.args, got.view());
  reference().attention(bench.context, call.args, expected.view());
  const auto keys = static_cast<double>(call.args.keys);
  const double bound = 2 * (2 * logit_error(call.args) + (2 * keys + 12) * kUnit);
  return within(got.floats(), expected.floats(), [&](std::size_t) { return bound; }) << call.name();
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
