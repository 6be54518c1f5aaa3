// SPDX-License-Identifier: Apache-2.0
#include "ocr/pages/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "media/image/encode.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class OpenPage : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("lectio_page_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(OpenPage, ReadsAPictureAndNamesItsSource) {
  Image image(3, 2, 200);
  image.row(1)[4] = 7;
  const std::filesystem::path path = folder_ / "letter.png";
  ASSERT_TRUE(write_file_atomic(path, encode_png(image)));
  const Result<Page> page = open_page(path);
  ASSERT_TRUE(page) << page.error().message();
  EXPECT_EQ(page->image, image);
  EXPECT_EQ(page->source, path.string());
  EXPECT_EQ(page->index, 0);
}

TEST_F(OpenPage, MissingFileIsNotFoundAndNamed) {
  const std::filesystem::path path = folder_ / "absent.png";
  const Result<Page> page = open_page(path);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(page.error().message(), StartsWith(path.string()));
}

TEST_F(OpenPage, FolderIsAnErrorAndNotAPicture) {
  const Result<Page> page = open_page(folder_);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code(), ErrorCode::kIo);
}

TEST_F(OpenPage, EmptyFileSaysSo) {
  const std::filesystem::path path = folder_ / "empty.png";
  ASSERT_TRUE(write_file_atomic(path, ""));
  const Result<Page> page = open_page(path);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(page.error().message(), HasSubstr("empty.png: expected a PNG, JPEG"));
  EXPECT_THAT(page.error().message(), HasSubstr("found an empty file"));
}

TEST(FinishReasonName, IsStable) {
  EXPECT_STREQ(finish_reason_name(FinishReason::kStop), "stop");
  EXPECT_STREQ(finish_reason_name(FinishReason::kMaxTokens), "max_tokens");
  EXPECT_STREQ(finish_reason_name(FinishReason::kMaxContext), "max_context");
  EXPECT_STREQ(finish_reason_name(FinishReason::kLoop), "loop");
  EXPECT_STREQ(finish_reason_name(FinishReason::kCancelled), "cancelled");
}

TEST(LoopKindName, IsStable) {
  EXPECT_STREQ(loop_kind_name(LoopKind::kTokens), "tokens");
  EXPECT_STREQ(loop_kind_name(LoopKind::kNumbers), "numbers");
  EXPECT_STREQ(loop_kind_name(LoopKind::kBoxes), "boxes");
  EXPECT_STREQ(loop_kind_name(LoopKind::kSurplus), "surplus");
}

}  // namespace
}  // namespace lectio
