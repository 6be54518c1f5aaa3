// SPDX-License-Identifier: Apache-2.0
#include "ocr/verdict/evidence_json.h"

#include <gtest/gtest.h>

#include "base/splitmix.h"

namespace lectio {
namespace {

Evidence full() {
  Evidence evidence;
  evidence.finish = FinishReason::kLoop;
  evidence.loop = LoopSpan{LoopKind::kBoxes, 1, 2, 3, 4};
  evidence.attempts = {
      {"first", "base", 0, FinishReason::kLoop, 400, 161, evidence.loop, {}, 0, 0},
      {"temperature", "large", 0.3, FinishReason::kMaxTokens, 7, 0, {}, {}, 0, 0},
      {"unread_region", "base", 0, FinishReason::kStop, 90, 0, {}, Box{1, 2, 3, 4}, 5, 9}};
  evidence.ink_coverage = 0.123456789;
  evidence.ink_characters = 900;
  evidence.ink_stains = 31;
  evidence.read_characters = 850;
  evidence.unread_ink = 0.25;
  evidence.confidence = 0.875;
  evidence.error = "a \"quoted\" error\n";
  evidence.skipped = "stopped";
  return evidence;
}

TEST(EvidenceJson, ReadsBackAsItself) {
  Evidence layer;
  layer.text_layer = true;
  layer.strange_share = 0.25;
  for (const Evidence& evidence : {full(), Evidence(), layer}) {
    const std::string json = to_json(evidence);
    const auto read = parse_evidence(json);
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(to_json(*read), json);
    EXPECT_EQ(read->finish, evidence.finish);
    EXPECT_EQ(read->loop, evidence.loop);
    EXPECT_EQ(read->attempts.size(), evidence.attempts.size());
    for (std::size_t i = 0; i < evidence.attempts.size(); ++i) {
      EXPECT_EQ(read->attempts[i].region, evidence.attempts[i].region);
      EXPECT_EQ(read->attempts[i].text_end, evidence.attempts[i].text_end);
    }
    EXPECT_EQ(read->confidence, evidence.confidence);
    EXPECT_EQ(read->text_layer, evidence.text_layer);
    EXPECT_EQ(read->strange_share, evidence.strange_share);
    EXPECT_EQ(read->unread_ink, evidence.unread_ink);
    EXPECT_EQ(read->ink_stains, evidence.ink_stains);
    EXPECT_EQ(read->error, evidence.error);
  }
}

TEST(EvidenceJson, DamageIsAnErrorOrOtherEvidence) {
  const std::string good = to_json(full());
  Random random(6);
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    EXPECT_FALSE(parse_evidence(good.substr(0, cut))) << cut;
    std::string bad = good;
    bad[cut] = static_cast<char>(random.below(256));
    static_cast<void>(parse_evidence(bad));
  }
  EXPECT_FALSE(parse_loop(R"({"kind": "circle"})"));
}

}  // namespace
}  // namespace lectio
