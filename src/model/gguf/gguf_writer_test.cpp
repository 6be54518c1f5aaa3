// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "model/gguf/gguf_model.h"

namespace lectio {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GgufFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lectio-gguf-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const fs::path& path, const std::string& architecture) {
    GgufFields fields;
    fields.text("general.architecture", architecture);
    auto writer = GgufWriter::create(path, fields, {});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->commit());
  }
  std::string error_of(const fs::path& path, const fs::path& vision = {}) {
    const auto model = open_gguf_model(path, vision);
    return model ? "" : model.error().message();
  }

  fs::path folder_;
};

TEST_F(GgufFilesTest, WritesWhatTheReaderReads) {
  GgufFields fields;
  fields.boolean("flag", true);
  fields.u32("count", 4'000'000'000);
  fields.f32("eps", 1e-6F);
  fields.text("name", "Äther");
  fields.i32s("types", std::vector<std::int32_t>{1, -3});
  fields.f32s("mean", std::vector<float>{0.5F});
  fields.texts("tokens", std::vector<std::string>{"a", "", "b c"});
  const fs::path path = folder_ / "m.gguf";
  const std::vector<TensorHeading> headings = {{"vector", DType::kF32, Shape{3}},
                                               {"blocks", DType::kQ4, Shape{2, 32}}};
  auto writer = GgufWriter::create(path, fields, headings);
  ASSERT_TRUE(writer) << writer.error().message();
  const std::string blocks = std::string(18, '\1') + std::string(18, '\2');
  const float vector[3] = {1, 2, 3};
  // In any order and in pieces.
  ASSERT_TRUE(writer->write("blocks", 18, std::as_bytes(std::span(blocks)).subspan(18)));
  ASSERT_TRUE(writer->write("vector", 0, std::as_bytes(std::span(vector))));
  ASSERT_TRUE(writer->write("blocks", 0, std::as_bytes(std::span(blocks)).first(18)));
  ASSERT_TRUE(writer->commit());

  const auto file = GgufFile::open(path);
  ASSERT_TRUE(file) << file.error().message();
  const GgufHeader& header = file->header();
  EXPECT_EQ(header.find("flag")->boolean(), true);
  EXPECT_EQ(header.find("count")->integer(), 4'000'000'000);
  EXPECT_EQ(header.find("eps")->number(), static_cast<double>(1e-6F));
  EXPECT_EQ(header.text("name"), "Äther");
  EXPECT_THAT(*header.find("types")->integers(), ElementsAre(1, -3));
  EXPECT_THAT(*header.find("mean")->numbers(), ElementsAre(0.5));
  EXPECT_THAT(*header.find("tokens")->texts(), ElementsAre("a", "", "b c"));
  ASSERT_EQ(header.tensors.size(), 2U);
  EXPECT_THAT(to_floats(file->view(header.tensors[0])), ElementsAre(1, 2, 3));
  const TensorView view = file->view(header.tensors[1]);
  EXPECT_EQ(view.shape, (Shape{2, 32}));
  EXPECT_EQ(std::string(static_cast<const char*>(view.data), 36), blocks);
  EXPECT_EQ(fs::file_size(path) % kGgufAlignment, 0U);
}

TEST_F(GgufFilesTest, CommitsNothingThatIsNotWhole) {
  const fs::path path = folder_ / "m.gguf";
  ASSERT_TRUE(write_file_atomic(path, "old"));
  {
    auto writer = GgufWriter::create(path, {}, {{"a", DType::kF32, Shape{2}}});
    ASSERT_TRUE(writer);
    const float values[2] = {1, 2};
    ASSERT_TRUE(writer->write("a", 4, std::as_bytes(std::span(values, 1))));
    EXPECT_THROW(static_cast<void>(writer->commit()), InvariantError);
    EXPECT_THROW(static_cast<void>(writer->write("a", 4, std::as_bytes(std::span(values)))),
                 InvariantError);
    EXPECT_THROW(static_cast<void>(writer->write("b", 0, {})), InvariantError);
  }
  EXPECT_EQ(*read_file(path), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(GgufFilesTest, ReportsAPlaceThatCannotBeWritten) {
  const auto writer = GgufWriter::create(folder_ / "none" / "m.gguf", {}, {});
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code(), ErrorCode::kIo);
}

TEST_F(GgufFilesTest, FindsTheVisionFileBesideTheLanguageFile) {
  write(folder_ / "ocr-Q8_0.gguf", "deepseek2-ocr");
  EXPECT_THAT(error_of(folder_ / "ocr-Q8_0.gguf"),
              HasSubstr("expected one vision file *mmproj*.gguf, found none"));
  write(folder_ / "MMPROJ-ocr.GGUF", "clip");
  for (const fs::path& path : {folder_, folder_ / "ocr-Q8_0.gguf"}) {
    const auto model = open_gguf_model(path);
    ASSERT_TRUE(model) << model.error().message();
    ASSERT_TRUE(model->has_value());
    EXPECT_EQ((*model)->layout, GgufLayout::kLlamaCpp);
    EXPECT_EQ((*model)->language.path().filename(), "ocr-Q8_0.gguf");
    EXPECT_EQ((*model)->vision->path().filename(), "MMPROJ-ocr.GGUF");
  }
  write(folder_ / "mmproj-two.gguf", "clip");
  EXPECT_THAT(error_of(folder_), HasSubstr("found MMPROJ-ocr.GGUF, mmproj-two.gguf"));
  EXPECT_EQ(error_of(folder_, folder_ / "mmproj-two.gguf"), "");
  write(folder_ / "ocr-BF16.gguf", "deepseek2-ocr");
  EXPECT_THAT(error_of(folder_), HasSubstr("expected one language file *.gguf, found ocr-BF16"));
}

TEST_F(GgufFilesTest, TellsTheConventionsApart) {
  write(folder_ / "one.gguf", "deepseekocr");
  write(folder_ / "other.gguf", "llama");
  write(folder_ / "mmproj.gguf", "clip");
  const auto model = open_gguf_model(folder_ / "one.gguf");
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ((*model)->layout, GgufLayout::kOllama);
  EXPECT_FALSE((*model)->vision);
  EXPECT_THAT(error_of(folder_ / "one.gguf", folder_ / "mmproj.gguf"),
              HasSubstr("expected no vision file"));
  EXPECT_THAT(error_of(folder_ / "other.gguf"), HasSubstr("found 'llama'"));
  EXPECT_THAT(error_of(folder_ / "mmproj.gguf"), HasSubstr("the vision file of a model"));
  write(folder_ / "language.gguf", "deepseek2-ocr");
  EXPECT_THAT(error_of(folder_ / "language.gguf", folder_ / "one.gguf"),
              HasSubstr("expected 'clip' of a vision file, found 'deepseekocr'"));
}

TEST_F(GgufFilesTest, LeavesOtherModelsToOthers) {
  write(folder_ / "ocr.gguf", "deepseek2-ocr");
  ASSERT_TRUE(write_file_atomic(folder_ / "config.json", "{}"));
  ASSERT_TRUE(write_file_atomic(folder_ / "model.safetensors", "12345678{}"));
  for (const fs::path& path :
       {folder_, folder_ / "model.safetensors", folder_ / "none", folder_ / "none.gguf"}) {
    const auto model = open_gguf_model(path);
    ASSERT_TRUE(model) << model.error().message();
    EXPECT_FALSE(model->has_value());
  }
  EXPECT_THAT(error_of(folder_, folder_ / "mmproj.gguf"),
              HasSubstr("expected a GGUF language file with it"));
  ASSERT_TRUE(write_file_atomic(folder_ / "broken.gguf", "GG"));
  EXPECT_THAT(error_of(folder_ / "broken.gguf"), HasSubstr("begins with 'GGUF'"));
}

TEST_F(GgufFilesTest, RefusesAPartOfASplitModel) {
  GgufFields fields;
  fields.text("general.architecture", "deepseek2-ocr");
  fields.u32("split.count", 3);
  auto writer = GgufWriter::create(folder_ / "a.gguf", fields, {});
  ASSERT_TRUE(writer->commit());
  const auto model = open_gguf_model(folder_ / "a.gguf");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(model.error().message(), HasSubstr("found a part of 3"));
}

}  // namespace
}  // namespace lectio
