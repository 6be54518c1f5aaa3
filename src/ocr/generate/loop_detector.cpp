// SPDX-License-Identifier: Apache-2.0
#include "ocr/generate/loop_detector.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace lectio {
namespace {

constexpr std::int32_t kNumber = -1;  // the symbol of a number of any length
// Up to this period a loop has come round at least twice before it counts.
constexpr std::int64_t kShortPeriod = 80;
// A longer unit is a sentence or a paragraph; this much of it word for word is no accident.
constexpr std::int64_t kLongUnitTokens = 192;
constexpr std::size_t kBoxesKept = 256;  // of a page; more are not compared with
constexpr std::int64_t kBoxScale = 999;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_number(std::string_view bytes) {
  return !bytes.empty() && std::all_of(bytes.begin(), bytes.end(), is_digit);
}

bool is_markup(std::string_view bytes) {
  return bytes.size() > 2 && bytes.front() == '<' && bytes.back() == '>';
}

}  // namespace

void LoopDetector::Matches::push(std::int32_t symbol) {
  const auto known = std::min<std::int64_t>(count(), kLongestPeriod);
  const std::int32_t* const end = symbols_.data() + symbols_.size();
  std::int32_t longest = 0;
  for (std::int64_t period = 1; period <= known; ++period) {
    std::int32_t& run = run_[static_cast<std::size_t>(period)];
    run = end[-period] == symbol ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  longest_ = longest;
  symbols_.push_back(symbol);
}

LoopDetector::LoopDetector(LoopRule rule, TokenBytes bytes)
    : rule_(std::move(rule)),
      bytes_(std::move(bytes)) {
  LECTIO_CHECK(rule_.repeated_tokens > 0 && rule_.structural_tokens > 0 && rule_.bad_boxes > 0,
               "a loop rule without limits");
}

bool LoopDetector::push(std::int32_t token) {
  LECTIO_CHECK(!found_, "the loop was found already");
  if (!rule_.watch) return false;
  const std::string_view bytes = bytes_(token);
  const std::int64_t at = tokens_.count();
  const bool number = is_number(bytes);
  const bool goes_on =
      number && shapes_.count() > 0 && shapes_.symbol(shapes_.count() - 1) == kNumber;
  tokens_.push(token);
  if (!goes_on) {
    shapes_.push(number ? kNumber : token);
    shape_begin_.push_back(at);
  }
  count_characters(bytes);
  follow_boxes(bytes);

  look_for_tokens();
  if (!found_) look_for_boxes();
  if (!found_) look_for_numbers();
  if (!found_) look_for_surplus();
  return found_.has_value();
}

std::int64_t LoopDetector::settled() const {
  if (!rule_.watch) return std::numeric_limits<std::int64_t>::max();
  std::int64_t sure = tokens_.count() - tokens_.longest();
  if (bad_groups_ > 0) sure = std::min(sure, bad_begin_);
  if (in_boxes_) sure = std::min(sure, group_begin_);
  if (label_begin_ >= 0) sure = std::min(sure, label_begin_);
  if (beyond_page_ >= 0) sure = std::min(sure, beyond_page_);
  return sure;
}

void LoopDetector::count_characters(std::string_view bytes) {
  if (is_markup(bytes)) return;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
    if (letter || is_digit(c) || byte >= 0xC0) ++characters_;
  }
  // Ink is counted roughly: a quarter more, and a line.
  const bool beyond =
      rule_.page_characters > 0 && characters_ > rule_.page_characters * 5 / 4 + 100;
  if (beyond && beyond_page_ < 0) beyond_page_ = tokens_.count() - 1;
}

void LoopDetector::take_number() {
  if (number_) numbers_.push_back(*number_);
  number_.reset();
}

void LoopDetector::follow_boxes(std::string_view bytes) {
  const std::int64_t at = tokens_.count() - 1;
  const bool behind_label = label_begin_ >= 0 && label_end_ > label_begin_;
  if (bytes == "<|ref|>") {
    label_begin_ = at;
  } else if (bytes == "<|/ref|>") {
    label_end_ = at;
  } else if (bytes == "<|det|>") {
    in_boxes_ = true;
    group_begin_ = label_begin_ >= 0 ? label_begin_ : at;
    numbers_.clear();
    number_.reset();
  } else if (bytes == "<|/det|>" && in_boxes_) {
    take_number();
    end_of_boxes();
  } else if (in_boxes_) {
    for (const char c : bytes) {
      if (!is_digit(c)) {
        take_number();
      } else {
        number_ = std::min<std::int64_t>(number_.value_or(0) * 10 + (c - '0'), 1'000'000);
      }
    }
  } else if (behind_label) {
    label_begin_ = -1;  // a label without boxes
  }
}

bool LoopDetector::is_new(const Box& box) const {
  if (box.x2 > kBoxScale || box.y2 > kBoxScale || box.x1 >= box.x2 || box.y1 >= box.y2)
    return false;
  const auto area = [](const Box& b) { return (b.x2 - b.x1) * (b.y2 - b.y1); };
  for (const Box& old : boxes_) {
    const std::int64_t width = std::min(box.x2, old.x2) - std::max(box.x1, old.x1);
    const std::int64_t height = std::min(box.y2, old.y2) - std::max(box.y1, old.y1);
    if (width <= 0 || height <= 0) continue;
    const std::int64_t shared = width * height;
    // Four fifths of the union, in whole numbers.
    if (5 * shared >= 4 * (area(box) + area(old) - shared)) return false;
  }
  return true;
}

void LoopDetector::end_of_boxes() {
  in_boxes_ = false;
  label_begin_ = -1;
  bool any_new = false;
  for (std::size_t i = 0; i + 4 <= numbers_.size(); i += 4) {
    const Box box{numbers_[i], numbers_[i + 1], numbers_[i + 2], numbers_[i + 3]};
    if (!is_new(box)) continue;
    any_new = true;
    if (boxes_.size() < kBoxesKept) boxes_.push_back(box);
  }
  if (any_new) {
    bad_groups_ = 0;
  } else if (++bad_groups_ == 1) {
    bad_begin_ = group_begin_;
  }
}

bool LoopDetector::is_structural(std::int64_t last) const {
  const auto& ids = rule_.structural;
  for (std::int64_t i = tokens_.count() - last; i < tokens_.count(); ++i) {
    if (std::find(ids.begin(), ids.end(), tokens_.symbol(i)) == ids.end()) return false;
  }
  return true;
}

void LoopDetector::look_for_tokens() {
  if (rule_.within_page && beyond_page_ < 0) return;
  if (tokens_.longest() < std::min(rule_.repeated_tokens, rule_.structural_tokens)) return;
  const std::int64_t longest = std::min(tokens_.count() - 1, kLongestPeriod);
  for (std::int64_t period = 1; period <= longest; ++period) {
    const std::int64_t repeated = tokens_.at(period);
    if (repeated < std::min(rule_.repeated_tokens, rule_.structural_tokens)) continue;
    const std::int64_t limit = is_structural(repeated) ? rule_.structural_tokens
                               : period > kShortPeriod
                                   ? std::max(rule_.repeated_tokens, kLongUnitTokens)
                                   : rule_.repeated_tokens;
    if (repeated < limit) continue;
    const std::int64_t begin = tokens_.count() - repeated - period;
    found_ = LoopSpan{LoopKind::kTokens, begin, period, repeated + period, begin + period};
    return;
  }
}

void LoopDetector::look_for_numbers() {
  if (beyond_page_ < 0 || shapes_.longest() < rule_.repeated_tokens) return;
  for (std::int64_t period = 1; period <= kShortPeriod; ++period) {
    const std::int64_t repeated = shapes_.at(period);
    if (repeated < rule_.repeated_tokens) continue;
    const std::int64_t first = shapes_.count() - repeated - period;
    const std::int64_t begin = shape_begin_[static_cast<std::size_t>(first)];
    const std::int64_t unit = shape_begin_[static_cast<std::size_t>(first + period)] - begin;
    found_ = LoopSpan{LoopKind::kNumbers, begin, unit, tokens_.count() - begin,
                      std::max(begin + unit, beyond_page_)};
    return;
  }
}

void LoopDetector::look_for_boxes() {
  if (bad_groups_ < rule_.bad_boxes) return;
  const std::int64_t length = tokens_.count() - bad_begin_;
  found_ = LoopSpan{LoopKind::kBoxes, bad_begin_, length / bad_groups_, length, bad_begin_};
}

void LoopDetector::look_for_surplus() {
  if (beyond_page_ < 0 || characters_ <= rule_.page_characters * 5 / 2 + 400) return;
  const std::int64_t length = tokens_.count() - beyond_page_;
  found_ = LoopSpan{LoopKind::kSurplus, beyond_page_, 0, length, beyond_page_};
}

}  // namespace lectio
