// SPDX-License-Identifier: Apache-2.0
#include "ocr/lines/place_words.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>

#include "base/utf8.h"
#include "ocr/lines/align.h"
#include "ocr/lines/ink_lines.h"
#include "ocr/lines/word_widths.h"

namespace lectio {
namespace {

constexpr std::size_t kMostCells = 30'000'000;  // of the alignment; a page has about a million

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// A piece of ink between two wide gaps, with its place among the lines.
struct Piece {
  Box box;
  std::size_t line = 0;
};

// Gaps between the runs of all lines, in heights of their lines; the largest count - 1 of each
// line's words make words. Returns the least gap that does.
double word_gap(const std::vector<InkLine>& lines, std::size_t words) {
  std::vector<double> gaps;
  for (const InkLine& line : lines) {
    for (std::size_t i = 1; i < line.runs.size(); ++i) {
      gaps.push_back(static_cast<double>(line.runs[i].x0 - line.runs[i - 1].x1) /
                     static_cast<double>(line.box.height()));
    }
  }
  constexpr double kLeast = 0.1;
  constexpr double kMost = 0.4;
  const std::size_t between = words > lines.size() ? words - lines.size() : 0;
  if (between == 0 || gaps.empty()) return kMost;
  if (between >= gaps.size()) return kLeast;
  const auto nth = gaps.begin() + static_cast<std::ptrdiff_t>(between - 1);
  std::nth_element(gaps.begin(), nth, gaps.end(), std::greater<>());
  // Halfway to the next smaller one, so that rounding does not part equal gaps.
  const double next = *std::max_element(nth + 1, gaps.end());
  return std::clamp((*nth + next) / 2, kLeast, kMost);
}

std::vector<Piece> pieces_of(const std::vector<InkLine>& lines, double gap) {
  std::vector<Piece> pieces;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    const InkLine& line = lines[l];
    const double least = gap * static_cast<double>(line.box.height());
    for (std::size_t i = 0; i < line.runs.size(); ++i) {
      const bool joins =
          i > 0 && static_cast<double>(line.runs[i].x0 - line.runs[i - 1].x1) < least;
      if (joins) {
        pieces.back().box = united(pieces.back().box, line.runs[i]);
      } else {
        pieces.push_back({line.runs[i], l});
      }
    }
  }
  return pieces;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

struct Fit {
  std::vector<InkLine> lines;
  std::vector<Piece> pieces;
  Alignment alignment;
};

std::vector<InkLine> lines_of(const InkMask& mask, std::span<const Box> regions,
                              ReadingOrder order) {
  std::vector<InkLine> all;
  for (const Box& region : regions) {
    auto lines = find_lines(mask, region, order);
    std::move(lines.begin(), lines.end(), std::back_inserter(all));
  }
  return all;
}

// Pieces of the lines, parted at gaps of a width, and their alignment.
std::optional<Fit> fit(const std::vector<InkLine>& lines, const std::vector<WordWidth>& widths,
                       double gap) {
  Fit fit;
  fit.lines = lines;
  fit.pieces = pieces_of(fit.lines, gap);
  if (fit.pieces.size() > kMostCells / (widths.size() + 1)) return std::nullopt;

  std::vector<InkPiece> ink;
  double pixels = 0;
  double ems = 0;
  std::vector<double> heights;
  for (const Piece& piece : fit.pieces) {
    const auto height = static_cast<double>(fit.lines[piece.line].box.height());
    ink.push_back({static_cast<double>(piece.box.width()), static_cast<double>(piece.box.x0),
                   static_cast<double>(piece.box.x1), static_cast<std::int64_t>(piece.line),
                   height});
    pixels += static_cast<double>(piece.box.width());
    heights.push_back(height);
  }
  for (const WordWidth& word : widths) ems += word.em;
  // The text fills the ink, or it has stopped early: then the type's height says more. A line's ink
  // is about nine tenths of an em high.
  const double filling = std::max(1.0, pixels / std::max(ems, 0.1));
  const double usual = std::max(1.0, median(heights) / 0.9);
  fit.alignment = align(ink, widths, filling);
  if (std::abs(filling - usual) > 0.25 * usual) {
    Alignment tried = align(ink, widths, usual);
    if (tried.cost < fit.alignment.cost) fit.alignment = std::move(tried);
  }
  // Again with the scale of what was matched one to one.
  std::vector<double> scales;
  for (const Match& match : fit.alignment.matches) {
    if (match.ink != 1 || match.words != 1 || widths[match.first_word].em < 1) continue;
    scales.push_back(ink[match.first_ink].width / widths[match.first_word].em);
  }
  if (scales.size() >= 3) {
    Alignment again = align(ink, widths, std::max(median(scales), 1.0));
    if (again.cost < fit.alignment.cost) fit.alignment = std::move(again);
  }
  return fit;
}

// The better of two partings: as many pieces as the text has words, and at the usual word space,
// which is right where the text is not the whole of the ink. Empty without ink.
std::optional<Fit> fit(const std::vector<InkLine>& lines, const std::vector<WordWidth>& widths) {
  constexpr double kUsualGap = 0.2;
  if (lines.empty()) return std::nullopt;
  const double gap = word_gap(lines, widths.size());
  auto best = fit(lines, widths, gap);
  if (std::abs(gap - kUsualGap) < 0.05) return best;
  auto other = fit(lines, widths, kUsualGap);
  if (other && (!best || other->alignment.cost < best->alignment.cost)) best = std::move(other);
  return best;
}

// The byte of the text where its print is `share` of the whole, between characters; behind a hyphen
// where one is near.
std::size_t split_place(std::string_view word, double share) {
  const double target = share * width_in_em(word);
  std::size_t best = 0;
  double best_distance = 1e9;
  for (std::size_t at = 0; at < word.size();) {
    at += decode_utf8(word, at).size;
    if (at >= word.size()) break;
    double distance = std::abs(width_in_em(word.substr(0, at)) - target);
    if (word[at - 1] == '-') distance -= 2;
    if (distance < best_distance) {
      best = at;
      best_distance = distance;
    }
  }
  return best;
}

class Placer {
 public:
  Placer(const InkMask& mask, std::string_view text, const std::vector<TextWord>& words)
      : mask_(mask),
        text_(text),
        words_(words) {}

  PlacedText place(const Fit& fit) {
    for (const InkLine& line : fit.lines) placed_.lines.push_back(line.box);
    for (const Match& match : fit.alignment.matches) {
      const std::span<const Piece> pieces =
          std::span(fit.pieces).subspan(match.first_ink, match.ink);
      if (match.words == 1 && match.ink >= 1) {
        place_over(pieces, words_[match.first_word]);
      } else if (match.words > 1) {
        place_into(pieces.front(), match);
      } else if (match.ink == 0) {
        missing_.push_back(placed_.words.size());
        const TextWord& word = words_[match.first_word];
        placed_.words.push_back({word.begin, word.end, {}, 0});
      }
    }
    place_missing();
    return std::move(placed_);
  }

  // No ink: line by line, evenly down the region.
  PlacedText spread(const Box& region) {
    std::size_t lines = 1;
    for (std::size_t i = 1; i < words_.size(); ++i) lines += words_[i].begins_line ? 1 : 0;
    std::size_t line = 0;
    for (std::size_t i = 0; i < words_.size(); ++line) {
      std::size_t end = i + 1;
      while (end < words_.size() && !words_[end].begins_line) ++end;
      const auto edge = [&](std::size_t n) {
        return region.y0 +
               region.height() * static_cast<std::int64_t>(n) / static_cast<std::int64_t>(lines);
      };
      const Box box{region.x0, edge(line), region.x1, std::max(edge(line) + 1, edge(line + 1))};
      placed_.lines.push_back(box);
      divide(box, line, i, end);
      i = end;
    }
    return std::move(placed_);
  }

 private:
  double em(const TextWord& word) const {
    return std::max(0.1, width_in_em(text_.substr(word.begin, word.end - word.begin)));
  }

  // Words [first, end) share the box in proportion.
  void divide(const Box& box, std::size_t line, std::size_t first, std::size_t end) {
    double total = kSpaceWidth * static_cast<double>(end - first - 1);
    for (std::size_t i = first; i < end; ++i) total += em(words_[i]);
    double at = 0;
    for (std::size_t i = first; i < end; ++i) {
      const auto x = [&](double place) {
        return box.x0 + static_cast<std::int64_t>(
                            std::lround(place / total * static_cast<double>(box.width())));
      };
      const double width = em(words_[i]);
      const Box part{x(at), box.y0, std::max(x(at) + 1, x(at + width)), box.y1};
      placed_.words.push_back({words_[i].begin, words_[i].end, part, line});
      at += width + kSpaceWidth;
    }
  }

  // Several words in one piece of ink: parted where they should end, then drawn close to the ink.
  void place_into(const Piece& piece, const Match& match) {
    const std::size_t begin = placed_.words.size();
    divide(piece.box, piece.line, match.first_word, match.first_word + match.words);
    for (std::size_t i = begin; i < placed_.words.size(); ++i) {
      const Box ink = mask_.bounds(placed_.words[i].box);
      if (!ink.empty()) placed_.words[i].box = ink;
    }
  }

  // One word over one or more pieces; parted where the pieces stand on several lines.
  void place_over(std::span<const Piece> pieces, const TextWord& word) {
    double total = 0;
    for (const Piece& piece : pieces) total += static_cast<double>(piece.box.width());
    std::size_t begin = word.begin;
    double done = 0;
    for (std::size_t i = 0; i < pieces.size();) {
      Box box = pieces[i].box;
      done += static_cast<double>(box.width());
      std::size_t next = i + 1;
      for (; next < pieces.size() && pieces[next].line == pieces[i].line; ++next) {
        box = united(box, pieces[next].box);
        done += static_cast<double>(pieces[next].box.width());
      }
      std::size_t end = word.end;
      if (next < pieces.size()) {
        end =
            word.begin + split_place(text_.substr(word.begin, word.end - word.begin), done / total);
      }
      if (end > begin) placed_.words.push_back({begin, end, box, pieces[i].line});
      begin = std::max(begin, end);
      i = next;
    }
  }

  // Between its neighbours, on the line of the one before.
  void place_missing() {
    std::vector<PlacedWord>& words = placed_.words;
    for (const std::size_t i : missing_) {
      PlacedWord& word = words[i];
      if (i > 0) {
        const PlacedWord& before = words[i - 1];
        word.line = before.line;
        word.box = {before.box.x1, before.box.y0, before.box.x1 + 1, before.box.y1};
      } else {
        const auto is_placed = [](const PlacedWord& other) { return !other.box.empty(); };
        const auto after = std::find_if(words.begin(), words.end(), is_placed);
        const Box next = after != words.end() ? after->box : placed_.lines.front();
        word.line = after != words.end() ? after->line : 0;
        word.box = {std::max<std::int64_t>(0, next.x0 - 1), next.y0,
                    std::max<std::int64_t>(1, next.x0), next.y1};
      }
    }
  }

  const InkMask& mask_;
  std::string_view text_;
  const std::vector<TextWord>& words_;
  PlacedText placed_;
  std::vector<std::size_t> missing_;  // in placed_.words
};

}  // namespace

std::vector<TextWord> words_of(std::string_view text) {
  std::vector<TextWord> words;
  bool line_feed = false;
  bool open = false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      line_feed = line_feed || text[at] == '\n';
      open = false;
      ++at;
      continue;
    }
    const DecodedChar next = decode_utf8(text, at);
    const bool ideograph = is_ideograph(next.code);
    if (!open || ideograph) {
      words.push_back({at, at, line_feed && !words.empty()});
      line_feed = false;
    }
    at += next.size;
    words.back().end = at;
    open = !ideograph;
  }
  return words;
}

PlacedText place_words(const InkMask& mask, std::span<const Box> regions, std::string_view text,
                       bool rows) {
  const std::vector<TextWord> words = words_of(text);
  if (words.empty() || regions.empty()) return {};
  std::vector<WordWidth> widths;
  for (const TextWord& word : words) {
    widths.push_back(
        {width_in_em(text.substr(word.begin, word.end - word.begin)), word.begins_line});
  }
  const std::vector<InkLine> across = lines_of(mask, regions, ReadingOrder::kRows);
  auto best = fit(across, widths);
  if (!rows) {
    const std::vector<InkLine> columns = lines_of(mask, regions, ReadingOrder::kColumns);
    if (columns.size() != across.size()) {
      auto other = fit(columns, widths);
      if (other && (!best || other->alignment.cost < best->alignment.cost)) best = std::move(other);
    }
  }
  Placer placer(mask, text, words);
  return best ? placer.place(*best) : placer.spread(regions.front());
}

}  // namespace lectio
