// SPDX-License-Identifier: Apache-2.0
#include "ocr/verdict/verdict.h"

#include <gtest/gtest.h>

namespace lectio {
namespace {

// A page that was read as it should be.
Evidence good() {
  Evidence evidence;
  evidence.attempts.resize(1);
  evidence.ink_coverage = 0.08;
  evidence.ink_characters = 1000;
  evidence.read_characters = 950;
  evidence.confidence = 0.97;
  return evidence;
}

TEST(Verdict, OfAGoodPageIsOk) { EXPECT_EQ(judge(good()), Verdict::kOk); }

TEST(Verdict, TruncatedIsWhateverTheModelDidNotEnd) {
  for (const FinishReason reason : {FinishReason::kMaxTokens, FinishReason::kMaxContext}) {
    Evidence evidence = good();
    evidence.finish = reason;
    EXPECT_EQ(judge(evidence), Verdict::kTruncated);
  }
}

TEST(Verdict, ALoopThatRemainsIsARepetitionAndOneThatWasHealedIsDegraded) {
  Evidence evidence = good();
  evidence.attempts.resize(3);
  evidence.attempts[0].loop = LoopSpan{};
  EXPECT_EQ(judge(evidence), Verdict::kDegraded);
  evidence.loop = LoopSpan{};
  evidence.finish = FinishReason::kLoop;
  EXPECT_EQ(judge(evidence), Verdict::kRepetition);
}

TEST(Verdict, BlankNeedsAPageAndATextThatAreBoth) {
  Evidence evidence;
  evidence.ink_blank = true;
  EXPECT_EQ(judge(evidence), Verdict::kBlank);
  evidence.read_characters = 500;
  EXPECT_EQ(judge(evidence), Verdict::kDegraded) << "text from nothing";
  evidence = good();
  evidence.read_characters = 0;
  EXPECT_EQ(judge(evidence), Verdict::kDegraded) << "nothing from text";
}

TEST(Verdict, UnreadInkAndInventedTextAreDegraded) {
  Evidence evidence = good();
  evidence.unread_ink = 0.1;
  EXPECT_EQ(judge(evidence), Verdict::kOk);
  evidence.unread_ink = 0.3;
  EXPECT_EQ(judge(evidence), Verdict::kDegraded);
  evidence = good();
  evidence.read_characters = 400;
  EXPECT_EQ(judge(evidence), Verdict::kDegraded);
  evidence.read_characters = 4000;
  EXPECT_EQ(judge(evidence), Verdict::kDegraded);
  evidence.ink_characters = 30;  // a picture, a few words
  evidence.read_characters = 5;
  EXPECT_EQ(judge(evidence), Verdict::kOk);
}

TEST(Verdict, LowConfidenceIsSaidWhereItIsKnown) {
  Evidence evidence = good();
  evidence.confidence = 0.3;
  EXPECT_EQ(judge(evidence), Verdict::kLowConfidence);
  evidence.confidence.reset();
  EXPECT_EQ(judge(evidence), Verdict::kOk);
}

TEST(Verdict, AFailureAndAStopComeFirst) {
  Evidence evidence = good();
  evidence.loop = LoopSpan{};
  evidence.error = "a.png: damaged";
  EXPECT_EQ(judge(evidence), Verdict::kFailed);
  evidence.skipped = "stopped";
  EXPECT_EQ(judge(evidence), Verdict::kSkipped);
  evidence = good();
  evidence.finish = FinishReason::kCancelled;
  EXPECT_EQ(judge(evidence), Verdict::kSkipped);
}

TEST(Verdict, NamesAreStableAndReadBack) {
  for (const char* name : {"ok", "blank", "truncated", "repetition", "low_confidence", "degraded",
                           "failed", "skipped"}) {
    const auto verdict = verdict_from_name(name);
    ASSERT_TRUE(verdict) << name;
    EXPECT_EQ(verdict_name(*verdict), name);
    EXPECT_EQ(is_read(*verdict), std::string(name) != "failed" && std::string(name) != "skipped");
  }
  EXPECT_FALSE(verdict_from_name("good"));
}

TEST(CountLetters, LeavesMarkupAndSignsOut) {
  EXPECT_EQ(count_letters(""), 0);
  EXPECT_EQ(count_letters("Page 12, 3."), 7);
  EXPECT_EQ(count_letters("<table><tr><td>a1</td></tr></table>"), 2);
  EXPECT_EQ(count_letters("\xC3\xA9t\xC3\xA9 \xE4\xB8\xAD"), 4);
  EXPECT_EQ(count_letters("a < b"), 2);
  EXPECT_EQ(count_letters("<" + std::string(100, 'x') + ">"), 100);
}

}  // namespace
}  // namespace lectio
