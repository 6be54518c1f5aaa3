// SPDX-License-Identifier: Apache-2.0
#include "model/vision/position_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/weights/tensor_source.h"

namespace lectio {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

// The golden tables come from F32 arithmetic; what they differ from exact arithmetic was measured
// at 8.7e-6.
constexpr double kTolerance = 2e-5;

TensorView golden(const TensorSource& source, const std::string& name) {
  const StoredTensor* const stored = source.find(name);
  if (stored == nullptr) throw std::runtime_error("no golden tensor " + name);
  return stored->view;
}

TensorSource open_goldens() {
  auto source = TensorSource::open(LECTIO_SOURCE_DIR "/tests/golden/interp.safetensors");
  if (!source) throw std::runtime_error(source.error().message());
  return *std::move(source);
}

void expect_near(TensorView got, TensorView expected, const std::string& name) {
  ASSERT_EQ(got.shape.elements(), expected.shape.elements()) << name;
  double worst = 0;
  for (std::size_t i = 0; i < got.floats().size(); ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(got.floats()[i]) -
                                     static_cast<double>(expected.floats()[i])));
  }
  EXPECT_LE(worst, kTolerance) << name;
}

TEST(CubicTaps, DropTapsBeyondTheEdgeAndRenormaliseTheRest) {
  const auto near = [](double value) { return DoubleNear(value, 1e-6); };
  const ResizeTaps shrunk = cubic_taps(0, 16, 10);
  EXPECT_EQ(shrunk.first, 0);
  EXPECT_THAT(shrunk.weights,
              ElementsAre(near(0.611381), near(0.429092), near(-0.018213), near(-0.022260)));
  EXPECT_THAT(cubic_taps(0, 16, 8).weights,
              ElementsAre(near(0.464435), near(0.464435), near(0.121339), near(-0.037657),
                          near(-0.012552)));
  EXPECT_THAT(cubic_taps(0, 16, 20).weights, ElementsAre(near(1.043269), near(-0.043269)));
}

// The weight of every one of 16 places; whether a tap of weight zero is listed does not matter.
std::vector<double> spread_out(const ResizeTaps& taps) {
  std::vector<double> line(16, 0.0);
  std::ranges::copy(taps.weights, line.begin() + taps.first);
  return line;
}

TEST(CubicTaps, AreSymmetricAtBothEnds) {
  for (const std::int64_t length : {8, 10, 12, 16, 20}) {
    const std::vector<double> first = spread_out(cubic_taps(0, 16, length));
    const std::vector<double> last = spread_out(cubic_taps(length - 1, 16, length));
    for (std::size_t i = 0; i < 16; ++i) EXPECT_NEAR(first[i], last[15 - i], 1e-12) << length;
  }
}

TEST(ResizeGrid, ReproducesTheSamTableAtEverySize) {
  const TensorSource source = open_goldens();
  const TensorView table = golden(source, "sam_pos.table").reshaped({64 * 64, 5});
  for (const std::int64_t side : {32, 40, 48, 64, 80}) {
    const std::string name = "sam_pos." + std::to_string(side);
    expect_near(resize_grid(table, 64, side).view(), golden(source, name), name);
  }
}

TEST(ResizeGrid, ReproducesTheClipTableAtEverySizeWithoutItsClassRow) {
  const TensorSource source = open_goldens();
  const TensorView table = golden(source, "clip_pos.table").row_range(1, 256);
  for (const std::int64_t side : {8, 10, 12, 16, 20}) {
    const std::string name = "clip_pos." + std::to_string(side);
    expect_near(resize_grid(table, 16, side).view(), golden(source, name).row_range(1, side * side),
                name);
  }
}

TEST(ResizeLine, ReproducesTheRelativeTableAtEverySize) {
  const TensorSource source = open_goldens();
  for (const std::int64_t side : {32, 40, 48, 64, 80}) {
    const std::string name = "rel_pos." + std::to_string(side);
    expect_near(resize_line(golden(source, "rel_pos.table"), 2 * side - 1).view(),
                golden(source, name), name);
  }
}

TEST(ResizeLine, KeepsATableThatFitsToTheBit) {
  const TensorSource source = open_goldens();
  const TensorView table = golden(source, "rel_pos.table");
  EXPECT_TRUE(std::ranges::equal(resize_line(table, 127).floats(), table.floats()));
}

}  // namespace
}  // namespace lectio
