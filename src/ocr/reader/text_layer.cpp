// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/text_layer.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace lectio {
namespace {

// Of the page, what a picture covers at least that is the page.
constexpr double kScan = 0.7;

bool is_strange(char32_t character) {
  if (character == 0xFFFD) return true;
  if (character < 0x20) return character != '\n' && character != '\t';
  if (character >= 0x7F && character < 0xA0) return true;
  return (character >= 0xE000 && character <= 0xF8FF) || character >= 0xF0000;
}

double strange_share(std::string_view text) {
  std::int64_t all = 0;
  std::int64_t strange = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar character = decode_utf8(text, at);
    at += character.size;
    ++all;
    strange += is_strange(character.code) ? 1 : 0;
  }
  return all == 0 ? 0 : static_cast<double>(strange) / static_cast<double>(all);
}

PageReading reading_of(const Page& page, const InkReport& ink, const VerdictLimits& limits) {
  PageReading reading;
  Evidence& evidence = reading.evidence;
  evidence.text_layer = true;
  evidence.ink_blank = ink.blank;
  evidence.ink_coverage = ink.coverage;
  evidence.ink_stains = ink.stains;
  evidence.ink_characters = ink.characters;
  reading.text.mode = "text_layer";
  if (page.layer) {
    reading.text.text = page.layer->text;
    evidence.read_characters = count_letters(page.layer->text);
    evidence.strange_share = strange_share(page.layer->text);
    std::vector<Box> boxes;
    boxes.reserve(page.layer->words.size());
    for (const LayerWord& word : page.layer->words) boxes.push_back(word.box);
    if (ink.characters >= limits.least_ink_characters) {
      evidence.unread_ink = unread_ink(ink, boxes, page.image.width, page.image.height).share;
    }
  }
  if (reading.text.text.empty() && !ink.blank) evidence.skipped = "no text layer";
  reading.verdict = judge(evidence, limits);
  return reading;
}

}  // namespace

Result<PageReading> read_with_layer(const Page& page, const InkReport& ink, TextLayerUse use,
                                    const CarefulOptions& options, const AskModel& ask) {
  if (use == TextLayerUse::kIgnore) return read_carefully(page, ink, options, ask);
  PageReading reading = reading_of(page, ink, options.limits);
  const bool good = page.layer && !ink.blank && reading.verdict == Verdict::kOk &&
                    page.layer->picture_share < kScan;
  if (use == TextLayerUse::kPrefer && !good) return read_carefully(page, ink, options, ask);
  if (options.read.on_text && !reading.text.text.empty()) {
    options.read.on_text(reading.text.text);
  }
  return reading;
}

}  // namespace lectio
