// SPDX-License-Identifier: Apache-2.0
#include "model/synth/synthetic_model.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "model/spec/network_spec.h"
#include "model/spec/tensor_table.h"
#include "model/synth/formula_weights.h"
#include "model/tokenizer/tokenizer.h"
#include "model/weights/checkpoint.h"
#include "model/weights/tensor_source.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;

class SyntheticModel : public ::testing::Test {
 protected:
  SyntheticModel()
      : folder_(fs::path(::testing::TempDir()) / ("synth_" + std::to_string(::getpid()))),
        config_(*read_file(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1/config.json")) {
    fs::remove_all(folder_);
  }
  ~SyntheticModel() override { fs::remove_all(folder_); }

  SynthReport make(DType format, std::int64_t shard_bytes = 0, int threads = 2) {
    ThreadPool pool(threads);
    SynthOptions options;
    options.format = format;
    options.shard_bytes = shard_bytes;
    const auto report = write_synthetic_model(config_, "config.json", folder_, options, pool);
    EXPECT_TRUE(report) << report.error().message();
    return report ? *report : SynthReport{};
  }
  TensorSource open() const { return *TensorSource::open(folder_); }
  std::vector<TensorEntry> table() const {
    return tensor_table(*parse_network_spec(config_, "config.json"), 256);
  }

  fs::path folder_;
  std::string config_;
};

// Every tensor of the list, with the numbers of the formula.
void expect_formula(const TensorSource& source, const std::vector<TensorEntry>& table,
                    double relative) {
  EXPECT_EQ(source.tensors().size(), table.size());
  for (const TensorEntry& entry : table) {
    const StoredTensor* const stored = source.find(entry.name);
    ASSERT_NE(stored, nullptr) << entry.name;
    const FormulaTensor formula(entry.name, Shape(std::span(entry.shape)));
    const std::vector<float> numbers = to_floats(stored->view);
    double largest = 0;
    for (const float number : numbers) largest = std::max(largest, std::fabs(double{number}));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const float expected = bf16_to_float(formula.bf16(static_cast<std::int64_t>(i)));
      ASSERT_NEAR(numbers[i], expected, relative * largest) << entry.name << " " << i;
    }
  }
}

TEST_F(SyntheticModel, HoldsTheNumbersOfTheFormula) {
  const SynthReport report = make(DType::kBF16);
  EXPECT_EQ(report.files, std::vector<std::string>{"model.safetensors"});
  EXPECT_EQ(report.bytes, 2 * report.parameters);
  EXPECT_EQ(*read_file(folder_ / "config.json"), config_);
  EXPECT_TRUE(Tokenizer::from_file(folder_ / "tokenizer.json"));
  expect_formula(open(), table(), 0);
}

TEST_F(SyntheticModel, IsExactInTheWideFormats) {
  for (const DType format : {DType::kF32, DType::kF16}) {
    make(format);
    // Half numbers below 2^-14 are steps of 2^-24.
    expect_formula(open(), table(), format == DType::kF32 ? 0 : 1e-5);
  }
}

// Half a step of a block whose largest number is at most the tensor's: 1 / 254, and the rounding of
// the scale to half.
TEST_F(SyntheticModel, RoundsToBlocks) {
  const SynthReport report = make(DType::kQ8);
  EXPECT_LT(report.bytes, report.parameters * 5 / 3);  // rows of 48 and 80 are no whole blocks
  expect_formula(open(), table(), 1.0 / 254 + 0x1p-11);
}

TEST_F(SyntheticModel, IsCutIntoShardsWithAnIndex) {
  const SynthReport whole = make(DType::kBF16);
  fs::remove_all(folder_);
  const SynthReport report = make(DType::kBF16, whole.bytes / 3);
  ASSERT_GE(report.files.size(), 3U);
  EXPECT_EQ(report.files[0],
            "model-00001-of-0000" + std::to_string(report.files.size()) + ".safetensors");
  EXPECT_FALSE(fs::exists(folder_ / "model.safetensors"));
  for (const std::string& file : report.files) {
    EXPECT_LE(fs::file_size(folder_ / file), static_cast<std::uint64_t>(whole.bytes) / 2);
  }
  expect_formula(open(), table(), 0);
}

TEST_F(SyntheticModel, DoesNotDependOnThreads) {
  make(DType::kQ8, 0, 1);
  const std::string one = *read_file(folder_ / "model.safetensors");
  make(DType::kQ8, 0, 3);
  EXPECT_EQ(*read_file(folder_ / "model.safetensors"), one);
}

// As GGUF, the same numbers under the same names come back.
TEST_F(SyntheticModel, IsTheSameAsGguf) {
  SynthOptions options;
  options.gguf = true;
  ThreadPool pool(2);
  const auto report = write_synthetic_model(config_, "config.json", folder_, options, pool);
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_EQ(report->files, (std::vector<std::string>{"model.gguf", "mmproj-model.gguf"}));
  EXPECT_FALSE(fs::exists(folder_ / "config.json"));
  const auto checkpoint = open_checkpoint(folder_);
  ASSERT_TRUE(checkpoint) << checkpoint.error().message();
  expect_formula(checkpoint->tensors, table(), 0);
}

TEST_F(SyntheticModel, LeavesNothingBehindWhenStopped) {
  std::stop_source stop;
  SynthOptions options;
  options.stop = stop.get_token();
  options.on_progress = [&](std::int64_t, std::int64_t) { stop.request_stop(); };
  ThreadPool pool(1);
  const auto report = write_synthetic_model(config_, "config.json", folder_, options, pool);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kCancelled);
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_EQ(entry.path().extension(), ".json") << entry.path();
  }
}

TEST_F(SyntheticModel, RefusesWhatIsNoConfiguration) {
  ThreadPool pool(1);
  const auto report = write_synthetic_model("{}", "x.json", folder_, {}, pool);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kInvalidModel);
  EXPECT_FALSE(fs::exists(folder_));
}

}  // namespace
}  // namespace lectio
