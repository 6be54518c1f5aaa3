// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/print.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "base/utf8.h"
#include "datagen/prints/degrade.h"
#include "datagen/prints/resize.h"
#include "datagen/prints/text_source.h"
#include "media/render/draw.h"
#include "media/render/layout.h"

namespace lectio {
namespace {

constexpr double kMinSize = 5;  // pixels an em on the print
constexpr double kMaxSize = 72;
constexpr double kMaxSizeOfHeight = 0.5;  // of the page's height
constexpr int kFitAttempts = 4;
constexpr std::int64_t kShortestLimit =
    14;  // characters of the longest word on a print with little text,
constexpr std::int64_t kLongestLimit = 32;  // and on any
constexpr double kFullEnough = 0.85;        // of the columns' height
constexpr double kMaxPitch = 1.6;           // baseline to baseline, in sizes
constexpr double kExpectedFill = 0.9;  // what ragged lines and paragraph ends leave of the area

// English text that measures a font: letters about as often as they occur.
constexpr std::string_view kMeasure =
    "the quick brown fox jumps over a lazy dog and then sees that it is not the one that he meant "
    "to find in the first place, so it turns around and leaves";

float mean_advance(const Font& font) {
  float sum = 0;
  for (const char c : kMeasure) sum += font.advance(font.glyph(static_cast<unsigned char>(c)));
  return sum / static_cast<float>(kMeasure.size());
}

bool covers_ascii(const Font& font) {
  for (char32_t c = 0x20; c < 0x7F; ++c) {
    if (!font.covers(c)) return false;
  }
  return true;
}

// Sizes on a coarse grid, so that glyphs are found in the cache; resampling fills the gaps.
double snap_size(double size) {
  const double step = size < 10 ? 0.5 : size < 16 ? 1.0 : size < 28 ? 2.0 : size < 48 ? 4.0 : 8.0;
  return std::floor(size / step) * step;
}

// Everything that is decided about a print before it is laid out. Lengths in pixels of the canvas,
// which is resized to the print afterwards.
struct Plan {
  LayoutConfig layout;
  std::string text;
  double scale = 1;  // canvas pixels a pixel of the print
  double size = 16;  // em that should fill the page
  bool has_heading = false;
  bool natural = false;
};

class Printer {
 public:
  Printer(const PrintRecipe& recipe, const std::vector<FontRef>& fonts,
          const std::vector<float>& mean_advances, const Corpus& corpus, Corpus::Split split,
          std::uint64_t seed)
      : recipe_(recipe),
        fonts_(fonts),
        mean_advances_(mean_advances),
        corpus_(corpus),
        split_(split),
        random_(splitmix64(seed)) {}

  Print run(GlyphCache& cache) {
    choose_font();
    choose_text();
    choose_canvas();
    choose_shape();
    choose_colours();
    Layout layout = fit();
    loosen(layout);
    GreyImage image = draw_grey(layout, cache);
    if (image.width != recipe_.width || image.height != recipe_.height) {
      image = resize_grey(image, recipe_.width, recipe_.height);
    }
    if (random_.chance(recipe_.degrade)) degrade_mildly(image, random_);
    return finish(layout, std::move(image));
  }

 private:
  const Font& font() const { return *fonts_[font_index_]; }

  void choose_font() {
    font_index_ = random_.below(fonts_.size());
    plan_.layout.fonts = {fonts_[font_index_]};
    // By the font rather than drawn, so that the cache holds each glyph in one way.
    plan_.layout.hinting = font_index_ % 2 == 0 ? Hinting::kLight : Hinting::kNone;
  }

  void choose_text() {
    plan_.natural = !random_.chance(recipe_.random_text);
    std::string text =
        plan_.natural ? natural_text(random_, corpus_, split_, recipe_.min_chars, recipe_.max_chars)
                      : random_text(random_, corpus_, split_, recipe_.min_chars, recipe_.max_chars);
    if (plan_.natural && recipe_.returning > 0 && random_.chance(recipe_.returning)) {
      std::vector<std::string> phrases;
      text = with_returning_phrases(text, draw_returning_share(random_), phrases, random_);
    }
    if (random_.chance(0.04)) text = in_capitals(text);
    plan_.has_heading = recipe_.min_chars >= 100 && random_.chance(0.15);
    if (plan_.has_heading) {
      const std::string heading =
          shown_by(heading_text(random_, corpus_, split_), font(), longest_word());
      plan_.has_heading = !heading.empty();
      if (plan_.has_heading) text = heading + "\n" + text;
    }
    plan_.text = shown_by(text, font(), longest_word());
    if (plan_.text.empty()) plan_.text = std::to_string(random_.below(1'000'000));
    trim_to_limit();
  }

  // So many characters fit a line of the page, by a generous estimate of the lines that the fewest
  // characters take.
  std::int64_t longest_word() const {
    const double a_line = std::sqrt(static_cast<double>(recipe_.min_chars * recipe_.width) * 2.0 /
                                    static_cast<double>(recipe_.height));
    return std::clamp(static_cast<std::int64_t>(a_line * 0.7), kShortestLimit, kLongestLimit);
  }

  void trim_to_limit() {
    std::int64_t chars = 0;
    for (std::size_t at = 0; at < plan_.text.size(); ++chars) {
      if (chars == recipe_.max_chars) plan_.text.resize(at);
      if (at < plan_.text.size()) at += decode_utf8(plan_.text, at).size;
    }
    while (plan_.text.back() == ' ' || plan_.text.back() == '\n') plan_.text.pop_back();
  }

  // Real pages reach the reader resized: a third of the prints is drawn at another size first.
  void choose_canvas() {
    plan_.scale = random_.chance(0.33) ? random_.uniform(0.6, 1.6) : 1.0;
    const auto side = [this](std::int64_t pixels) {
      return std::max<std::int64_t>(1, std::llround(static_cast<double>(pixels) * plan_.scale));
    };
    plan_.layout.width = side(recipe_.width);
    plan_.layout.height = side(recipe_.height);
  }

  void choose_shape() {
    LayoutConfig& c = plan_.layout;
    const auto width = static_cast<double>(c.width);
    const auto height = static_cast<double>(c.height);
    c.margin_left = static_cast<float>(width * random_.uniform(0.01, 0.08));
    c.margin_right = static_cast<float>(width * random_.uniform(0.01, 0.08));
    c.margin_top = static_cast<float>(height * random_.uniform(0.01, 0.08));
    c.margin_bottom = static_cast<float>(height * random_.uniform(0.01, 0.08));
    c.line_pitch = static_cast<float>(random_.chance(0.7) ? random_.uniform(1.1, 1.35)
                                                          : random_.uniform(1.0, kMaxPitch));
    const double align = random_.unit();
    c.align = align < 0.6    ? Align::kLeft
              : align < 0.9  ? Align::kJustify
              : align < 0.95 ? Align::kCenter
                             : Align::kRight;
    const bool room = recipe_.width >= 512 && recipe_.height >= 256 && recipe_.min_chars >= 300;
    if (room && random_.chance(0.15)) {
      c.columns = 2;
      c.gutter = static_cast<float>(width * random_.uniform(0.03, 0.07));
    }
    if (random_.chance(0.1)) spacing_ = random_.uniform(0.01, 0.08);
    // A paragraph must show: by an indent, by room above the next, or by both.
    const std::uint64_t kind = random_.below(3);
    indent_ = kind == 1 ? 0 : random_.uniform(1.0, 2.5);
    paragraph_space_ = kind == 0 ? 0 : random_.uniform(0.4, 1.2);
    if (c.align == Align::kCenter || c.align == Align::kRight) {
      paragraph_space_ = std::max(paragraph_space_, 0.5);
    }
    if (plan_.has_heading) choose_heading();
  }

  void choose_heading() {
    ParagraphStyle heading;
    heading_scale_ = random_.chance(0.3) ? 1.0 : random_.uniform(1.1, 1.7);
    heading.align = random_.chance(0.3) ? Align::kCenter : Align::kLeft;
    const FontRef& other = fonts_[random_.below(fonts_.size())];
    bool shows = random_.chance(0.6);
    for (const char c : plan_.text.substr(0, plan_.text.find('\n'))) {
      shows = shows && static_cast<unsigned char>(c) < 0x80;
    }
    if (shows) heading.font = other;
    heading_space_ = random_.uniform(0.2, 1.0);
    plan_.layout.paragraphs = {heading};
  }

  void choose_colours() {
    double ink = 0;
    double paper = 255;
    const double kind = random_.unit();
    if (kind >= 0.55) {
      paper = random_.uniform(175, 255);
      ink = random_.uniform(0, std::max(0.0, paper - 105));  // at least 41 % of full contrast
    }
    if (kind >= 0.92) std::swap(ink, paper);
    plan_.layout.ink.fill(static_cast<std::uint8_t>(ink));
    plan_.layout.paper.fill(static_cast<std::uint8_t>(paper));
  }

  void set_size(double size) {
    LayoutConfig& c = plan_.layout;
    c.size = static_cast<float>(size);
    c.letter_spacing = static_cast<float>(spacing_ * size);
    c.paragraph_indent = static_cast<float>(indent_ * size);
    c.paragraph_space = static_cast<float>(paragraph_space_ * size);
    if (!c.paragraphs.empty()) {
      c.paragraphs.front().size_scale =
          static_cast<float>(std::max(1.0, snap_size(heading_scale_ * size) / size));
      c.paragraphs.front().space_after = static_cast<float>(heading_space_ * size);
    }
  }

  // The size at which the text should take the whole of the columns.
  double first_size() const {
    const LayoutConfig& c = plan_.layout;
    const double content_width = static_cast<double>(c.width) - double{c.margin_left} -
                                 double{c.margin_right} -
                                 double{c.gutter} * static_cast<double>(c.columns - 1);
    const double content_height =
        static_cast<double>(c.height) - double{c.margin_top} - double{c.margin_bottom};
    const double chars = static_cast<double>(count_code_points(plan_.text));
    const double em_area = (double{mean_advances_[font_index_]} + spacing_) * double{c.line_pitch};
    return std::sqrt(content_width * content_height * kExpectedFill / (chars * em_area));
  }

  double clamp_size(double size) const {
    const double most = std::min(kMaxSize, static_cast<double>(recipe_.height) * kMaxSizeOfHeight);
    return std::max(snap_size(std::clamp(size, kMinSize * plan_.scale, most * plan_.scale)), 1.0);
  }

  double fill_of(const Layout& layout) const {
    const LayoutConfig& c = plan_.layout;
    const double height =
        static_cast<double>(c.height) - double{c.margin_top} - double{c.margin_bottom};
    const double used = static_cast<double>(layout.lines.back().bottom) - double{c.margin_top};
    const double columns = static_cast<double>(layout.lines.back().column) + used / height;
    return columns / static_cast<double>(c.columns);
  }

  // Looks for a size at which the text fits and fills the page; what never fits is cut off.
  Layout fit() {
    double size = clamp_size(first_size());
    Layout best;
    bool has_best = false;
    for (int attempt = 0; attempt < kFitAttempts; ++attempt) {
      set_size(size);
      Layout layout = lay_out(plan_.text, plan_.layout);
      const bool fits = layout.bytes_fitted == plan_.text.size() && !layout.broke_word;
      const double fill = fill_of(layout);
      const double share =
          static_cast<double>(layout.bytes_fitted) / static_cast<double>(plan_.text.size());
      if (fits || !has_best) {
        best = std::move(layout);
        has_best = fits;
        best_size_ = size;
      }
      if (fits && (fill >= kFullEnough || attempt > 0)) break;
      const double factor = fits          ? std::min(1.3, std::sqrt(0.95 / fill))
                            : share < 1.0 ? std::clamp(std::sqrt(share) * 0.98, 0.7, 0.96)
                                          : 0.88;
      const double next = clamp_size(size * factor);
      if (next == size) break;
      size = next;
    }
    return shrink(spread(std::move(best)));
  }

  // Sizes come in steps: what a page is still short of being full goes between its lines.
  Layout spread(Layout layout) {
    const double fill = fill_of(layout);
    LayoutConfig& c = plan_.layout;
    if (!recipe_.fill_page || layout.bytes_fitted < plan_.text.size() || fill >= kFullEnough) {
      return layout;
    }
    const float before = c.line_pitch;
    set_size(best_size_);
    c.line_pitch = static_cast<float>(std::min(kMaxPitch, double{before} * 0.95 / fill));
    if (c.line_pitch <= before) return layout;
    Layout wider = lay_out(plan_.text, c);
    if (wider.bytes_fitted == plan_.text.size()) return wider;
    c.line_pitch = before;
    return layout;
  }

  // Text smaller than the page could take: sometimes, or as the recipe says.
  Layout shrink(Layout layout) {
    double factor = 1.0;
    if (!recipe_.fill_page) {
      factor = random_.uniform(0.5, 1.0);
    } else if (random_.chance(0.08)) {
      factor = random_.uniform(0.55, 0.9);
    }
    const double size = clamp_size(best_size_ * factor);
    if (factor == 1.0 || size >= best_size_) return layout;
    set_size(size);
    return lay_out(plan_.text, plan_.layout);
  }

  // Where there is room below the text, it may stand lower; lines may be out of true, words
  // underlined.
  void loosen(Layout& layout) {
    float lowest = 0;
    for (const PlacedLine& line : layout.lines) lowest = std::max(lowest, line.bottom);
    const float room = static_cast<float>(layout.height) - plan_.layout.margin_bottom - lowest;
    if (room >= 2 && random_.chance(0.5)) {
      move_down(layout, std::floor(room * static_cast<float>(random_.unit())));
    }
    if (random_.chance(0.04) && plan_.layout.size >= 12) jitter(layout);
    if (random_.chance(0.04)) underline(layout);
  }

  static void move_down(Layout& layout, float by) {
    for (PlacedGlyph& glyph : layout.glyphs) glyph.baseline += by;
    for (PlacedLine& line : layout.lines) {
      line.top += by;
      line.bottom += by;
      line.baseline += by;
    }
    for (CharPlace& place : layout.chars) {
      place.top += by;
      place.bottom += by;
    }
  }

  void jitter(Layout& layout) {
    for (PlacedGlyph& glyph : layout.glyphs) {
      glyph.baseline += static_cast<float>(random_.between(0, 3) / 3);
    }
  }

  void underline(Layout& layout) {
    const PlacedLine& line = layout.lines[random_.below(layout.lines.size())];
    const float thick = std::max(1.0F, line.size * 0.06F);
    const float y = std::round(line.baseline + line.size * 0.12F);
    layout.rules.push_back({line.x0, y, line.x1, y + thick});
  }

  Print finish(const Layout& layout, GreyImage image) {
    Print print;
    print.width = recipe_.width;
    print.height = recipe_.height;
    print.grey = std::move(image.pixels);
    print.natural = plan_.natural;
    std::size_t bytes = layout.bytes_fitted;
    while (bytes > 0 && (plan_.text[bytes - 1] == ' ' || plan_.text[bytes - 1] == '\n')) --bytes;
    print.text = plan_.text.substr(0, bytes);
    const float fx = static_cast<float>(recipe_.width) / static_cast<float>(layout.width);
    const float fy = static_cast<float>(recipe_.height) / static_cast<float>(layout.height);
    print.boxes.reserve(layout.chars.size());
    for (const CharPlace& place : layout.chars) {
      if (place.byte_begin >= static_cast<std::int64_t>(bytes)) break;
      CharBox box;
      box.x0 = std::clamp(place.x0 * fx, 0.0F, static_cast<float>(recipe_.width));
      box.x1 = std::clamp(place.x1 * fx, box.x0, static_cast<float>(recipe_.width));
      box.top = std::clamp(place.top * fy, 0.0F, static_cast<float>(recipe_.height));
      box.bottom = std::clamp(place.bottom * fy, box.top, static_cast<float>(recipe_.height));
      box.byte_begin = place.byte_begin;
      print.boxes.push_back(box);
    }
    return print;
  }

  const PrintRecipe& recipe_;
  const std::vector<FontRef>& fonts_;
  const std::vector<float>& mean_advances_;
  const Corpus& corpus_;
  Corpus::Split split_;
  Random random_;

  std::size_t font_index_ = 0;
  Plan plan_;
  double spacing_ = 0;          // em between letters
  double indent_ = 0;           // em
  double paragraph_space_ = 0;  // em
  double heading_scale_ = 1;    // of the text's size
  double heading_space_ = 0;    // em
  double best_size_ = 0;
};

}  // namespace

Result<PrintFactory> PrintFactory::create(std::vector<FontRef> fonts,
                                          std::shared_ptr<const Corpus> corpus,
                                          Corpus::Split split) {
  PrintFactory factory;
  for (FontRef& font : fonts) {
    if (!covers_ascii(*font)) {
      log(LogLevel::kWarning, "font " + font->name() + " lacks printable ASCII and is left out");
      continue;
    }
    factory.mean_advances_.push_back(mean_advance(*font));
    factory.fonts_.push_back(std::move(font));
  }
  if (factory.fonts_.empty()) {
    return Error(ErrorCode::kInvalidInput,
                 "prints: expected a font with all of printable ASCII, found none among " +
                     std::to_string(fonts.size()));
  }
  if (corpus->text(split).empty()) {
    return Error(ErrorCode::kInvalidInput,
                 split == Corpus::Split::kTrain
                     ? "prints: the corpus has no paragraph to train on"
                     : "prints: the corpus has no held-out paragraph; it needs a few hundred");
  }
  factory.corpus_ = std::move(corpus);
  factory.split_ = split;
  return factory;
}

Print PrintFactory::make(std::uint64_t seed, const PrintRecipe& recipe, GlyphCache& cache) const {
  LECTIO_CHECK(recipe.width > 0 && recipe.height > 0, "a print has a size");
  LECTIO_CHECK(recipe.min_chars > 0 && recipe.max_chars >= recipe.min_chars, "a print has text");
  return Printer(recipe, fonts_, mean_advances_, *corpus_, split_, seed).run(cache);
}

}  // namespace lectio
