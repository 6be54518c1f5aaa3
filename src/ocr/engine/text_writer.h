// SPDX-License-Identifier: Apache-2.0
// The tokens of a page as they come: into the page's text, and on to whoever listens.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "model/tokenizer/tokenizer.h"
#include "ocr/pages/page.h"

namespace lectio {

// Keeps page.ids, page.log_probabilities, page.text_ends and page.text in step. Tokens that a loop
// may yet take back wait; the text has them once they are settled or the text ends. Looks at its
// arguments as long as it lives.
class TextWriter {
 public:
  TextWriter(const Tokenizer& tokenizer, PageText& page,
             const std::function<void(std::string_view)>& on_text)
      : page_(page),
        on_text_(on_text),
        decoder_(tokenizer) {}

  // What the text begins with: nobody is told of it again.
  void begin_with(std::span<const std::int32_t> prefix, std::span<const float> log_probabilities);
  // The next token; the first `settled` tokens of the text can be handed on.
  void push(std::int32_t id, float log_probability, std::int64_t settled);
  // The text is over: everything is handed on.
  FinishReason finish(FinishReason reason);
  // The text is over and goes back to loop.keep tokens.
  FinishReason finish_loop(const LoopSpan& loop);

 private:
  std::string take(std::int32_t id);
  void hand_on(std::int64_t settled);

  PageText& page_;
  const std::function<void(std::string_view)>& on_text_;
  StreamDecoder decoder_;
  std::int64_t handed_on_ = 0;
};

}  // namespace lectio
