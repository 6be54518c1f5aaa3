// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/elements.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "datagen/prints/text_source.h"

namespace lectio::documents {
namespace {

float em(const Desk& desk, double low, double high) {
  return desk.setting.size * static_cast<float>(desk.random.uniform(low, high));
}

// The place behind `words` spaces after `from`, or the end.
std::size_t skip_words(const std::string& text, std::size_t from, std::int64_t words) {
  for (; words > 0 && from < text.size(); --words) {
    from = std::min(text.find(' ', from), text.size());
    if (from < text.size()) ++from;
  }
  return from;
}

std::string section_number(Desk& desk, std::int64_t level) {
  if (level <= 2) {
    ++desk.section;
    desk.subsection = 0;
  } else {
    ++desk.subsection;
  }
  const std::int64_t shown = (desk.section - 1) % 39 + 1;
  static constexpr std::array<const char*, 4> kNames = {"Article ", "Section ", "Chapter ",
                                                        "Part "};
  switch (desk.setting.numbering) {
    case Numbering::kNone:
      return {};
    case Numbering::kArabic:
      if (level <= 2)
        return std::to_string(desk.section) +
               (desk.setting.habit(Habit::kNumberDot, 2) == 0 ? "." : "");
      return std::to_string(desk.section) + "." + std::to_string(desk.subsection);
    case Numbering::kRoman:
      return level <= 2 ? roman(shown, true) + "." : letter(desk.subsection, true) + ".";
    case Numbering::kNamed:
      break;
  }
  const std::string name = kNames[desk.setting.habit(Habit::kChapterWord, kNames.size())];
  return level <= 2 ? name + (desk.setting.habit(Habit::kRomanChapters, 2) == 0
                                  ? std::to_string(desk.section)
                                  : roman(shown, true))
                    : std::string();
}

std::string some_marker(const Desk& desk, std::uint64_t kind, std::int64_t number) {
  switch (kind) {
    case 0:
    case 1:
      return desk.setting.bullet;
    case 2:
      return std::to_string(number) + ".";
    case 3:
      return "(" + letter(number, false) + ")";
    case 4:
      return letter(number, false) + ".";
    case 5:
      return "(" + std::to_string(number) + ")";
    case 6:
      return roman((number - 1) % 39 + 1, false) + ".";
    case 7:
      return std::to_string(number) + ")";
    default:
      return "(" + roman((number - 1) % 39 + 1, false) + ")";
  }
}

}  // namespace

Shape Desk::shape() const {
  Shape shape;
  shape.size = setting.size;
  shape.pitch = setting.size * setting.pitch;
  shape.align = setting.align;
  shape.hyphenate = setting.hyphenate;
  shape.before = 0;
  shape.after = setting.paragraph_space * setting.size;
  return shape;
}

Runs plain(std::string text, FaceIndex face) { return {{std::move(text), face, 1, 0}}; }

Runs styled(Desk& desk, const std::string& text) {
  Random& random = desk.random;
  Runs runs;
  std::size_t at = 0;
  if (random.chance(desk.setting.bold_lead)) {
    const std::size_t end = skip_words(text, 0, random.between(1, 5));
    const FaceIndex face = random.chance(0.75) ? kBold : kBold + kItalic;
    if (end < text.size()) {
      runs.push_back({text.substr(0, end), face, 1, 0});
      at = end;
    }
  }
  while (at < text.size() && random.chance(desk.setting.emphasis)) {
    const std::size_t from = skip_words(text, at, random.between(3, 40));
    const std::size_t to = skip_words(text, from, random.between(1, 7));
    if (from >= text.size()) break;
    runs.push_back({text.substr(at, from - at), kBodyFace, 1, 0});
    const double kind = random.unit();
    const FaceIndex face = kind < 0.63 ? kItalic : kind < 0.9 ? kBold : kBodyFace;
    runs.push_back({text.substr(from, to - from), face, 1, 0, kind >= 0.9});
    at = to;
  }
  runs.push_back({text.substr(at), kBodyFace, 1, 0});
  if (desk.notes > 0 && random.chance(0.25) && text.back() == '.') {
    runs.push_back({std::to_string(random.between(1, desk.notes + 9)), kBodyFace, 0.65F, 0.34F});
  }
  return runs;
}

bool write_title(Desk& desk) {
  const Setting& s = desk.setting;
  Shape shape = desk.shape();
  shape.kind = BlockKind::kTitle;
  shape.level = 1;
  const double scale =
      s.genre == Genre::kSlide ? desk.random.uniform(1.2, 2.0) : desk.random.uniform(1.1, 2.2);
  shape.size = std::max(s.size, snap_size(double{s.size} * scale));
  shape.pitch = shape.size * 1.2F;
  shape.align = desk.random.chance(0.55) ? Align::kCenter : Align::kLeft;
  shape.hyphenate = false;
  shape.after = em(desk, 0.6, 2.0);
  std::string text = desk.writer.title(2, 11);
  if (s.heading_capitals) text = in_capitals(text);
  if (s.heading_bar) shape.frame = Frame::kDark;
  return desk.galley.set(plain(std::move(text), s.heading_face), shape);
}

bool write_heading(Desk& desk, std::int64_t level) {
  const Setting& s = desk.setting;
  Shape shape = desk.shape();
  shape.kind = BlockKind::kTitle;
  shape.level = level;
  const double scale =
      level <= 2 ? double{s.heading_scale} : std::max(1.0, double{s.heading_scale} * 0.85);
  shape.size = std::max(s.size, snap_size(double{s.size} * scale));
  shape.pitch = shape.size * std::max(1.1F, s.pitch * 0.95F);
  shape.align = level <= 2 ? s.heading_align : Align::kLeft;
  shape.hyphenate = false;
  shape.before = s.heading_space * s.size;
  shape.after = s.heading_space * s.size * 0.35F;
  shape.keep = 3;
  if (s.heading_bar && level <= 2) shape.frame = Frame::kDark;
  std::string text = desk.random.chance(0.6) ? desk.writer.title(1, 7) : desk.writer.phrase(2, 9);
  if (s.heading_capitals && level <= 2) text = in_capitals(text);
  const std::string number = section_number(desk, level);
  if (!number.empty() && s.numbering == Numbering::kNamed && desk.random.chance(0.3)) {
    text = number;
  } else if (!number.empty()) {
    text = number + " " + text;
  }
  const FaceIndex face =
      level <= 2 ? s.heading_face
                 : static_cast<FaceIndex>(kHeadFace +
                                          (s.numbering == Numbering::kRoman ? kItalic : kBold));
  return desk.galley.set(plain(std::move(text), face), shape);
}

bool write_paragraph(Desk& desk, std::int64_t max_chars) {
  Shape shape = desk.shape();
  shape.first = desk.setting.indent * desk.setting.size;
  std::string text = desk.writer.paragraph(max_chars);
  if (desk.random.chance(0.008)) text = in_capitals(text);
  return desk.galley.set(styled(desk, text), shape);
}

bool write_quote(Desk& desk) {
  Shape shape = desk.shape();
  shape.left = em(desk, 1.5, 4);
  shape.right = desk.random.chance(0.7) ? shape.left : 0;
  shape.before = em(desk, 0.3, 0.8);
  shape.after += em(desk, 0.3, 0.8);
  if (desk.random.chance(0.5)) {
    shape.size = snap_size(double{shape.size} * 0.9);
    shape.pitch = shape.size * desk.setting.pitch;
  }
  const FaceIndex face = desk.random.chance(0.3) ? kItalic : kBodyFace;
  return desk.galley.set(plain(desk.writer.paragraph(400), face), shape);
}

bool write_framed(Desk& desk) {
  static constexpr std::array<Frame, 4> kFrames = {Frame::kRuled, Frame::kShaded, Frame::kShaded,
                                                   Frame::kDark};
  Shape shape = desk.shape();
  shape.frame = kFrames[desk.random.below(kFrames.size())];
  shape.left = shape.right = em(desk, 0.6, 1.5);
  shape.before = em(desk, 0.3, 0.8);
  shape.after += em(desk, 0.4, 0.8);
  return desk.galley.set(styled(desk, desk.writer.paragraph(350)), shape);
}

bool write_list(Desk& desk, std::int64_t items) {
  const std::uint64_t kind = desk.random.below(9);
  const std::uint64_t inner = desk.random.below(9);
  const float step = desk.setting.list_indent * desk.setting.size;
  const float base = desk.random.chance(0.6) ? step : step * 2;
  const std::int64_t longest = desk.random.chance(0.5) ? 70 : 260;
  const float between = desk.random.chance(0.5) ? 0 : desk.setting.paragraph_space;
  std::int64_t inner_number = 0;
  std::int64_t number = 0;
  for (std::int64_t i = 0; i < items && !desk.is_full(); ++i) {
    const bool deeper = i > 0 && desk.random.chance(0.2);
    inner_number = deeper ? inner_number + 1 : 0;
    if (!deeper) ++number;
    Shape shape = desk.shape();
    shape.kind = BlockKind::kList;
    shape.left = base + (deeper ? step : 0);
    shape.hang = step;
    shape.marker = some_marker(desk, deeper ? inner : kind, deeper ? inner_number : number);
    shape.after = between * desk.setting.size;
    if (desk.setting.habit(Habit::kRaggedLists, 3) == 0) shape.align = Align::kLeft;
    const std::string text =
        longest < 100 ? desk.writer.phrase(2, 12) : desk.writer.paragraph(longest);
    if (!desk.galley.set(styled(desk, text), shape)) return false;
  }
  desk.galley.skip(desk.setting.paragraph_space * desk.setting.size);
  return !desk.is_full();
}

bool write_clause(Desk& desk) {
  const Setting& s = desk.setting;
  Shape shape = desk.shape();
  ++desk.clause;
  const std::uint64_t kind = s.habit(Habit::kClauseMarks, 3);
  std::string number = kind == 0   ? "(" + std::to_string(desk.clause) + ")"
                       : kind == 1 ? std::to_string(desk.clause) + "."
                                   : std::to_string(desk.clause) + ")";
  if (desk.section > 0 && s.numbering == Numbering::kArabic && kind == 1) {
    number = std::to_string(desk.section) + "." + std::to_string(desk.clause);
  }
  const bool hanging = s.habit(Habit::kHangingClauses, 2) == 0;
  shape.marker = number;
  shape.hang = hanging ? s.size * 2.2F : 0;
  shape.left = shape.hang;
  if (!hanging) shape.first = s.indent * s.size;
  if (!hanging) shape.hang = -shape.first;
  if (!desk.galley.set(styled(desk, desk.writer.paragraph(desk.random.between(80, 700))), shape)) {
    return false;
  }
  if (!desk.random.chance(0.4)) return !desk.is_full();
  const float deep = s.list_indent * s.size * (hanging ? 2.2F : 1.6F);
  for (std::int64_t i = 1, n = desk.random.between(2, 6); i <= n && !desk.is_full(); ++i) {
    Shape item = desk.shape();
    item.kind = BlockKind::kList;
    item.left = deep;
    item.hang = desk.random.chance(0.5) ? std::min(deep, s.size * 1.6F) : 0;
    item.marker = some_marker(desk, kind == 0 ? 3 : kind == 1 ? 4 : 8, i);
    const std::int64_t most = desk.random.between(40, 300);
    if (!desk.galley.set(styled(desk, desk.writer.paragraph(most)), item)) return false;
  }
  return !desk.is_full();
}

bool write_verse(Desk& desk) {
  Shape shape = desk.shape();
  shape.align = Align::kLeft;
  shape.hyphenate = false;
  shape.after = 0;
  shape.left = em(desk, 0, 5);
  const FaceIndex face = desk.random.chance(0.2) ? kItalic : kBodyFace;
  for (std::int64_t i = 0, n = desk.random.between(3, 8); i < n && !desk.is_full(); ++i) {
    shape.first = i % 2 == 1 && desk.setting.indent > 0 ? desk.setting.size : 0;
    if (!desk.galley.set(plain(desk.writer.phrase(4, 9), face), shape)) return false;
  }
  desk.galley.skip(desk.setting.size * 0.8F);
  return !desk.is_full();
}

bool write_code(Desk& desk) {
  Shape shape = desk.shape();
  shape.align = Align::kLeft;
  shape.hyphenate = false;
  shape.after = 0;
  shape.size = snap_size(double{shape.size} * 0.85);
  shape.pitch = shape.size * 1.2F;
  static constexpr std::array<const char*, 6> kForms = {"% = %(%);", "if (% == %) {", "return %;",
                                                        "# % %",     "%.%(\"%\")",    "}"};
  for (std::int64_t i = 0, n = desk.random.between(3, 9); i < n && !desk.is_full(); ++i) {
    std::string line;
    for (const char* c = kForms[desk.random.below(kForms.size())]; *c != 0; ++c) {
      line += *c == '%' ? desk.writer.word() : std::string(1, *c);
    }
    shape.left = em(desk, 1, 1.01) + shape.size * 1.2F * static_cast<float>(desk.random.below(3));
    if (!desk.galley.set(plain(line, kMonoFace), shape)) return false;
  }
  desk.galley.skip(desk.setting.size * 0.8F);
  return !desk.is_full();
}

bool write_address(Desk& desk) {
  Shape shape = desk.shape();
  shape.align = Align::kLeft;
  shape.after = 0;
  const std::string street =
      std::to_string(desk.random.between(1, 990)) + " " + desk.writer.capitalised() + " Street";
  for (const std::string& line : {desk.writer.person(), street, desk.writer.capitalised()}) {
    if (!desk.galley.set(plain(line), shape)) return false;
  }
  desk.galley.skip(desk.setting.size);
  return !desk.is_full();
}

bool write_reference(Desk& desk) {
  const Setting& s = desk.setting;
  Shape shape = desk.shape();
  shape.kind = BlockKind::kList;
  ++desk.references;
  const std::uint64_t kind = s.habit(Habit::kReferenceMarks, 3);
  const float hang = s.size * (kind == 0 ? 2.0F : 1.5F);
  shape.left = hang;
  if (kind == 0) shape.marker = "[" + std::to_string(desk.references) + "]";
  if (kind == 1) shape.marker = std::to_string(desk.references) + ".";
  if (kind < 2) shape.hang = hang;
  if (kind == 2) shape.first = -hang;
  Random& random = desk.random;
  Runs runs = plain(desk.writer.person() + ", " + desk.writer.person() + ": ");
  runs.push_back({desk.writer.phrase(4, 12) + ". ", kBodyFace, 1, 0});
  runs.push_back({desk.writer.title(2, 5), kItalic, 1, 0});
  const std::int64_t page = random.between(1, 900);
  runs.push_back({", " + std::to_string(random.between(1, 90)) + ", " + std::to_string(page) +
                      (desk.writer.shows(0x2013) ? "\u2013" : "-") +
                      std::to_string(page + random.between(1, 40)) + ", " +
                      std::to_string(random.between(1900, 2025)) + ".",
                  kBodyFace, 1, 0});
  if (random.chance(0.15))
    runs.push_back({" " + web_address(random, desk.writer), kBodyFace, 1, 0});
  return desk.galley.set(runs, shape) && !desk.is_full();
}

bool write_figure(Desk& desk) {
  const Setting& s = desk.setting;
  Galley& galley = desk.galley;
  const float high =
      std::round(std::min(galley.width() * static_cast<float>(desk.random.uniform(0.2, 0.7)),
                          static_cast<float>(s.height) * 0.3F));
  const float wide = galley.width() * static_cast<float>(desk.random.uniform(0.4, 1.0));
  galley.skip(s.size * 0.6F);
  if (!galley.need(high + s.size * s.pitch * 2)) return !galley.full();
  const float x = std::round(galley.x0() + (galley.width() - wide) / 2);
  Figure figure;
  figure.box = {x, std::round(galley.y()), x + std::round(wide), std::round(galley.y()) + high};
  figure.kind = static_cast<FigureKind>(desk.random.below(kFigureKinds));
  figure.seed = desk.random.next();
  galley.sheet().add_figure(figure);
  galley.take(high + s.size * 0.5F);
  if (desk.random.chance(0.25)) return !desk.is_full();
  Shape caption = desk.shape();
  caption.kind = BlockKind::kFigureCaption;
  caption.size = snap_size(double{s.size} * desk.random.uniform(0.85, 1.0));
  caption.pitch = caption.size * s.pitch;
  caption.align = desk.random.chance(0.4) ? Align::kCenter : s.align;
  caption.after += s.size * 0.8F;
  ++desk.figures;
  const std::string label = (desk.random.chance(0.7) ? "Figure " : "Fig. ") +
                            std::to_string(desk.figures) + (desk.random.chance(0.5) ? ". " : ": ");
  const FaceIndex face = desk.random.chance(0.5) ? kBold : kBodyFace;
  Runs runs = plain(label, face);
  runs.push_back({desk.writer.paragraph(160), kBodyFace, 1, 0});
  return galley.set(runs, caption) && !desk.is_full();
}

}  // namespace lectio::documents
