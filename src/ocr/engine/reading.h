// SPDX-License-Identifier: Apache-2.0
// One page on its way from logits to text: what an engine keeps of each page that it reads at the
// same time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "model/tokenizer/tokenizer.h"
#include "ocr/engine/engine.h"
#include "ocr/engine/growing_cache.h"
#include "ocr/engine/text_writer.h"
#include "ocr/generate/loop_detector.h"
#include "ocr/generate/repeat_guard.h"
#include "ocr/prompt/prompt.h"

namespace lectio {

// Chooses token after token. Not movable: its parts look at each other. Looks at the network's spec
// and the tokenizer as long as it lives.
class Reading {
 public:
  // `page` is what is known of it so far. A cache that has been used before saves memory traffic.
  Reading(const NetworkSpec& spec, const Tokenizer& tokenizer, Prompt prompt, ReadOptions options,
          PageText page, GrowingCache cache);
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // Before the first token: options.prefix becomes part of the text. Gives the ids that the network
  // has to see before it can be asked for a token, mostly none.
  std::span<const std::int32_t> begin();
  // Whether the text needs another token; if a stop was asked for, it ends here.
  bool goes_on();
  // Takes the next token, by its logits, which rules may change. kInvalidModel where they are no
  // numbers.
  Result<void> choose(std::span<float> logits);
  // What the network has to see before it can be asked for another token: the last one chosen, if
  // any.
  std::span<const std::int32_t> pending() const;

  const Prompt& prompt() const { return prompt_; }
  GrowingCache& cache() { return cache_; }
  PageText& page() { return page_; }

 private:
  std::int64_t length() const { return std::ssize(page_.ids); }
  void end(FinishReason reason);

  const NetworkSpec& spec_;
  Prompt prompt_;
  ReadOptions options_;
  PageText page_;
  GrowingCache cache_;
  std::int64_t most_;
  RepeatGuard guard_;
  LoopDetector loops_;
  TextWriter writer_;
  Random random_;
  bool over_ = false;
};

}  // namespace lectio
