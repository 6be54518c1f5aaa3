// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/markup.h"

#include <array>
#include <cstdint>
#include <utility>

#include "base/entity.h"
#include "ocr/answer/grounding.h"

namespace lectio {
namespace {

constexpr std::array<std::string_view, 22> kTags = {
    "table", "thead",  "tbody", "tfoot", "tr",  "td", "th", "caption", "b",   "i",    "u",
    "s",     "strong", "em",    "sub",   "sup", "br", "p",  "center",  "div", "span", "html"};
constexpr std::size_t kLongestTag = 400;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string_view known_tag(std::string_view name) {
  for (const std::string_view tag : kTags) {
    if (tag.size() != name.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < tag.size(); ++i) same = same && small(name[i]) == tag[i];
    if (same) return tag;
  }
  return {};
}

// ![...](...) at text[at]: its bytes, or 0.
std::size_t picture_size(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "![") return 0;
  const std::size_t close = text.find_first_of("]\n", at);
  if (close == std::string_view::npos || text.substr(close, 2) != "](") return 0;
  const std::size_t end = text.find_first_of(")\n", close);
  if (end == std::string_view::npos || text[end] != ')') return 0;
  return end + 1 - at;
}

std::size_t formula_mark_size(std::string_view text, std::size_t at) {
  const std::string_view mark = text.substr(at, 2);
  return mark == "\\(" || mark == "\\)" || mark == "\\[" || mark == "\\]" ? 2 : 0;
}

class PlainWriter {
 public:
  explicit PlainWriter(std::string_view markup) : markup_(markup) {}

  PlainText write() {
    while (at_ < markup_.size()) step();
    trim();
    return std::move(plain_);
  }

 private:
  void put(std::string_view bytes) {
    plain_.text += bytes;
    plain_.source.insert(plain_.source.end(), bytes.size(), at_);
  }

  void put_tag(const Tag& tag) {
    if (tag.name == "td" || tag.name == "th") {
      if (!tag.closing && !row_is_empty_) put("\t");
      if (!tag.closing) row_is_empty_ = false;
    } else if (tag.name == "tr" || tag.name == "br" || tag.name == "table" || tag.name == "p") {
      if (!plain_.text.empty() && plain_.text.back() != '\n') put("\n");
      row_is_empty_ = true;
    }
    at_ += tag.size;
  }

  void step() {
    const bool line_start = at_ == 0 || markup_[at_ - 1] == '\n';
    if (line_start) {
      if (const std::size_t level = heading_level(markup_.substr(at_))) {
        at_ += level + 1;
        return;
      }
    }
    std::size_t skip = mark_size(markup_, at_);
    if (skip == 0) skip = picture_size(markup_, at_);
    if (skip == 0) skip = formula_mark_size(markup_, at_);
    if (skip == 0 && markup_.substr(at_, 2) == "**") skip = 2;
    if (skip > 0) {
      at_ += skip;
      return;
    }
    if (const Tag tag = tag_at(markup_, at_); tag.size > 0) {
      put_tag(tag);
      return;
    }
    if (const Entity entity = entity_at(markup_, at_); entity.size > 0) {
      put(entity.text);
      at_ += entity.size;
      return;
    }
    put(markup_.substr(at_, 1));
    ++at_;
  }

  void trim() {
    std::string& text = plain_.text;
    std::size_t begin = 0;
    while (begin < text.size() && is_blank(text[begin])) ++begin;
    std::size_t end = text.size();
    while (end > begin && is_blank(text[end - 1])) --end;
    text = text.substr(begin, end - begin);
    plain_.source.erase(plain_.source.begin() + static_cast<std::ptrdiff_t>(end),
                        plain_.source.end());
    plain_.source.erase(plain_.source.begin(),
                        plain_.source.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  std::string_view markup_;
  std::size_t at_ = 0;
  bool row_is_empty_ = true;
  PlainText plain_;
};

}  // namespace

Tag tag_at(std::string_view text, std::size_t at) {
  if (at >= text.size() || text[at] != '<') return {};
  Tag tag;
  std::size_t name = at + 1;
  if (name < text.size() && text[name] == '/') {
    tag.closing = true;
    ++name;
  }
  std::size_t end = name;
  while (end < text.size() && end - name < 8 && small(text[end]) >= 'a' &&
         small(text[end]) <= 'z') {
    ++end;
  }
  tag.name = known_tag(text.substr(name, end - name));
  if (tag.name.empty() || end >= text.size()) return {};
  if (text[end] != '>' && text[end] != ' ' && text[end] != '/') return {};
  const std::size_t close = text.substr(0, at + kLongestTag).find_first_of("<>", end);
  if (close == std::string_view::npos || text[close] != '>') return {};
  tag.size = close + 1 - at;
  return tag;
}

PlainText plain_text(std::string_view markup) { return PlainWriter(markup).write(); }

std::string stripped_text(std::string_view markup) {
  const std::string plain = plain_text(markup).text;
  std::string stripped;
  bool blank = false;
  for (const char c : plain) {
    if (is_blank(c)) {
      blank = true;
      continue;
    }
    if (blank && !stripped.empty()) stripped += ' ';
    blank = false;
    stripped += c;
  }
  return stripped;
}

std::size_t heading_level(std::string_view line) {
  std::size_t level = 0;
  while (level < line.size() && line[level] == '#') ++level;
  return level <= 6 && level < line.size() && line[level] == ' ' ? level : 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace lectio
