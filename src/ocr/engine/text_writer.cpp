// SPDX-License-Identifier: Apache-2.0
#include "ocr/engine/text_writer.h"

#include <algorithm>
#include <string>

namespace lectio {

void TextWriter::begin_with(std::span<const std::int32_t> prefix) {
  page_.ids.assign(prefix.begin(), prefix.end());
  for (const std::int32_t id : prefix) page_.text += decoder_.push(id);
  handed_on_ = static_cast<std::int64_t>(prefix.size());
}

void TextWriter::hand_on(std::int64_t settled) {
  settled = std::min(settled, static_cast<std::int64_t>(page_.ids.size()));
  for (; handed_on_ < settled; ++handed_on_) {
    const std::string piece = decoder_.push(page_.ids[static_cast<std::size_t>(handed_on_)]);
    page_.text += piece;
    if (on_text_ && !piece.empty()) on_text_(piece);
  }
}

void TextWriter::push(std::int32_t id, std::int64_t settled) {
  page_.ids.push_back(id);
  hand_on(settled);
}

FinishReason TextWriter::finish(FinishReason reason) {
  hand_on(static_cast<std::int64_t>(page_.ids.size()));
  const std::string rest = decoder_.finish();
  page_.text += rest;
  if (on_text_ && !rest.empty()) on_text_(rest);
  return reason;
}

FinishReason TextWriter::finish_loop(const LoopSpan& loop) {
  // The last token of the loop was never pushed, and a prefix stays whole.
  page_.ids.resize(static_cast<std::size_t>(
      std::max(handed_on_, std::min(loop.keep, static_cast<std::int64_t>(page_.ids.size())))));
  page_.loop = loop;
  return finish(FinishReason::kLoop);
}

}  // namespace lectio
