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
  LECTIO_CHECK(rule_.repeated_tokens > 0 && rule_.repeated_unit_tokens > 0 &&
                   rule_.structural_tokens >= 0 && rule_.bad_boxes > 0 && rule_.most_wasted > 0,
               "a loop rule without limits");
}

void LoopDetector::begin_with(std::span<const std::int32_t> prefix) {
  if (!rule_.watch) return;
  for (const std::int32_t token : prefix) follow(token);
  prefix_ = std::ssize(prefix);
}

bool LoopDetector::push(std::int32_t token) {
  LECTIO_CHECK(!found_, "the loop was found already");
  if (!rule_.watch) return false;
  follow(token);
  look_for_tokens();
  if (!found_) look_for_boxes();
  if (!found_) look_for_numbers();
  if (!found_) look_for_surplus();
  return found_.has_value();
}

void LoopDetector::follow(std::int32_t token) {
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
  const auto& cells = rule_.structural;
  const bool structural = std::find(cells.begin(), cells.end(), token) != cells.end();
  structural_run_ = structural ? structural_run_ + 1 : 0;
  count_characters(bytes);
  follow_boxes(bytes);
}

std::int64_t LoopDetector::settled() const {
  if (!rule_.watch) return std::numeric_limits<std::int64_t>::max();
  std::int64_t sure = tokens_.count() - tokens_.longest();
  if (!bad_begins_.empty()) sure = std::min(sure, bad_begins_.front());
  if (in_boxes_) sure = std::min(sure, group_begin_);
  if (label_begin_ >= 0) sure = std::min(sure, label_begin_);
  if (beyond_page_ >= 0) sure = std::min(sure, beyond_page_);
  return sure;
}

// Coordinates of boxes are none.
void LoopDetector::count_characters(std::string_view bytes) {
  std::int64_t characters = characters_.empty() ? 0 : characters_.back();
  std::int64_t marks = marks_.empty() ? 0 : marks_.back();
  if (!is_markup(bytes) && !in_boxes_) {
    for (const char c : bytes) {
      const auto byte = static_cast<unsigned char>(c);
      const bool letter = (byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z';
      if (letter || is_digit(c) || byte >= 0xC0) {
        ++characters;
      } else if (byte > ' ' && byte < 0x80) {
        ++marks;
      }
    }
  }
  characters_.push_back(characters);
  marks_.push_back(marks);
  // Ink is counted roughly: a quarter more, and a line.
  const bool beyond = rule_.page_characters > 0 && characters > rule_.page_characters * 5 / 4 + 100;
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
    bad_begins_.clear();
  } else {
    bad_begins_.push_back(group_begin_);
  }
}

// The last tokens are those of a unit that was a loop before, wherever in it they begin.
bool LoopDetector::is_known(std::int64_t period) const {
  if (tokens_.at(period) < kKnownTokens) return false;
  const std::int64_t first = tokens_.count() - kKnownTokens;
  const auto goes_on_from = [&](const std::vector<std::int32_t>& unit, std::int64_t offset) {
    for (std::int64_t i = 0; i < kKnownTokens; ++i) {
      if (tokens_.symbol(first + i) != unit[static_cast<std::size_t>((offset + i) % period)]) {
        return false;
      }
    }
    return true;
  };
  for (const std::vector<std::int32_t>& unit : rule_.known) {
    if (std::ssize(unit) != period) continue;
    for (std::int64_t offset = 0; offset < period; ++offset) {
      if (goes_on_from(unit, offset)) return true;
    }
  }
  return false;
}

// Up to which token a repetition may be true: its first unit, and what the page has room for.
std::int64_t LoopDetector::true_until(std::int64_t begin, std::int64_t period) const {
  const std::int64_t second = begin + period;
  if (structural_run_ >= tokens_.count() - second) return second + rule_.structural_tokens;
  const auto last = static_cast<std::size_t>(second - 1);
  const auto as_many = [&](const std::vector<std::int64_t>& counts, std::int64_t more) {
    const auto passed =
        std::upper_bound(counts.begin() + second, counts.end(), counts[last] + more);
    return passed - counts.begin();
  };
  if (characters_.back() == characters_[last]) {
    return rule_.repeated_marks == 0 ? second : as_many(marks_, rule_.repeated_marks);
  }
  return rule_.repeated_characters == 0 ? second : as_many(characters_, rule_.repeated_characters);
}

// Of a repetition with letters, the tokens that may be one leader of the page: lines of a table of
// contents differ in what stands before and behind it.
std::int64_t LoopDetector::leader_behind(std::int64_t second) const {
  if (characters_.back() == characters_[static_cast<std::size_t>(second - 1)]) return 0;
  std::int64_t tokens = 0;
  std::int64_t marks = 0;
  for (auto i = static_cast<std::size_t>(second); i < characters_.size(); ++i) {
    marks += marks_[i] - marks_[i - 1];
    if (characters_[i] == characters_[i - 1] && marks <= rule_.repeated_marks) ++tokens;
  }
  return tokens;
}

// Tokens that a loop throws away which is taken back to `keep`.
std::int64_t LoopDetector::wasted_behind(std::int64_t keep) const {
  return tokens_.count() - std::max(keep, prefix_);
}

void LoopDetector::find(LoopKind kind, std::int64_t begin, std::int64_t period, std::int64_t keep) {
  const std::int64_t least = tokens_.count() - rule_.most_wasted;
  found_ = LoopSpan{kind, begin, period, tokens_.count() - begin, std::max({keep, prefix_, least})};
}

// From how many repeated tokens on they are a loop.
std::int64_t LoopDetector::limit_of(std::int64_t begin, std::int64_t period) const {
  // A longer unit is a sentence or a paragraph: a fifth more of it.
  std::int64_t limit =
      period > kShortPeriod ? rule_.repeated_tokens * 6 / 5 : rule_.repeated_tokens;
  const auto last_of_unit = static_cast<std::size_t>(begin + period - 1);
  if (characters_.back() > characters_[last_of_unit]) {
    limit = std::min(limit, std::max(rule_.repeated_unit_tokens, period));
  }
  if (is_known(period)) limit = std::min(limit, kKnownTokens);
  return std::min(limit, rule_.most_wasted);
}

void LoopDetector::look_for_tokens() {
  const std::int64_t least = std::min({rule_.repeated_tokens, kKnownTokens, rule_.most_wasted});
  if (tokens_.longest() < least) return;
  const std::int64_t longest = std::min(tokens_.count() - 1, kLongestPeriod);
  for (std::int64_t period = 1; period <= longest; ++period) {
    const std::int64_t repeated = tokens_.at(period);
    if (repeated < least) continue;
    const std::int64_t begin = tokens_.count() - repeated - period;
    const std::int64_t limit = limit_of(begin, period);
    const std::int64_t wasted = wasted_behind(begin + period);
    if (wasted < limit) continue;
    const std::int64_t keep = true_until(begin, period);
    if (keep >= tokens_.count()) continue;
    if (wasted - leader_behind(begin + period) < limit) continue;
    find(LoopKind::kTokens, begin, period, keep);
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
    find(LoopKind::kNumbers, begin, unit, std::max(begin + unit, beyond_page_));
    return;
  }
}

void LoopDetector::look_for_boxes() {
  const std::int64_t groups = std::ssize(bad_begins_);
  if (groups < rule_.bad_boxes) return;
  // Behind the boxes may stand their texts, which differ: as many groups as may be taken back.
  std::int64_t keep = tokens_.count();
  for (const std::int64_t begin : bad_begins_) {
    if (wasted_behind(begin) <= rule_.most_wasted) keep = std::min(keep, begin);
  }
  const std::int64_t begin = bad_begins_.front();
  find(LoopKind::kBoxes, begin, (tokens_.count() - begin) / groups, keep);
}

void LoopDetector::look_for_surplus() {
  if (beyond_page_ < 0) return;
  const bool far = characters_.back() > rule_.page_characters * 5 / 2 + 400;
  if (!far && wasted_behind(beyond_page_) < rule_.most_wasted) return;
  find(LoopKind::kSurplus, beyond_page_, 0, beyond_page_);
}

}  // namespace lectio
