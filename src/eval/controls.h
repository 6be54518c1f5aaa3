// SPDX-License-Identifier: Apache-2.0
// Does a reader read? Pages that say nothing, from which whatever comes was invented; pages whose
// text no language predicts; and texts held against another page's picture.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "eval/metrics.h"
#include "ocr/pages/page.h"

namespace lectio {

struct ControlPage {
  std::string kind;  // "white", "grey", "black", "noise", "picture", "bleed-through"
  Page page;
};

// One page of each kind for each print, of its size: paper, grey and black all over, noise, shapes
// and gradients, and the print itself faintly from behind. A pure function of prints and seed.
std::vector<ControlPage> pages_without_text(const std::vector<Image>& prints, std::uint64_t seed);

struct ControlReading {
  std::string text;
  bool flagged = false;  // the reader says that the text may be wrong
};
using ControlReader = std::function<Result<ControlReading>(const Page&)>;

// What one reader made of the pages of one kind.
struct ControlScore {
  std::string reader;
  std::string kind;
  std::int64_t pages = 0;
  std::int64_t failed = 0;
  std::int64_t with_text = 0;   // anything but white space
  std::int64_t unflagged = 0;   // of these, not flagged
  std::int64_t characters = 0;  // of all their texts, white space collapsed
  std::string longest;          // the longest of them, collapsed
};

// A score for each kind in the order of the pages. kCancelled as soon as the reader says so; other
// errors are counted.
Result<std::vector<ControlScore>> score_controls(const std::vector<ControlPage>& pages,
                                                 const std::string& name,
                                                 const ControlReader& reader);

// Texts of the same words, lengths and white space with less and less for a language model to go
// on. Pure functions of text and seed.
std::string shuffle_words(std::string_view text, std::uint64_t seed);  // white space stays
// Every letter of ASCII becomes a random one of the same case, every digit a random digit.
std::string random_letters(std::string_view text, std::uint64_t seed);
// Every letter and digit of ASCII becomes a random digit.
std::string random_digits(std::string_view text, std::uint64_t seed);

// A picture, what is said to stand at the beginning of its text, and what is expected behind that.
struct TextControl {
  std::string kind;
  Page page;
  std::string given;
  std::string rest;
};
// A page with its own text.
struct TextPage {
  Page page;
  std::string text;
};
// For each page, in this order of kinds: its text; "other text", the next page's text, which is
// what precision comes to by chance; "second half", where the first is given; and "other picture",
// the same under the next page's picture: a reader that looks is lost there, and one that only goes
// on with a text is as good as before. The first half ends before a space. Two pages at least.
std::vector<TextControl> text_controls(const std::string& kind, const std::vector<TextPage>& pages);

struct TextScore {
  std::string kind;
  std::int64_t pages = 0;
  std::int64_t failed = 0;      // counted as 0
  std::int64_t characters = 0;  // expected, white space collapsed
  double precision = 0;         // mean over pages
  Interval bounds;              // 95 %
};
// Gives what comes behind `given`.
using GivenReader = std::function<Result<std::string>(const Page&, std::string_view given)>;
// As score_controls.
Result<std::vector<TextScore>> score_texts(const std::vector<TextControl>& controls,
                                           const GivenReader& reader);

struct ControlsReport {
  std::vector<ControlScore> without_text;
  std::vector<TextScore> texts;
};
std::string to_table(const ControlsReport& report);
std::string to_json(const ControlsReport& report);

}  // namespace lectio
