// SPDX-License-Identifier: Apache-2.0
#include "ocr/lines/align.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "ocr/lines/word_widths.h"

namespace lectio {
namespace {

// What may be matched, with what it costs beside the difference of the widths.
struct Step {
  std::size_t ink, words;
  double cost;
};
constexpr std::array<Step, 7> kSteps = {
    {{1, 1, 0}, {2, 1, 0.8}, {1, 2, 0.8}, {3, 1, 1.8}, {1, 3, 1.8}, {1, 0, 2.5}, {0, 1, 4}}};
constexpr double kMostDifference = 9;  // of the widths, as a cost
constexpr double kWrongLineStart = 1;
constexpr double kAcrossLines = 0.5;
// Ink before the first word and behind the last: a text that begins late or stops early is more
// likely than one with holes.
constexpr double kOutside = 0.15;
constexpr double kBeam = 80;  // a dozen words that are not on the page, in a row, are survived

class Aligner {
 public:
  Aligner(std::span<const InkPiece> ink, std::span<const WordWidth> words, double pixels_per_em)
      : ink_(ink),
        words_(words),
        pixels_(pixels_per_em),
        steps_((ink.size() + 1) * (words.size() + 1)) {
    std::vector<double> heights;
    for (const InkPiece& piece : ink) heights.push_back(piece.height);
    if (!heights.empty()) {
      const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
      std::nth_element(heights.begin(), middle, heights.end());
      usual_height_ = *middle;
    }
  }

  Alignment run() {
    for (auto& row : costs_) row.assign(words_.size() + 1, kNever);
    for (std::size_t i = 0; i <= ink_.size(); ++i) fill_row(i);
    Alignment alignment;
    alignment.cost = costs_[ink_.size() % costs_.size()][words_.size()];
    for (std::size_t i = ink_.size(), j = words_.size(); i > 0 || j > 0;) {
      const Step& step = kSteps[steps_[i * (words_.size() + 1) + j]];
      i -= step.ink;
      j -= step.words;
      alignment.matches.push_back({i, step.ink, j, step.words});
    }
    std::reverse(alignment.matches.begin(), alignment.matches.end());
    return alignment;
  }

 private:
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  // The best way to have used i pieces and j words, for every j that is not hopeless: its cost is
  // within kBeam of the row's best. The last row is filled to the end.
  void fill_row(std::size_t i) {
    std::vector<double>& row = costs_[i % costs_.size()];
    std::fill(row.begin(), row.end(), kNever);
    std::size_t first = words_.size();
    std::size_t last = 0;
    for (std::size_t back = 1; back < costs_.size() && back <= i; ++back) {
      first = std::min(first, first_[(i - back) % costs_.size()]);
      last = std::max(last, last_[(i - back) % costs_.size()]);
    }
    if (i == 0) first = 0;
    double best = kNever;
    std::size_t end = last;
    for (std::size_t j = first; j <= words_.size(); ++j) {
      fill(row, i, j);
      best = std::min(best, row[j]);
      if (row[j] <= best + kBeam) {
        end = j;
      } else if (j > last + 3 && i < ink_.size()) {
        break;
      }
    }
    while (first < end && row[first] > best + kBeam) ++first;
    first_[i % costs_.size()] = first;
    last_[i % costs_.size()] = end;
  }

  void fill(std::vector<double>& row, std::size_t i, std::size_t j) {
    if (i == 0 && j == 0) {
      row[0] = 0;
      return;
    }
    for (std::size_t s = 0; s < kSteps.size(); ++s) {
      const Step& step = kSteps[s];
      if (step.ink > i || step.words > j) continue;
      const double before = costs_[(i - step.ink) % costs_.size()][j - step.words];
      if (before == kNever) continue;
      const double cost = before + cost_of(step, i - step.ink, j - step.words);
      if (cost < row[j]) {
        row[j] = cost;
        steps_[i * (words_.size() + 1) + j] = static_cast<std::uint8_t>(s);
      }
    }
  }

  double cost_of(const Step& step, std::size_t i, std::size_t j) const {
    if (step.words == 0) {
      // By its width: two words in one piece cost as much to leave out as apart.
      const InkPiece& piece = ink_[i];
      const double cost = step.cost * (0.2 + 0.3 * piece.width / std::max(1.0, piece.height));
      const bool outside = j == 0 || j == words_.size();
      return outside ? kOutside * cost : cost;
    }
    if (step.ink == 0) return step.cost;
    const InkPiece& first = ink_[i];
    double width = 0;
    double extra = 0;
    for (std::size_t k = 0; k < step.ink; ++k) {
      width += ink_[i + k].width;
      if (k == 0) continue;
      if (ink_[i + k].line == ink_[i + k - 1].line) {
        width += std::max(0.0, ink_[i + k].begin - ink_[i + k - 1].end);
      } else {
        extra += kAcrossLines;
      }
    }
    double em = kSpaceWidth * static_cast<double>(step.words - 1);
    for (std::size_t k = 0; k < step.words; ++k) em += words_[j + k].em;
    // Large type only where it is clearly large: heights differ with the letters, too.
    double scale = usual_height_ > 0 ? first.height / usual_height_ : 1;
    if (scale > 0.7 && scale < 1.4) scale = 1;
    const double expected = em * pixels_ * std::clamp(scale, 0.4, 5.0);
    const double spread = 0.12 * (width + expected) / 2 + 0.25 * pixels_;
    const double off = (width - expected) / spread;
    const bool line_start = i == 0 || ink_[i - 1].line != first.line;
    if (words_[j].begins_line && !line_start) extra += kWrongLineStart;
    for (std::size_t k = 1; k < step.words; ++k) {
      if (words_[j + k].begins_line) extra += kWrongLineStart;
    }
    return step.cost + extra + std::min(off * off, kMostDifference);
  }

  std::span<const InkPiece> ink_;
  std::span<const WordWidth> words_;
  double pixels_;
  double usual_height_ = 0;
  // Of the row at hand and the three before it: no step takes more ink.
  std::array<std::vector<double>, 4> costs_;
  std::array<std::size_t, 4> first_{}, last_{};  // of the words that are not hopeless
  std::vector<std::uint8_t> steps_;  // [ink + 1, words + 1]: the last step of the best way here
};

}  // namespace

Alignment align(std::span<const InkPiece> ink, std::span<const WordWidth> words,
                double pixels_per_em) {
  LECTIO_CHECK(pixels_per_em > 0, "pixels per em");
  return Aligner(ink, words, pixels_per_em).run();
}

}  // namespace lectio
