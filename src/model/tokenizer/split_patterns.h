// SPDX-License-Identifier: Apache-2.0
// Pre-tokenisation: a sequence of regular expressions, each of which cuts what the one before left
// over and what it found (behaviour "Isolated": matches and the gaps between them are pieces
// alike).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

// The three expressions of the official tokenizer (spec 10.1): digits in threes, ideographs and
// kana, everything else.
std::vector<std::string> official_expressions();

// Immutable, so thread-safe. Movable.
class SplitPatterns {
 public:
  // kInvalidModel with each expression that does not compile. \s is Unicode's White_Space
  // (spec 10.1).
  static Result<SplitPatterns> compile(const std::vector<std::string>& expressions);
  SplitPatterns(SplitPatterns&&) noexcept;
  SplitPatterns& operator=(SplitPatterns&&) noexcept;
  ~SplitPatterns();

 private:
  friend class Splitter;
  struct Pattern;
  SplitPatterns();
  std::vector<std::unique_ptr<const Pattern>> patterns_;
};

// The working memory of one thread. Matching is bounded: an expression that exceeds its steps on
// some text (only a hostile one does) cuts nothing more for the rest of this object's life.
class Splitter {
 public:
  using Sink = std::function<void(std::string_view piece)>;

  Splitter(const SplitPatterns& patterns, Sink sink);  // patterns outlive the splitter
  Splitter(const Splitter&) = delete;
  Splitter& operator=(const Splitter&) = delete;
  ~Splitter();

  // Hands the pieces of valid UTF-8 text to the sink in order; together they are the text.
  void split(std::string_view text) { split_from(0, text); }

 private:
  struct Memory;
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  void split_from(std::size_t stage, std::string_view text);
  bool search(std::size_t stage, std::string_view text, std::size_t from, Span& found);

  const SplitPatterns& patterns_;
  Sink sink_;
  std::unique_ptr<Memory> memory_;
  std::vector<bool> given_up_;
};

}  // namespace lectio
