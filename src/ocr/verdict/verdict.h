// SPDX-License-Identifier: Apache-2.0
// What became of a page, in one word and with the evidence for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ocr/document/document.h"
#include "ocr/pages/page.h"

namespace lectio {

enum class Verdict {
  kOk,             // the model ended the text, at the first attempt, and nothing speaks against it
  kBlank,          // there is nothing on the page; the text is empty
  kTruncated,      // a token limit or the model's positions ended the text
  kRepetition,     // the text ran into a loop that no attempt got out of; it ends before it
  kLowConfidence,  // the model was not sure
  kDegraded,       // ink that was not read, text without ink, or more than one attempt was needed
  kFailed,         // no text: the page cannot be opened, or reading it failed
  kSkipped,        // not tried: stopped before its turn, or no document
};
std::string_view verdict_name(Verdict verdict);  // "ok", "blank", ..., in the order above
std::optional<Verdict> verdict_from_name(std::string_view name);
// The page has the text that the model gave for it.
bool is_read(Verdict verdict);

// One time that the model was asked.
struct Attempt {
  std::string why;  // "first", "no_repeat", "mode", "temperature", "unread_region"
  std::string mode;
  double temperature = 0;
  FinishReason finish = FinishReason::kStop;
  std::int64_t generated_tokens = 0;  // by this attempt
  std::int64_t wasted_tokens = 0;     // of these, what was thrown away
  std::optional<LoopSpan> loop;
  std::optional<Box> region;  // of the page, where only that was read
  // Where the region's text stands in the page's, in bytes; nowhere: it was not taken.
  std::size_t text_begin = 0, text_end = 0;
};

struct Evidence {
  std::vector<Attempt> attempts;  // none where the model was not asked
  FinishReason finish = FinishReason::kStop;
  std::optional<LoopSpan> loop;  // that the text ends before
  bool text_layer = false;       // the text is the document's own
  double strange_share = 0;      // of its characters, those that are none
  bool ink_blank = false;
  double ink_coverage = 0;
  std::int64_t ink_stains = 0;       // where they are all that is on the page
  std::int64_t ink_characters = 0;   // roughly what the page has
  std::int64_t read_characters = 0;  // letters and digits of the text
  std::optional<double> unread_ink;  // share in lines without text; empty: cannot be told
  std::optional<double> confidence;  // of the page, 0 to 1; empty where it is not known
  std::string error;                 // empty: none
  std::string skipped;               // why it was not tried; empty: it was
};

struct VerdictLimits {
  std::int64_t least_ink_characters = 40;  // fewer say nothing about what is missing
  double least_read = 0.5;                 // of the ink's characters
  double most_read = 2.5;                  // times the ink's characters, and so many more:
  std::int64_t surplus_characters = 200;
  double most_unread_ink = 0.15;
  double least_confidence = 0.5;
  double most_strange = 0.01;
};

// The first that holds: skipped, failed, blank, repetition, truncated, degraded, low_confidence,
// ok.
Verdict judge(const Evidence& evidence, const VerdictLimits& limits = {});

// Letters and digits of a text, markup in angle brackets left out: what is held against ink.
std::int64_t count_letters(std::string_view text);

}  // namespace lectio
