// SPDX-License-Identifier: Apache-2.0
#include "model/vision/sam_vit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/layers/testing.h"
#include "model/vision/position_tables.h"

namespace lectio {
namespace {

using lectio::testing::Bench;
using lectio::testing::random_tensor;
using lectio::testing::WeightStore;

constexpr std::int64_t kWidth = 8;
constexpr std::int64_t kHeads = 2;

SamSpec small_spec() {
  SamSpec spec;
  spec.width = kWidth;
  spec.layers = 1;
  spec.heads = kHeads;
  spec.window = 2;
  spec.table_side = 5;
  spec.mlp_ratio = 2;
  return spec;
}

SamBlock random_block(WeightStore& store, const SamSpec& spec, bool global) {
  const std::int64_t rows = 2 * (global ? spec.table_side : spec.window) - 1;
  return {.global = global,
          .norm1 = store.layer_norm(kWidth),
          .qkv = store.linear(3 * kWidth, kWidth),
          .projection = store.linear(kWidth, kWidth),
          .rel_h = random_tensor(store.random(), {rows, spec.head_dim()}),
          .rel_w = random_tensor(store.random(), {rows, spec.head_dim()}),
          .norm2 = store.layer_norm(kWidth),
          .lin1 = store.linear(spec.mlp_ratio * kWidth, kWidth),
          .lin2 = store.linear(kWidth, spec.mlp_ratio * kWidth)};
}

std::vector<double> affine(const Linear& w, const std::vector<double>& x) {
  std::vector<double> y;
  for (std::int64_t o = 0; o < w.weight.shape[0]; ++o) {
    double sum = static_cast<double>(w.bias.f32()[o]);
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += x[i] *
             static_cast<double>(w.weight.f32()[o * std::ssize(x) + static_cast<std::int64_t>(i)]);
    }
    y.push_back(sum);
  }
  return y;
}

std::vector<double> normed(const LayerNorm& w, const float* x) {
  double mean = 0;
  for (std::int64_t i = 0; i < kWidth; ++i) mean += static_cast<double>(x[i]) / kWidth;
  double variance = 0;
  for (std::int64_t i = 0; i < kWidth; ++i)
    variance += std::pow(static_cast<double>(x[i]) - mean, 2) / kWidth;
  std::vector<double> y;
  for (std::int64_t i = 0; i < kWidth; ++i) {
    y.push_back((static_cast<double>(x[i]) - mean) / std::sqrt(variance + 1e-6) *
                    static_cast<double>(w.weight.f32()[i]) +
                static_cast<double>(w.bias.f32()[i]));
  }
  return y;
}

// One block on one grid as the text of spec 3.1 says it, a patch and a key at a time. `side` is
// that of a window.
class PlainBlock {
 public:
  PlainBlock(const SamBlock& w, const SamSpec& spec, std::int64_t side, std::int64_t grid,
             const Tensor& x)
      : w_(w),
        spec_(spec),
        side_(side),
        grid_(grid),
        x_(x),
        rel_h_(resize_line(w.rel_h.view(), 2 * side - 1)),
        rel_w_(resize_line(w.rel_w.view(), 2 * side - 1)) {}

  std::vector<double> patch(std::int64_t y, std::int64_t x) const {
    const std::vector<double> attended = affine(w_.projection, mixed(y, x));
    std::vector<float> residual;
    for (std::int64_t i = 0; i < kWidth; ++i) {
      residual.push_back(
          static_cast<float>(static_cast<double>(x_.f32()[(y * grid_ + x) * kWidth + i]) +
                             attended[static_cast<std::size_t>(i)]));
    }
    std::vector<double> hidden = affine(w_.lin1, normed(w_.norm2, residual.data()));
    for (double& h : hidden) h *= 0.5 * std::erfc(-h / std::sqrt(2.0));
    std::vector<double> out = affine(w_.lin2, hidden);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += static_cast<double>(residual[i]);
    return out;
  }

 private:
  // q, k and v of a place; beyond the edge the input is zero.
  std::vector<double> qkv(std::int64_t y, std::int64_t x) const {
    if (y >= grid_ || x >= grid_) return affine(w_.qkv, std::vector<double>(kWidth, 0.0));
    return affine(w_.qkv, normed(w_.norm1, x_.f32() + (y * grid_ + x) * kWidth));
  }

  double dot_table(const Tensor& table, std::int64_t row, const double* q) const {
    double sum = 0;
    for (std::int64_t d = 0; d < spec_.head_dim(); ++d) {
      sum += q[d] * static_cast<double>(table.f32()[row * spec_.head_dim() + d]);
    }
    return sum;
  }

  std::vector<double> mixed(std::int64_t y, std::int64_t x) const {
    const std::int64_t dim = spec_.head_dim();
    const std::int64_t top = y / side_ * side_;
    const std::int64_t left = x / side_ * side_;
    const std::vector<double> query = qkv(y, x);
    std::vector<double> out(kWidth, 0.0);
    for (std::int64_t head = 0; head < kHeads; ++head) {
      double total = 0;
      std::vector<double> sum(static_cast<std::size_t>(dim), 0.0);
      for (std::int64_t ky = top; ky < top + side_; ++ky) {
        for (std::int64_t kx = left; kx < left + side_; ++kx) {
          const std::vector<double> key = qkv(ky, kx);
          const double* const q = query.data() + head * dim;
          double logit = 0;
          for (std::int64_t d = 0; d < dim; ++d) {
            logit += q[d] * key[static_cast<std::size_t>(kWidth + head * dim + d)] /
                     std::sqrt(static_cast<double>(dim));
          }
          logit +=
              dot_table(rel_h_, y - ky + side_ - 1, q) + dot_table(rel_w_, x - kx + side_ - 1, q);
          const double weight = std::exp(logit);
          total += weight;
          for (std::int64_t d = 0; d < dim; ++d) {
            sum[static_cast<std::size_t>(d)] +=
                weight * key[static_cast<std::size_t>(2 * kWidth + head * dim + d)];
          }
        }
      }
      for (std::int64_t d = 0; d < dim; ++d) {
        out[static_cast<std::size_t>(head * dim + d)] = sum[static_cast<std::size_t>(d)] / total;
      }
    }
    return out;
  }

  const SamBlock& w_;
  const SamSpec& spec_;
  std::int64_t side_;
  std::int64_t grid_;
  const Tensor& x_;
  Tensor rel_h_, rel_w_;
};

void expect_plain(const SamBlock& block, const SamSpec& spec, std::int64_t side,
                  std::int64_t grid) {
  Random random(7);
  const Tensor x = random_tensor(random, {grid * grid, kWidth});
  Tensor y({grid * grid, kWidth});
  std::ranges::copy(x.floats(), y.f32());
  Bench bench;
  forward(block, spec, bench.run(), {1, grid}, y.view());
  const PlainBlock plain(block, spec, side, grid, x);
  for (std::int64_t row = 0; row < grid * grid; ++row) {
    const std::vector<double> expected = plain.patch(row / grid, row % grid);
    for (std::int64_t i = 0; i < kWidth; ++i) {
      // A handful of F32 roundings of numbers below about 10.
      EXPECT_NEAR(static_cast<double>(y.f32()[row * kWidth + i]),
                  expected[static_cast<std::size_t>(i)], 2e-5)
          << "patch " << row << " channel " << i;
    }
  }
}

TEST(SamBlock, AttendsInsideWindowsWhoseZerosBeyondTheEdgeAreKeys) {
  WeightStore store(1);
  const SamSpec spec = small_spec();
  expect_plain(random_block(store, spec, false), spec, spec.window, 3);
}

TEST(SamBlock, AttendsOverTheWholeGridInGlobalBlocks) {
  WeightStore store(2);
  const SamSpec spec = small_spec();
  expect_plain(random_block(store, spec, true), spec, 5, 5);
}

TEST(SamBlock, InterpolatesTheRelativeTablesOfGlobalBlocksOnOtherGrids) {
  WeightStore store(3);
  const SamSpec spec = small_spec();
  expect_plain(random_block(store, spec, true), spec, 3, 3);
}

TEST(SamBlock, TreatsGridsOfABatchAlone) {
  WeightStore store(4);
  const SamSpec spec = small_spec();
  Bench bench;
  for (const bool global : {false, true}) {
    const SamBlock block = random_block(store, spec, global);
    const Tensor both = random_tensor(store.random(), {2 * 9, kWidth});
    Tensor second({9, kWidth});
    std::ranges::copy(both.view().row_range(9, 9).floats(), second.f32());
    forward(block, spec, bench.run(), {2, 3}, both.view());
    forward(block, spec, bench.run(), {1, 3}, second.view());
    EXPECT_TRUE(std::ranges::equal(second.floats(), both.view().row_range(9, 9).floats()));
  }
}

}  // namespace
}  // namespace lectio
