// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/text_writer.h"

#include <algorithm>
#include <limits>
#include <string>

namespace lectio {

// What the token adds to the text.
std::string TextWriter::take(std::int32_t id) {
  std::string piece = decoder_.push(id);
  page_.text += piece;
  page_.text_ends.push_back(static_cast<std::int64_t>(page_.text.size()));
  return piece;
}

void TextWriter::begin_with(std::span<const std::int32_t> prefix,
                            std::span<const float> log_probabilities) {
  page_.ids.assign(prefix.begin(), prefix.end());
  page_.log_probabilities.assign(log_probabilities.begin(), log_probabilities.end());
  page_.log_probabilities.resize(prefix.size(), std::numeric_limits<float>::quiet_NaN());
  for (const std::int32_t id : prefix) take(id);
  handed_on_ = static_cast<std::int64_t>(prefix.size());
}

void TextWriter::hand_on(std::int64_t settled) {
  settled = std::min(settled, static_cast<std::int64_t>(page_.ids.size()));
  for (; handed_on_ < settled; ++handed_on_) {
    const std::string piece = take(page_.ids[static_cast<std::size_t>(handed_on_)]);
    if (on_text_ && !piece.empty()) on_text_(piece);
  }
}

void TextWriter::push(std::int32_t id, float log_probability, std::int64_t settled) {
  page_.ids.push_back(id);
  page_.log_probabilities.push_back(log_probability);
  hand_on(settled);
}

FinishReason TextWriter::finish(FinishReason reason) {
  hand_on(static_cast<std::int64_t>(page_.ids.size()));
  const std::string rest = decoder_.finish();
  page_.text += rest;
  if (!page_.text_ends.empty()) {  // bytes that were held back belong to the last token
    page_.text_ends.back() = static_cast<std::int64_t>(page_.text.size());
  }
  if (on_text_ && !rest.empty()) on_text_(rest);
  return reason;
}

FinishReason TextWriter::finish_loop(const LoopSpan& loop) {
  // The last token of the loop was never pushed, and a prefix stays whole.
  page_.ids.resize(static_cast<std::size_t>(
      std::max(handed_on_, std::min(loop.keep, static_cast<std::int64_t>(page_.ids.size())))));
  page_.log_probabilities.resize(page_.ids.size());
  page_.loop = loop;
  return finish(FinishReason::kLoop);
}

}  // namespace lectio
