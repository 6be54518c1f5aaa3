// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/python_literal.h"

#include <charconv>
#include <cmath>
#include <cstddef>

namespace lectio {
namespace {

constexpr int kMostDepth = 32;

class LiteralReader {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  Result<PythonValue> read_all() {
    LECTIO_TRY(PythonValue value, read(0));
    skip_blanks();
    if (at_ < text_.size()) return fail("the end of the text");
    return value;
  }

 private:
  Error fail(const std::string& expected) const {
    const std::string found =
        at_ < text_.size() ? "'" + std::string(1, text_[at_]) + "'" : "the end of the text";
    return Error(ErrorCode::kInvalidInput, "literal: byte " + std::to_string(at_) + ": expected " +
                                               expected + ", found " + found);
  }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Result<PythonValue> read(int depth) {
    if (depth > kMostDepth) return fail("at most " + std::to_string(kMostDepth) + " levels");
    skip_blanks();
    if (take('{')) return read_dict(depth);
    if (take('[')) return read_list(']', depth);
    if (take('(')) return read_list(')', depth);
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return read_string();
    PythonValue value;
    if (take_word("None")) return value;
    value.kind = PythonValue::Kind::kBool;
    if (take_word("False")) return value;
    value.number = 1;
    if (take_word("True")) return value;
    return read_number();
  }

  Result<PythonValue> read_number() {
    PythonValue value;
    value.kind = PythonValue::Kind::kNumber;
    const char* first = text_.data() + at_;
    const char* const last = text_.data() + text_.size();
    const bool plus = first != last && *first == '+';
    if (plus) ++first;
    const bool begins =
        first != last && (*first == '-' || *first == '.' || (*first >= '0' && *first <= '9'));
    if (!begins) return fail("a literal");
    const auto read = std::from_chars(first, last, value.number);
    if (read.ec != std::errc() || !std::isfinite(value.number)) return fail("a finite number");
    at_ = static_cast<std::size_t>(read.ptr - text_.data());
    return value;
  }

  Result<PythonValue> read_string() {
    PythonValue value;
    value.kind = PythonValue::Kind::kString;
    const char quote = text_[at_++];
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\n') return fail("a closing quote on the same line");
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
        ++at_;
        if (text_[at_] == 'n') {
          value.string += '\n';
        } else if (text_[at_] == 't') {
          value.string += '\t';
        } else {
          if (text_[at_] != '\\' && text_[at_] != '\'' && text_[at_] != '"') value.string += '\\';
          value.string += text_[at_];
        }
        continue;
      }
      value.string += text_[at_];
    }
    if (at_ >= text_.size()) return fail("a closing quote");
    ++at_;
    return value;
  }

  Result<PythonValue> read_list(char close, int depth) {
    PythonValue value;
    value.kind = PythonValue::Kind::kList;
    while (!take(close)) {
      LECTIO_TRY(PythonValue item, read(depth + 1));
      value.items.push_back(std::move(item));
      if (take(',')) continue;
      if (take(close)) break;
      return fail(std::string("',' or '") + close + "'");
    }
    return value;
  }

  Result<PythonValue> read_dict(int depth) {
    PythonValue value;
    value.kind = PythonValue::Kind::kDict;
    while (!take('}')) {
      skip_blanks();
      if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return fail("a key");
      LECTIO_TRY(PythonValue key, read_string());
      if (!take(':')) return fail("':'");
      LECTIO_TRY(PythonValue item, read(depth + 1));
      value.keys.push_back(std::move(key.string));
      value.items.push_back(std::move(item));
      if (take(',')) continue;
      if (take('}')) break;
      return fail("',' or '}'");
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const PythonValue* PythonValue::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &items[i];
  }
  return nullptr;
}

Result<PythonValue> parse_python_literal(std::string_view text) {
  return LiteralReader(text).read_all();
}

}  // namespace lectio
