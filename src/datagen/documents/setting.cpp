// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/setting.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "datagen/prints/text_source.h"

namespace lectio::documents {
namespace {

struct GenreShare {
  Genre genre;
  double share;
};
constexpr std::array<GenreShare, 10> kGenres = {{{Genre::kProse, 0.27},
                                                 {Genre::kLegal, 0.17},
                                                 {Genre::kPaper, 0.17},
                                                 {Genre::kReport, 0.17},
                                                 {Genre::kForm, 0.03},
                                                 {Genre::kContents, 0.02},
                                                 {Genre::kSlide, 0.04},
                                                 {Genre::kLetter, 0.04},
                                                 {Genre::kLines, 0.04},
                                                 {Genre::kReferences, 0.05}}};

// Width to height, and how many lines of ordinary text the page is high.
struct Paper {
  double width, height;
  double lines_low, lines_high;
};
constexpr Paper kLetter = {8.5, 11, 52, 84};
constexpr Paper kA4 = {210, 297, 54, 86};
constexpr Paper kHalfLetter = {5.5, 8.5, 42, 62};
constexpr Paper kBook = {6, 9, 44, 66};
constexpr Paper kLegalPaper = {8.5, 14, 64, 100};
constexpr Paper kLandscape = {11, 8.5, 40, 62};
constexpr Paper kSlide43 = {4, 3, 16, 30};
constexpr Paper kSlide169 = {16, 9, 14, 28};

class SettingDraw {
 public:
  SettingDraw(const DocumentRecipe& recipe, const FontShelf& shelf, Random& random)
      : recipe_(recipe),
        shelf_(shelf),
        random_(random) {}

  Setting run() {
    draw_genre();
    draw_paper();
    draw_fonts();
    if (s_.genre == Genre::kClean) {
      set_clean();
    } else {
      draw_shape();
      draw_margins();
      draw_columns();
      draw_size();
      draw_headings();
      draw_colours();
    }
    return s_;
  }

 private:
  float uniform(double low, double high) { return static_cast<float>(random_.uniform(low, high)); }

  void draw_genre() {
    s_.natural = !random_.chance(recipe_.random_text);
    if (s_.natural && recipe_.returning > 0 && random_.chance(recipe_.returning)) {
      s_.returning = draw_returning_share(random_);
    }
    s_.chars = random_.between(recipe_.min_chars, recipe_.max_chars);
    s_.habits = random_.next();
    const double kind = random_.unit();
    if (kind < recipe_.empty) {
      s_.genre = Genre::kEmpty;
    } else if (kind < recipe_.empty + recipe_.clean) {
      s_.genre = Genre::kClean;
    } else {
      double place = random_.unit();
      for (const GenreShare& entry : kGenres) {
        s_.genre = entry.genre;
        place -= entry.share;
        if (place < 0) break;
      }
    }
  }

  const Paper& draw_format() {
    const double kind = random_.unit();
    if (s_.genre == Genre::kSlide) return kind < 0.5 ? kSlide43 : kSlide169;
    if (s_.genre == Genre::kLetter || s_.genre == Genre::kForm) return kind < 0.6 ? kLetter : kA4;
    if (kind < 0.48) return kLetter;
    if (kind < 0.70) return kA4;
    if (kind < 0.79) return kBook;
    if (kind < 0.88) return kHalfLetter;
    if (kind < 0.92) return kLegalPaper;
    return kLandscape;
  }

  void draw_paper() {
    const Paper& paper = draw_format();
    const std::int64_t low = std::clamp<std::int64_t>(980, recipe_.min_side, recipe_.max_side);
    const std::int64_t high = std::clamp<std::int64_t>(1200, recipe_.min_side, recipe_.max_side);
    // Half of the pages have about a hundred dots an inch, the others anything.
    const std::int64_t side = random_.chance(0.5)
                                  ? random_.between(low, high)
                                  : random_.between(recipe_.min_side, recipe_.max_side);
    const double longer = std::max(paper.width, paper.height);
    s_.native_width = std::llround(static_cast<double>(side) * paper.width / longer);
    s_.native_height = std::llround(static_cast<double>(side) * paper.height / longer);
    lines_ = random_.uniform(paper.lines_low, paper.lines_high);
    const bool resampled = s_.genre == Genre::kClean ? random_.chance(0.1) : random_.chance(0.4);
    s_.scale = resampled ? random_.uniform(0.7, 1.6) : 1.0;
    set_canvas();
  }

  void set_canvas() {
    const auto side = [this](std::int64_t pixels) {
      return std::max<std::int64_t>(1, std::llround(static_cast<double>(pixels) * s_.scale));
    };
    s_.width = side(s_.native_width);
    s_.height = side(s_.native_height);
  }

  void draw_fonts() {
    body_ = shelf_.draw_text_family(random_);
    const std::size_t head = random_.chance(0.6) ? body_ : shelf_.draw_text_family(random_);
    s_.faces = shelf_.faces(body_, head, random_);
    // By the family rather than drawn, so that the cache holds each glyph in one way.
    s_.hinting = body_ % 2 == 0 ? Hinting::kLight : Hinting::kNone;
    advance_ = shelf_.families()[body_].mean_advance;
  }

  void draw_shape() {
    s_.pitch = random_.chance(0.8) ? uniform(1.08, 1.35) : uniform(1.0, 1.7);
    s_.align = random_.chance(0.5) ? Align::kJustify : Align::kLeft;
    s_.hyphenate = random_.chance(s_.align == Align::kJustify ? 0.7 : 0.3);
    // A paragraph shows by an indent, by room above it, or by both.
    const std::uint64_t kind = random_.below(5);
    s_.indent = kind < 2 ? uniform(1.0, 2.5) : 0;
    s_.paragraph_space = kind >= 1 ? uniform(0.3, 1.2) : 0;
    if (random_.chance(0.25)) s_.sentence_space = uniform(1.3, 2.2);
    if (random_.chance(0.12)) s_.letter_spacing = uniform(-0.015, 0.06);
    s_.ligatures = s_.letter_spacing == 0 && random_.chance(0.7);
    s_.old_figures = random_.chance(0.06);
    s_.emphasis = random_.chance(0.5) ? random_.uniform(0.05, 0.5) : 0;
    s_.bold_lead = random_.chance(0.2) ? random_.uniform(0.2, 0.9) : 0;
    s_.header = random_.chance(0.35);
    s_.footer = random_.chance(0.25);
    s_.page_number = random_.chance(0.5);
  }

  void draw_margins() {
    const auto width = static_cast<double>(s_.width);
    const auto height = static_cast<double>(s_.height);
    s_.left = static_cast<float>(width * random_.uniform(0.02, 0.15));
    s_.right =
        random_.chance(0.5) ? s_.left : static_cast<float>(width * random_.uniform(0.02, 0.15));
    s_.top = static_cast<float>(height * random_.uniform(0.02, 0.11));
    s_.bottom = static_cast<float>(height * random_.uniform(0.02, 0.11));
    if (random_.chance(0.08)) s_.top += static_cast<float>(height * random_.uniform(0.05, 0.3));
    if (random_.chance(0.08)) s_.bottom += static_cast<float>(height * random_.uniform(0.05, 0.3));
  }

  void draw_columns() {
    const bool can = s_.genre != Genre::kSlide && s_.genre != Genre::kForm &&
                     s_.genre != Genre::kLetter && s_.genre != Genre::kContents;
    double share = recipe_.many_columns / 0.87;  // of the genres that can, to get it of all
    if (s_.genre == Genre::kPaper) share *= 2;
    if (!can || !random_.chance(share)) return;
    const bool wide = s_.native_width > 700 && s_.chars > 2500;
    s_.columns = wide && random_.chance(0.15) ? 3 : 2;
    s_.column_rule = random_.chance(0.12);
  }

  // The size at which the wanted text takes the page, as far as it is a size that pages have.
  void draw_size() {
    const double width = static_cast<double>(s_.width) - double{s_.left} - double{s_.right};
    const double height = static_cast<double>(s_.height) - double{s_.top} - double{s_.bottom};
    // Ragged lines, headings, ends of paragraphs and room between them take the rest.
    double fill = 0.88 - 0.08 * double{s_.paragraph_space};
    if (s_.genre == Genre::kLegal || s_.genre == Genre::kReport) fill -= 0.14;
    if (s_.genre == Genre::kPaper) fill -= 0.10;
    const double em = (double{advance_} + double{s_.letter_spacing}) * double{s_.pitch};
    const double filling = std::sqrt(width * height * fill / (static_cast<double>(s_.chars) * em));
    const double most = static_cast<double>(s_.height) / lines_;
    const double least = recipe_.min_size * s_.scale;
    s_.size = snap_size(std::max(least, std::min(most, filling)));
    s_.gutter = s_.size * uniform(1.2, 3.0);
  }

  void draw_headings() {
    const double kind = random_.unit();
    s_.heading_face = static_cast<FaceIndex>(kHeadFace + (kind < 0.75   ? kBold
                                                          : kind < 0.85 ? kBold + kItalic
                                                          : kind < 0.93 ? kItalic
                                                                        : 0));
    const double scale = random_.chance(0.3) ? 1.0 : random_.uniform(1.05, 1.5);
    s_.heading_scale = snap_size(scale * double{s_.size}) / s_.size;
    s_.heading_scale = std::max(1.0F, s_.heading_scale);
    s_.heading_align = random_.chance(0.25) ? Align::kCenter : Align::kLeft;
    s_.heading_capitals = random_.chance(0.2);
    s_.heading_bar = random_.chance(0.04);
    const std::uint64_t numbers = random_.below(10);
    s_.numbering = numbers < 5   ? Numbering::kNone
                   : numbers < 8 ? Numbering::kArabic
                   : numbers < 9 ? Numbering::kRoman
                                 : Numbering::kNamed;
    s_.heading_space = uniform(0.4, 1.6);
    static constexpr std::array<const char*, 8> kBullets = {"\u2022", "\u2022", "\u2022", "\u2013",
                                                            "-",      "*",      "\u00B7", "o"};
    s_.bullet = kBullets[random_.below(kBullets.size())];
    s_.list_indent = uniform(1.2, 3.0);
  }

  void draw_colours() {
    if (random_.chance(0.8)) {
      if (random_.chance(0.3)) s_.ink = static_cast<std::uint8_t>(random_.between(10, 60));
      return;
    }
    const std::int64_t paper = random_.between(185, 255);
    s_.paper = static_cast<std::uint8_t>(paper);
    s_.ink = static_cast<std::uint8_t>(random_.between(0, paper - 120));
  }

  // Text re-set plainly: some 900 pixels wide, the page as high as the text.
  void set_clean() {
    s_.size = static_cast<float>(random_.between(12, 20)) * static_cast<float>(s_.scale);
    const double columns = random_.uniform(85, 118);  // characters a line
    s_.size = snap_size(s_.size);
    s_.pitch = uniform(1.15, 1.45);
    const double margin = random_.uniform(14, 28) * s_.scale;
    s_.left = s_.right = s_.top = s_.bottom = static_cast<float>(margin);
    const double most = static_cast<double>(recipe_.max_side) * s_.scale;
    double width = columns * double{advance_} * double{s_.size} + 2 * margin;
    width = std::min(width, most);
    const double a_line = (width - 2 * margin) / (double{advance_} * double{s_.size});
    const double lines = std::ceil(static_cast<double>(s_.chars) / a_line * 1.03) + 1;
    const double height = std::min(lines * double{s_.size} * double{s_.pitch} + 2 * margin, most);
    s_.native_width = std::llround(width / s_.scale);
    s_.native_height = std::llround(height / s_.scale);
    set_canvas();
    s_.align = Align::kLeft;
    s_.ligatures = random_.chance(0.5);
  }

  const DocumentRecipe& recipe_;
  const FontShelf& shelf_;
  Random& random_;
  Setting s_;
  std::size_t body_ = 0;
  float advance_ = 0.5F;
  double lines_ = 70;
};

}  // namespace

float snap_size(double size) {
  const double step = size < 10 ? 0.5 : size < 16 ? 1.0 : size < 28 ? 2.0 : size < 48 ? 4.0 : 8.0;
  return static_cast<float>(std::max(1.0, std::floor(size / step + 0.25) * step));
}

Setting draw_setting(const DocumentRecipe& recipe, const FontShelf& shelf, Random& random) {
  return SettingDraw(recipe, shelf, random).run();
}

}  // namespace lectio::documents
