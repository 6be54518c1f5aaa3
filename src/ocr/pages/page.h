// SPDX-License-Identifier: Apache-2.0
// A page to read, what reading it gave, and the function between the two.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/image/image.h"
#include "ocr/document/document.h"

namespace lectio {

// The text that a document has itself for a page, and where its words stand.
struct LayerWord {
  std::size_t begin = 0, end = 0;  // in the text
  Box box;
  std::size_t line = 0;  // of the page, from 0
};
struct TextLayer {
  std::string text;  // UTF-8
  std::vector<LayerWord> words;
  double picture_share = 0;  // of the page, what the largest picture on it covers: 1 for a scan
};

struct Page {
  Image image;
  std::string source;      // file name, for messages and reports
  std::int64_t index = 0;  // place in its document, from 0
  double dpi = 0;          // dots an inch, where the page has a size on paper; 0: not known
  std::optional<TextLayer> layer = {};  // where it was asked for and there is one
};

// Why the text ended. Never "stop" unless the model said so.
enum class FinishReason {
  kStop,        // end-of-sequence token
  kMaxTokens,   // the token limit of the request
  kMaxContext,  // the positions of the model
  kLoop,        // the text repeated itself and was taken back to where that began
  kCancelled,
};
const char* finish_reason_name(
    FinishReason reason);  // "stop", "max_tokens", "max_context", "loop", "cancelled"

enum class LoopKind {
  kTokens,   // the same tokens again and again
  kNumbers,  // the same but for its numbers, which count on beyond what the page can hold
  kBoxes,    // boxes on top of earlier boxes
  kSurplus,  // far more text than the page has ink for
};
const char* loop_kind_name(LoopKind kind);  // "tokens", "numbers", "boxes", "surplus"

// A loop in a text that was being generated, in tokens of that text.
struct LoopSpan {
  LoopKind kind = LoopKind::kTokens;
  std::int64_t begin = 0;   // first token of the first unit
  std::int64_t period = 0;  // tokens a unit; 0 where there is none
  std::int64_t length = 0;  // from begin to where the text was stopped
  std::int64_t keep = 0;    // tokens of the text before the first that only repeats

  bool operator==(const LoopSpan&) const = default;
};

struct PageTimings {
  double views_ms = 0;
  double encode_ms = 0;
  double prefill_ms = 0;
  double decode_ms = 0;
};

struct PageText {
  std::string text;
  std::vector<std::int32_t> ids;  // of the text, without the end token
  // One an id: of that choice among all tokens, as the network gave it, whatever temperature and
  // no-repeat rule did to it. Not a number where it is not known.
  std::vector<float> log_probabilities;
  std::vector<std::int64_t> text_ends;  // one an id: bytes of text up to its end
  FinishReason finish = FinishReason::kStop;
  std::optional<LoopSpan> loop;       // where finish is kLoop; the text ends at loop->keep
  std::int64_t generated_tokens = 0;  // by the network, those of a loop included
  std::string mode;                   // the mode used, by name; "text_layer": none
  std::int64_t vision_tokens = 0;     // placeholders in the prompt
  std::int64_t content_tokens = 0;    // of these, features: what the papers count (spec 5.6)
  std::int64_t valid_tokens = 0;  // of these, what carries the page and not its padding (spec 5.7)
  std::int64_t prompt_tokens = 0;
  PageTimings timings;
};

// Reads one page; the engine is one, tests have others.
using PageReader = std::function<Result<PageText>(const Page&)>;

// A picture file as a page.
Result<Page> open_page(const std::filesystem::path& path);

}  // namespace lectio
