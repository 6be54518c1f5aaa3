// SPDX-License-Identifier: Apache-2.0
#include "model/weights/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "base/splitmix.h"
#include "model/weights/binder.h"
#include "model/weights/safetensors_writer.h"

namespace lectio {
namespace {

class Convert : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("lectio-convert-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    fill(matrix_, 1);
    fill(kernel_, 2);
    fill(bias_, 3);
    const std::map<std::string, TensorView> tensors = {
        {"matrix", matrix_.view()}, {"kernel", kernel_.view()}, {"bias", bias_.view()}};
    ASSERT_TRUE(write_safetensors(folder_ / "in.safetensors", tensors));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static void fill(Tensor& tensor, std::uint64_t seed) {
    Random random(seed);
    for (float& value : tensor.floats()) value = static_cast<float>(random.uniform(-2, 2));
  }
  std::vector<ConvertedTensor> convert(DType format) {
    const Result<TensorSource> source = TensorSource::open(folder_ / "in.safetensors");
    EXPECT_TRUE(source);
    Result<std::vector<ConvertedTensor>> report =
        convert_to_safetensors(*source, {}, format, folder_ / "out.safetensors", pool_);
    EXPECT_TRUE(report);
    return *std::move(report);
  }

  std::filesystem::path folder_;
  ThreadPool pool_{2};
  Tensor matrix_{Shape{64, 128}};
  Tensor kernel_{Shape{32, 32, 3, 3}};
  Tensor bias_{Shape{64}};
};

TEST_F(Convert, QuantisesMatricesAndKernelsAndKeepsSmallTensors) {
  const std::vector<ConvertedTensor> report = convert(DType::kQ8);
  ASSERT_EQ(report.size(), 3U);  // by name
  EXPECT_EQ(report[0].to, DType::kBF16);
  EXPECT_EQ(report[1].to, DType::kQ8);
  EXPECT_EQ(report[2].to, DType::kQ8);
  EXPECT_EQ(report[2].bytes, 64 * 128 / 32 * 34);
  // Rounding to steps of max / 127, uniform over a step: step / sqrt(12), against numbers uniform
  // in (-max, max).
  EXPECT_NEAR(report[2].error.rms_relative(), std::sqrt(3.0) / 127 / std::sqrt(12.0), 5e-4);
}

TEST_F(Convert, BinderReadsAFlattenedKernelWithItsAxes) {
  convert(DType::kQ8);
  const Result<TensorSource> source = TensorSource::open(folder_ / "out.safetensors");
  ASSERT_TRUE(source) << source.error().message();
  Binder binder(*source);
  const Tensor kernel = binder.floats("kernel", {32, 32, 3, 3});
  ASSERT_TRUE(binder.finish());
  ASSERT_EQ(kernel.shape(), (Shape{32, 32, 3, 3}));
  for (std::int64_t i = 0; i < kernel.shape().elements(); ++i) {
    // Half a step of the block's largest magnitude, at most 2, and the rounding of the half scale.
    ASSERT_NEAR(kernel.f32()[i], kernel_.f32()[i], 2.0 / 127 / 2 * 1.01) << i;
  }
}

TEST_F(Convert, BinderKeepsKernelsInBF16AndWidensTheOthers) {
  for (const DType format : {DType::kBF16, DType::kF16, DType::kQ8}) {
    convert(format);
    const Result<TensorSource> source = TensorSource::open(folder_ / "out.safetensors");
    ASSERT_TRUE(source) << source.error().message();
    Binder binder(*source);
    const Tensor kernel = binder.kernels("kernel", {32, 32, 3, 3});
    const Tensor floats = binder.floats("kernel", {32, 32, 3, 3});
    ASSERT_TRUE(binder.finish());
    EXPECT_EQ(kernel.view().dtype, format == DType::kBF16 ? DType::kBF16 : DType::kF32);
    EXPECT_EQ(to_floats(kernel.view()), to_floats(floats.view())) << dtype_name(format);
    EXPECT_TRUE(binder.kernels("kernel", {32, 16, 3, 3}).view().empty());
  }
}

TEST_F(Convert, BinderRefusesAFlattenedKernelOfAnotherSize) {
  convert(DType::kQ8);
  const Result<TensorSource> source = TensorSource::open(folder_ / "out.safetensors");
  ASSERT_TRUE(source);
  Binder binder(*source);
  EXPECT_TRUE(binder.floats("kernel", {32, 16, 3, 3}).view().empty());
  EXPECT_TRUE(binder.weight("kernel", {32, 32, 3, 3}).empty());
  EXPECT_FALSE(binder.finish());
}

TEST_F(Convert, F32IsExact) {
  for (const ConvertedTensor& tensor : convert(DType::kF32))
    EXPECT_EQ(tensor.error.max_abs, 0) << tensor.name;
}

}  // namespace
}  // namespace lectio
