// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/page_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lectio {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::int64_t> of(std::string_view text, std::int64_t count) {
  const auto selection = PageSelection::parse(text);
  EXPECT_TRUE(selection) << selection.error().message();
  return selection->of(count);
}

TEST(PageSelection, CountsFromOneAndFromTheEnd) {
  EXPECT_THAT(of("1-3,7,-1", 9), ElementsAre(0, 1, 2, 6, 8));
  EXPECT_THAT(of("2", 9), ElementsAre(1));
  EXPECT_THAT(of("-1", 1), ElementsAre(0));
  EXPECT_THAT(of("-3--1", 9), ElementsAre(6, 7, 8));
  EXPECT_THAT(of("8-", 9), ElementsAre(7, 8));
  EXPECT_THAT(of("2--2", 5), ElementsAre(1, 2, 3));
  EXPECT_THAT(PageSelection().of(3), ElementsAre(0, 1, 2));
}

TEST(PageSelection, KeepsTheOrderOfTheDocumentAndNoPageTwice) {
  EXPECT_THAT(of("3,1,2-3,-1", 3), ElementsAre(0, 1, 2));
}

TEST(PageSelection, LeavesOutWhatTheDocumentDoesNotHave) {
  EXPECT_THAT(of("1-1000000000", 2), ElementsAre(0, 1));
  EXPECT_THAT(of("5", 2), IsEmpty());
  EXPECT_THAT(of("-5", 2), IsEmpty());
  EXPECT_THAT(of("-5--1", 2), ElementsAre(0, 1));
  EXPECT_THAT(of("4--1", 2), IsEmpty());
  EXPECT_THAT(PageSelection().of(0), IsEmpty());
}

TEST(PageSelection, AnythingElseIsAnErrorThatNamesThePart) {
  for (const char* wrong : {"", ",", "1,", ",1", "0", "a", "1-a", "3-1", "-1--3", "1--", "1-2-3",
                            " 1", "1 ", "+1", "1.5", "99999999999999999999", "1-0", "--1", "-"}) {
    const auto selection = PageSelection::parse(wrong);
    ASSERT_FALSE(selection) << wrong;
    EXPECT_EQ(selection.error().code(), ErrorCode::kInvalidArgument);
  }
  EXPECT_THAT(PageSelection::parse("1-3,x7").error().message(), HasSubstr("found 'x7'"));
}

}  // namespace
}  // namespace lectio
