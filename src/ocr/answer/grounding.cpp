// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/grounding.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace lectio {
namespace {

constexpr std::string_view kRef = "<|ref|>";
constexpr std::string_view kRefEnd = "<|/ref|>";
constexpr std::string_view kDet = "<|det|>";
constexpr std::string_view kDetEnd = "<|/det|>";
constexpr std::array<std::string_view, 5> kMarks = {kRef, kRefEnd, kDet, kDetEnd, "<|grounding|>"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

// Reads lists of numbers two deep.
class ListReader {
 public:
  explicit ListReader(std::string_view text) : text_(text) {}

  BoxList read() {
    BoxList list;
    if (text_.empty() || text_[0] != '[') return list;
    ++at_;
    bool whole = true;
    at_ = skip_blanks(text_, at_);
    if (at_ < text_.size() && text_[at_] != '[') {
      whole = read_box(list);  // one list of four
    } else {
      whole = read_inner_lists(list);
    }
    list.complete = whole && closed_ && !list.boxes.empty();
    list.size = at_;
    return list;
  }

 private:
  // [..], [..] and the closing bracket.
  bool read_inner_lists(BoxList& list) {
    bool whole = true;
    while (at_ < text_.size() && text_[at_] == '[') {
      ++at_;
      whole = read_box(list) && whole;
      if (!closed_) return false;
      closed_ = false;
      at_ = skip_blanks(text_, at_);
      if (at_ < text_.size() && text_[at_] == ',') at_ = skip_blanks(text_, at_ + 1);
    }
    if (at_ >= text_.size() || text_[at_] != ']') return false;
    ++at_;
    closed_ = true;
    return whole;
  }

  // Numbers up to the closing bracket. A list that has not four is read and left out.
  bool read_box(BoxList& list) {
    ModelBox box{};
    std::size_t count = 0;
    bool finite = true;
    closed_ = false;
    while (true) {
      at_ = skip_blanks(text_, at_);
      if (at_ < text_.size() && text_[at_] == ']') break;
      const auto number = read_number();
      if (!number) return false;
      finite = finite && std::isfinite(*number);
      if (count < box.size()) box[count] = *number;
      ++count;
      at_ = skip_blanks(text_, at_);
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
    ++at_;
    closed_ = true;
    if (count != box.size() || !finite) return false;
    list.boxes.push_back(box);
    return true;
  }

  std::optional<double> read_number() {
    const char* const first = text_.data() + at_;
    const char* const last = text_.data() + text_.size();
    if (first == last || !(*first == '-' || (*first >= '0' && *first <= '9'))) return std::nullopt;
    double value = 0;
    const auto read = std::from_chars(first, last, value);
    if (read.ec != std::errc() && read.ec != std::errc::result_out_of_range) return std::nullopt;
    if (read.ec == std::errc::result_out_of_range) value = HUGE_VAL;
    at_ += static_cast<std::size_t>(read.ptr - first);
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool closed_ = false;
};

// item.end and item.boxes from what stands behind <|/ref|>, at `at`.
void read_det(std::string_view text, std::size_t at, GroundedItem& item) {
  item.end = at;
  const std::size_t det = skip_blanks(text, at);
  if (text.substr(det, kDet.size()) != kDet) {
    item.problem = "no <|det|> behind <|/ref|>";
    return;
  }
  item.end = det + kDet.size();
  const std::size_t start = skip_blanks(text, item.end);
  const BoxList list = parse_boxes(text.substr(start));
  item.boxes = list.boxes;
  if (list.size > 0) item.end = start + list.size;
  if (!list.complete) item.problem = "boxes that are no list of four numbers each";
  const std::size_t close = skip_blanks(text, item.end);
  if (text.substr(close, kDetEnd.size()) == kDetEnd) {
    item.end = close + kDetEnd.size();
  } else if (item.problem.empty()) {
    item.problem = "no <|/det|> behind the boxes";
  }
}

std::vector<GroundedItem> find_marked(std::string_view text) {
  std::vector<GroundedItem> items;
  std::size_t at = text.find(kRef);
  while (at != std::string_view::npos) {
    const std::size_t label = at + kRef.size();
    const std::size_t close = text.find(kRefEnd, label);
    if (close == std::string_view::npos) break;
    const std::size_t next = text.find(kRef, label);
    if (next < close) {  // this one was never closed: it is text
      at = next;
      continue;
    }
    GroundedItem item;
    item.begin = at;
    item.label_begin = label;
    item.label_end = close;
    read_det(text, close + kRefEnd.size(), item);
    at = text.find(kRef, item.end);
    items.push_back(std::move(item));
  }
  return items;
}

// LABEL[[...]] alone on its line, LABEL one of the layout labels, coordinates 0 to 1000.
std::optional<GroundedItem> bare_item(std::string_view text, std::size_t begin) {
  std::size_t label_end = begin;
  while (label_end < text.size() &&
         ((text[label_end] >= 'a' && text[label_end] <= 'z') || text[label_end] == '_')) {
    ++label_end;
  }
  const std::string_view label = text.substr(begin, label_end - begin);
  if (text.substr(label_end, 2) != "[[" || !block_kind_of_label(label)) return std::nullopt;
  BoxList list = parse_boxes(text.substr(label_end));
  const auto outside = [](const ModelBox& box) {
    return std::any_of(box.begin(), box.end(), [](double c) { return !(c >= 0 && c <= 1000); });
  };
  if (!list.complete || std::any_of(list.boxes.begin(), list.boxes.end(), outside)) {
    return std::nullopt;
  }
  GroundedItem item;
  item.begin = begin;
  item.label_begin = begin;
  item.label_end = label_end;
  item.end = label_end + list.size;
  item.boxes = std::move(list.boxes);
  std::size_t rest = item.end;
  while (rest < text.size() && (text[rest] == ' ' || text[rest] == '\r')) ++rest;
  if (rest < text.size() && text[rest] != '\n') return std::nullopt;
  return item;
}

std::vector<GroundedItem> find_bare(std::string_view text) {
  std::vector<GroundedItem> items;
  for (std::size_t at = 0; at < text.size();) {
    if (auto item = bare_item(text, at)) {
      at = item->end;
      items.push_back(*std::move(item));
    }
    const std::size_t line_end = text.find('\n', at);
    if (line_end == std::string_view::npos) break;
    at = line_end + 1;
  }
  return items;
}

}  // namespace

BoxList parse_boxes(std::string_view text) { return ListReader(text).read(); }

std::vector<GroundedItem> find_items(std::string_view text) {
  if (text.find(kRef) != std::string_view::npos) return find_marked(text);
  return find_bare(text);
}

std::size_t mark_size(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '<') return 0;
  for (const std::string_view mark : kMarks) {
    if (text.substr(at, mark.size()) == mark) return mark.size();
  }
  return 0;
}

std::string without_marks(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t size = mark_size(text, at)) {
      at += size;
    } else {
      kept += text[at++];
    }
  }
  return kept;
}

}  // namespace lectio
