// SPDX-License-Identifier: Apache-2.0
// Texts that no language predicts, and texts under another page's picture.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "base/splitmix.h"
#include "eval/controls.h"

namespace lectio {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

char some(Random& random, char first, std::uint64_t count) {
  return static_cast<char>(first + static_cast<char>(random.below(count)));
}

// Up to the last space at or before the middle; nothing where there is none.
std::size_t first_half(std::string_view text) {
  const std::size_t space = text.rfind(' ', text.size() / 2);
  return space == std::string_view::npos ? 0 : space;
}

}  // namespace

std::string shuffle_words(std::string_view text, std::uint64_t seed) {
  std::vector<std::string_view> words;
  std::vector<std::string_view> gaps;  // gaps[i] stands before word i; one more at the end
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t begin = at;
    while (begin < text.size() && is_space(text[begin])) ++begin;
    gaps.push_back(text.substr(at, begin - at));
    if (begin == text.size()) break;
    std::size_t end = begin;
    while (end < text.size() && !is_space(text[end])) ++end;
    words.push_back(text.substr(begin, end - begin));
    at = end;
  }
  Random random(splitmix64(seed));
  for (std::size_t i = words.size(); i > 1; --i) std::swap(words[i - 1], words[random.below(i)]);
  std::string shuffled;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    shuffled += gaps[i];
    if (i < words.size()) shuffled += words[i];
  }
  return shuffled;
}

std::string random_letters(std::string_view text, std::uint64_t seed) {
  Random random(splitmix64(seed));
  std::string result(text);
  for (char& c : result) {
    if (is_lower(c)) {
      c = some(random, 'a', 26);
    } else if (is_upper(c)) {
      c = some(random, 'A', 26);
    } else if (is_digit(c)) {
      c = some(random, '0', 10);
    }
  }
  return result;
}

std::string random_digits(std::string_view text, std::uint64_t seed) {
  Random random(splitmix64(seed));
  std::string result(text);
  for (char& c : result) {
    if (is_lower(c) || is_upper(c) || is_digit(c)) c = some(random, '0', 10);
  }
  return result;
}

std::vector<TextControl> text_controls(const std::string& kind,
                                       const std::vector<TextPage>& pages) {
  LECTIO_CHECK(pages.size() >= 2, std::to_string(pages.size()) + " pages, expected another one");
  std::vector<TextControl> own, other_text, half, other_picture;
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const TextPage& page = pages[i];
    const TextPage& next = pages[(i + 1) % pages.size()];
    const std::size_t cut = first_half(page.text);
    own.push_back({kind, page.page, "", page.text});
    other_text.push_back({kind + ", other text", page.page, "", next.text});
    half.push_back(
        {kind + ", second half", page.page, page.text.substr(0, cut), page.text.substr(cut)});
    other_picture.push_back(
        {kind + ", other picture", next.page, page.text.substr(0, cut), page.text.substr(cut)});
  }
  for (std::vector<TextControl>* more : {&other_text, &half, &other_picture}) {
    std::move(more->begin(), more->end(), std::back_inserter(own));
  }
  return own;
}

Result<std::vector<TextScore>> score_texts(const std::vector<TextControl>& controls,
                                           const GivenReader& reader) {
  std::vector<TextScore> scores;
  std::vector<std::vector<double>> precisions;  // of each score's pages
  for (const TextControl& control : controls) {
    auto score = std::ranges::find(scores, control.kind, &TextScore::kind);
    if (score == scores.end()) {
      TextScore fresh;
      fresh.kind = control.kind;
      score = scores.insert(score, std::move(fresh));
      precisions.emplace_back();
    }
    ++score->pages;
    const std::u32string expected = collapse_whitespace(control.rest);
    score->characters += static_cast<std::int64_t>(expected.size());
    const Result<std::string> text = reader(control.page, control.given);
    double precision = 0;
    if (text) {
      precision = character_precision(expected, collapse_whitespace(*text));
    } else {
      if (text.error().code() == ErrorCode::kCancelled) return text.error();
      ++score->failed;
    }
    precisions[static_cast<std::size_t>(score - scores.begin())].push_back(precision);
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i].precision = mean_of(precisions[i]);
    scores[i].bounds = bootstrap_mean_95(precisions[i]);
  }
  return scores;
}

}  // namespace lectio
