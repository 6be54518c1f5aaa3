// SPDX-License-Identifier: Apache-2.0
#include "proof/golden_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <vector>

#include "base/file.h"
#include "base/splitmix.h"
#include "model/weights/safetensors_writer.h"
#include "proof/stage_checker.h"

namespace lectio::proof {
namespace {

using ::testing::HasSubstr;

// A golden file with one stage "x" of 40 rows of 8 numbers, kept as rows and samples, and one
// "y.full".
class GoldenFileTest : public ::testing::Test {
 protected:
  GoldenFileTest()
      : path_(::testing::TempDir() + "golden_file_" + std::to_string(::getpid()) + ".safetensors") {
    Random random(5);
    for (float& number : x_.floats()) number = static_cast<float>(random.uniform(-1, 1));
    for (float& number : y_.floats()) number = static_cast<float>(random.uniform(-1, 1));
    ints(tensors_["x.shape"], {40, 8});
    ints(tensors_["y.shape"], {2, 3});
    tensors_["x.stat"] = stat(x_.view());
    tensors_["y.stat"] = stat(y_.view());
    tensors_["y.full"] = copy(y_.view());
    tensors_["x.rows"] = Tensor({6, 8});
    float* next = tensors_["x.rows"].f32();
    for (const std::int64_t row : {0, 1, 13, 20, 38, 39}) {
      next = std::ranges::copy(x_.view().row_range(row, 1).floats(), next).out;
    }
    tensors_["x.samp"] = Tensor({64});
    for (std::uint64_t k = 0; k < 64; ++k) {
      tensors_["x.samp"].f32()[k] = x_.floats()[splitmix64(k) % 320];
    }
  }

  static void ints(Tensor& tensor, const std::vector<std::int64_t>& numbers) {
    tensor = Tensor({std::ssize(numbers)}, DType::kI64);
    std::ranges::copy(numbers, static_cast<std::int64_t*>(tensor.view().data));
  }
  static Tensor stat(TensorView view) {
    double squares = 0;
    for (const float number : view.floats()) squares += std::pow(static_cast<double>(number), 2);
    Tensor tensor({4}, DType::kF64);
    static_cast<double*>(tensor.view().data)[1] = std::sqrt(squares);
    return tensor;
  }
  static Tensor copy(TensorView view) {
    Tensor tensor(view.shape);
    std::ranges::copy(view.floats(), tensor.f32());
    return tensor;
  }
  Result<GoldenFile> write_and_open() {
    std::map<std::string, TensorView> views;
    for (const auto& [name, tensor] : tensors_) views[name] = tensor.view();
    EXPECT_TRUE(write_safetensors(path_, views, {{"image_token", "500"}}));
    return GoldenFile::open(path_);
  }

  std::string path_;
  Tensor x_{{40, 8}};
  Tensor y_{{2, 3}};
  std::map<std::string, Tensor> tensors_;
};

TEST_F(GoldenFileTest, FindsNoFaultWithTheSameNumbers) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden) << golden.error().message();
  EXPECT_EQ(golden->stages(), (std::set<std::string>{"x", "y"}));
  EXPECT_EQ(golden->compare("x", x_.view()).max_relative, 0);
  EXPECT_EQ(golden->compare("y", y_.view()).norm_relative, 0);
  EXPECT_EQ(golden->metadata("image_token").operator*(), "500");
}

// Of every number that the file keeps, a change is seen, in its size and its place.
TEST_F(GoldenFileTest, SeesEveryKeptNumber) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  const double rms = static_cast<const double*>(tensors_["x.stat"].view().data)[1] / std::sqrt(320);
  std::set<std::int64_t> kept;
  for (const std::int64_t row : {0, 1, 13, 20, 38, 39}) {
    for (std::int64_t i = 0; i < 8; ++i) kept.insert(8 * row + i);
  }
  for (std::uint64_t k = 0; k < 64; ++k)
    kept.insert(static_cast<std::int64_t>(splitmix64(k) % 320));
  for (std::int64_t i = 0; i < 320; ++i) {
    const float was = std::exchange(x_.f32()[i], x_.f32()[i] + 0.5F);
    const StageError error = golden->compare("x", x_.view());
    x_.f32()[i] = was;
    EXPECT_NEAR(error.max_relative, kept.contains(i) ? 0.5 / rms : 0, 1e-5) << i;
    if (kept.contains(i)) {
      EXPECT_THAT(error.worst, HasSubstr("number " + std::to_string(i)));
    }
  }
}

TEST_F(GoldenFileTest, NoNumberIsInfinitelyFarOff) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  y_.f32()[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isinf(golden->compare("y", y_.view()).max_relative));
  EXPECT_TRUE(std::isinf(golden->compare("y", y_.view()).norm_relative));
}

TEST_F(GoldenFileTest, AnotherShapeIsInfinitelyFarOff) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  const StageError error = golden->compare("x", x_.view().reshaped({8, 40}));
  EXPECT_TRUE(std::isinf(error.max_relative));
  EXPECT_THAT(error.worst, HasSubstr("shape is [8, 40], expected [40, 8]"));
}

TEST_F(GoldenFileTest, LeavesOutTheRowsThatItIsTold) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  x_.f32()[13 * 8 + 2] += 1;
  EXPECT_GT(golden->compare("x", x_.view()).max_relative, 0.5);
  const SkipRow skip = [](std::int64_t row) { return row == 13; };
  EXPECT_EQ(golden->compare("x", x_.view(), skip).max_relative, 0);
}

TEST_F(GoldenFileTest, RefusesTensorsOfOtherTypes) {
  tensors_["x.samp"] = Tensor({64}, DType::kI32);
  tensors_["y.stat"] = Tensor({3}, DType::kF64);
  const auto golden = write_and_open();
  ASSERT_FALSE(golden);
  EXPECT_EQ(golden.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(golden.error().message(), HasSubstr("x.samp: expected F32, found I32"));
  EXPECT_THAT(golden.error().message(), HasSubstr("y.stat: expected 4 numbers, found 3"));
}

TEST_F(GoldenFileTest, NamesWhatIsMissing) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  EXPECT_THAT(golden->ints("input_ids").error().message(), HasSubstr("'input_ids'"));
  EXPECT_THAT(golden->metadata("mode").error().message(), HasSubstr("'mode'"));
}

// A file that was cut or changed anywhere is refused or compared, never read beyond its end.
TEST_F(GoldenFileTest, SurvivesCutsAndFlipsEverywhere) {
  ASSERT_TRUE(write_and_open());
  const std::string bytes = *read_file(path_);
  Random random(9);
  for (std::size_t i = 0; i < bytes.size(); i += 5) {
    std::string broken = bytes;
    if (i % 2 == 0) broken.resize(i);
    if (i % 2 == 1) broken[i] = static_cast<char>(random.below(256));
    std::ofstream(path_, std::ios::binary) << broken;
    const auto golden = GoldenFile::open(path_);
    if (!golden) continue;
    for (const std::string& stage : golden->stages()) {
      static_cast<void>(golden->compare(stage, stage == "x" ? x_.view() : y_.view()));
    }
  }
}

class StageCheckerTest : public GoldenFileTest {
 protected:
  std::vector<StageCheck> check(const GoldenFile& golden, bool show_y) {
    const NetworkSpec spec;
    const NearTies ties;
    StageChecker checker(golden, spec, {}, /*full_size=*/false, ties);
    checker("x", x_.view());
    checker("unknown", y_.view());
    if (show_y) checker("y", y_.view());
    return checker.finish();
  }
};

TEST_F(StageCheckerTest, PassesInTheOrderOfTheNetwork) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  const std::vector<StageCheck> checks = check(*golden, true);
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].stage, "x");
  EXPECT_EQ(checks[0].verdict, Verdict::kPass);
  EXPECT_EQ(checks[1].verdict, Verdict::kPass);
}

TEST_F(StageCheckerTest, NamesTheFirstStageThatIsOff) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  y_.f32()[0] += 1e-3F;
  CaseReport report;
  report.checks = check(*golden, true);
  ASSERT_NE(report.first_off(), nullptr);
  EXPECT_EQ(report.first_off()->stage, "y");
}

TEST_F(StageCheckerTest, AStageThatNeverCameIsOff) {
  const auto golden = write_and_open();
  ASSERT_TRUE(golden);
  const std::vector<StageCheck> checks = check(*golden, false);
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[1].stage, "y");
  EXPECT_EQ(checks[1].verdict, Verdict::kOff);
}

}  // namespace
}  // namespace lectio::proof
