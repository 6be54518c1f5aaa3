// SPDX-License-Identifier: Apache-2.0
#include "ocr/prompt/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lectio {
namespace {

using ::testing::HasSubstr;

std::string prompt(std::string_view name) {
  const auto task = task_from_name(name);
  return task ? prompt_of(*task) : task.error().message();
}

TEST(Task, AsksWithTheOfficialPrompts) {
  EXPECT_EQ(prompt("markdown"), "<image>\n<|grounding|>Convert the document to markdown.");
  EXPECT_EQ(prompt("text"), "<image>\nFree OCR.");
  EXPECT_EQ(prompt("ocr"), "<image>\n<|grounding|>OCR this image.");
  EXPECT_EQ(prompt("figure"), "<image>\nParse the figure.");
  EXPECT_EQ(prompt("describe"), "<image>\nDescribe this image in detail.");
  EXPECT_EQ(prompt("locate=the red=hat"),
            "<image>\nLocate <|ref|>the red=hat<|/ref|> in the image.");
}

TEST(Task, HasANameForEveryKind) {
  for (const std::string_view name : task_names()) {
    const auto task = task_from_name(name == "locate" ? "locate=x" : name);
    ASSERT_TRUE(task) << name;
    EXPECT_EQ(task_name(task->kind), name);
  }
}

TEST(Task, RefusesWhatItDoesNotKnow) {
  for (const char* name : {"", "Markdown", "locate", "locate=", "text=x", "text=", "locate=<image>",
                           "locate=a<|/ref|>b"}) {
    const auto task = task_from_name(name);
    ASSERT_FALSE(task) << name;
    EXPECT_EQ(task.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(task.error().message(), HasSubstr("task: ")) << name;
  }
}

}  // namespace
}  // namespace lectio
