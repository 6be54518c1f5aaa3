// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/compose.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "datagen/documents/elements.h"
#include "datagen/prints/text_source.h"

namespace lectio::documents {
namespace {

constexpr std::int64_t kMostPieces = 400;

// A header, footer or page number, which stands in the margin.
struct Running {
  BlockKind kind = BlockKind::kHeader;
  std::string text;
  Align align = Align::kLeft;
  bool at_bottom = false;
};

class Composer {
 public:
  Composer(const Setting& setting, const Corpus& corpus, Corpus::Split split, Random& random,
           Sheet& sheet)
      : setting_(setting),
        random_(random),
        sheet_(sheet),
        galley_(setting, sheet),
        writer_(random, corpus, split, *setting.faces[kBodyFace].font, setting.natural,
                setting.returning, setting.genre == Genre::kClean ? 60 : 32),
        desk_{setting, galley_, writer_, random, 0, 0, 0, 0, 0, 0, 0} {}

  void run() {
    if (setting_.genre == Genre::kEmpty) {
      picture();
      return;
    }
    draw_running();
    std::int64_t reserved = 0;
    for (const Running& running : running_) reserved += count_code_points(running.text) + 1;
    draw_notes();
    for (const std::string& note : notes_) reserved += count_code_points(note) + 40;
    galley_.reserve_chars(reserved);
    for (const Running& running : running_) {
      if (!running.at_bottom) set_running(running);
    }
    front();
    if (setting_.columns > 1) galley_.open_columns(setting_.columns);
    reserve_notes();
    body();
    set_notes();
    galley_.reserve_chars(0);
    for (const Running& running : running_) {
      if (running.at_bottom) set_running(running);
    }
  }

 private:
  void picture() {
    if (random_.chance(0.3)) return;  // blank
    for (std::int64_t n = random_.between(1, 3); n > 0; --n) {
      const auto width = static_cast<float>(setting_.width);
      const auto height = static_cast<float>(setting_.height);
      const float x = width * static_cast<float>(random_.uniform(0, 0.5));
      const float y = height * static_cast<float>(random_.uniform(0, 0.5));
      Figure figure;
      figure.box = {x, y, x + width * static_cast<float>(random_.uniform(0.2, 0.5)),
                    y + height * static_cast<float>(random_.uniform(0.2, 0.5))};
      figure.kind = static_cast<FigureKind>(random_.below(kFigureKinds));
      figure.seed = random_.next();
      sheet_.add_figure(figure);
    }
  }

  void draw_running() {
    if (setting_.genre == Genre::kClean) return;
    const auto some_align = [this] {
      const std::uint64_t kind = random_.below(3);
      return kind == 0 ? Align::kLeft : kind == 1 ? Align::kCenter : Align::kRight;
    };
    const auto words = [this] {
      std::string text = writer_.title(2, 6);
      if (random_.chance(0.15)) text += ", " + some_date(random_);
      return random_.chance(0.15) ? in_capitals(text) : text;
    };
    Align taken = Align::kJustify;
    if (setting_.header) {
      taken = some_align();
      running_.push_back({BlockKind::kHeader, words(), taken, false});
    }
    const bool number_on_top = setting_.page_number && random_.chance(0.3);
    Align taken_below = Align::kJustify;
    if (setting_.footer) {
      taken_below = some_align();
      running_.push_back({BlockKind::kFooter, words(), taken_below, true});
    }
    if (!setting_.page_number) return;
    Align align = some_align();
    const Align other = number_on_top ? taken : taken_below;
    if (align == other || (other == Align::kCenter)) {
      align = other == Align::kRight ? Align::kLeft : Align::kRight;
    }
    running_.push_back({BlockKind::kPageNumber, page_number(), align, !number_on_top});
  }

  std::string page_number() {
    const std::string number = std::to_string(random_.between(1, random_.chance(0.7) ? 99 : 999));
    switch (random_.below(10)) {
      case 0:
        return "Page " + number;
      case 1:
        return "- " + number + " -";
      case 2:
        return number + " of " + std::to_string(random_.between(100, 999));
      case 3:
        return roman(random_.between(1, 39), false);
      default:
        return number;
    }
  }

  // In the middle of the margin, as far as it has room for the line.
  void set_running(const Running& running) {
    const float size = snap_size(double{setting_.size} * 0.9);
    const float margin = running.at_bottom ? setting_.bottom : setting_.top;
    const float pitch = size * 1.25F;
    if (margin < pitch * 1.4F || setting_.genre == Genre::kSlide) return;
    const float distance = std::clamp(margin * 0.5F, pitch * 0.6F, margin - pitch * 0.7F);
    const float middle =
        running.at_bottom ? static_cast<float>(setting_.height) - distance : distance;
    const FaceIndex face = setting_.heading_capitals ? kBold
                           : setting_.heading_bar    ? kItalic
                                                     : kBodyFace;
    const Runs runs = plain(running.text, face);
    const float left = setting_.left;
    const float right = static_cast<float>(setting_.width) - setting_.right;
    const float wide = galley_.width_of(runs, size);
    if (wide > (right - left) * 0.6F) return;
    const float x = running.align == Align::kLeft     ? left
                    : running.align == Align::kCenter ? (left + right - wide) / 2
                                                      : right - wide;
    const float baseline = galley_.baseline_in(middle - pitch / 2, size, pitch);
    sheet_.begin_block(running.kind);
    galley_.set_at(runs, size, x, baseline);
    sheet_.end_block();
    if (setting_.heading_space > 1.2F) {  // some documents rule their margins off
      const float y = std::round(middle + (running.at_bottom ? -pitch : pitch) * 0.7F);
      sheet_.add_fill({left, y, right, y + 1}, setting_.ink);
    }
  }

  void draw_notes() {
    const bool can = setting_.genre == Genre::kProse || setting_.genre == Genre::kPaper ||
                     setting_.genre == Genre::kReport;
    if (!can || setting_.chars < 800 || !random_.chance(0.18)) return;
    first_note_ = random_.between(1, 60);
    for (std::int64_t n = random_.between(1, 3); n > 0; --n) {
      notes_.push_back(writer_.paragraph(random_.between(40, 220)));
    }
    desk_.notes = first_note_;
  }

  Shape note_shape() const {
    Shape shape = desk_.shape();
    shape.kind = BlockKind::kFootnote;
    shape.size = snap_size(double{setting_.size} * 0.82);
    shape.pitch = shape.size * std::min(setting_.pitch, 1.3F);
    shape.after = 0;
    return shape;
  }

  // Room for the notes at the foot of the last column.
  void reserve_notes() {
    if (notes_.empty()) return;
    const Shape shape = note_shape();
    float lines = 0;
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      const Runs runs = note(i);
      lines += std::ceil(galley_.width_of(runs, shape.size) * 1.12F / galley_.width());
    }
    note_height_ = lines * shape.pitch + shape.size * 1.2F;
    galley_.reserve_bottom(note_height_);
  }

  Runs note(std::size_t index) const {
    const std::string mark = std::to_string(first_note_ + static_cast<std::int64_t>(index));
    Runs runs;
    if (setting_.habit(Habit::kRaisedNoteMarks, 2) == 0) {
      runs.push_back({mark, kBodyFace, 0.7F, 0.3F});
    } else {
      runs.push_back({mark + ".", kBodyFace, 1, 0});
    }
    runs.push_back({" " + notes_[index], kBodyFace, 1, 0});
    return runs;
  }

  void set_notes() {
    if (notes_.empty()) return;
    galley_.open_last(note_height_);
    const float y = std::round(galley_.y() + setting_.size * 0.3F);
    sheet_.add_fill({galley_.x0(), y, galley_.x0() + galley_.width() * 0.3F, y + 1}, setting_.ink);
    galley_.take(setting_.size * 0.8F);
    galley_.reserve_chars(0);
    for (std::size_t i = 0; i < notes_.size(); ++i) {
      if (!galley_.set(note(i), note_shape())) return;
    }
  }

  // What stands across all columns at the top.
  void front() {
    switch (setting_.genre) {
      case Genre::kPaper:
        if (random_.chance(0.45)) paper_front();
        break;
      case Genre::kSlide:
      case Genre::kForm:
        write_title(desk_);
        break;
      case Genre::kContents: {
        Shape shape = desk_.shape();
        shape.kind = BlockKind::kTitle;
        shape.level = 1;
        shape.after = setting_.size;
        galley_.set(plain("Contents", setting_.heading_face), shape);
        break;
      }
      case Genre::kLetter:
        letter_front();
        break;
      default:
        if (setting_.genre != Genre::kClean && random_.chance(0.3)) write_title(desk_);
        break;
    }
  }

  void paper_front() {
    write_title(desk_);
    Shape shape = desk_.shape();
    shape.align = random_.chance(0.7) ? Align::kCenter : Align::kLeft;
    shape.hyphenate = false;
    std::string authors = writer_.person();
    for (std::int64_t n = random_.between(0, 3); n > 0; --n) authors += ", " + writer_.person();
    galley_.set(plain(authors, random_.chance(0.3) ? kBold : kBodyFace), shape);
    if (random_.chance(0.6)) {
      const FaceIndex face = random_.chance(0.6) ? kItalic : kBodyFace;
      galley_.set(
          plain("University of " + writer_.capitalised() + ", " + writer_.capitalised(), face),
          shape);
    }
    if (random_.chance(0.3)) galley_.set(plain(web_address(random_, writer_)), shape);
    galley_.skip(setting_.size);
    if (!random_.chance(0.7)) return;
    shape = desk_.shape();
    shape.left = shape.right = setting_.size * static_cast<float>(random_.uniform(0, 4));
    shape.after = setting_.size;
    Runs runs;
    if (random_.chance(0.5)) {
      runs.push_back({random_.chance(0.5) ? "Abstract. " : "Abstract: ", kBold, 1, 0});
    } else {
      Shape head = shape;
      head.kind = BlockKind::kTitle;
      head.level = 2;
      head.align = Align::kCenter;
      head.after = setting_.size * 0.3F;
      galley_.set(plain("Abstract", kBold), head);
    }
    runs.push_back({writer_.paragraph(random_.between(300, 900)), kBodyFace, 1, 0});
    galley_.set(runs, shape);
  }

  void letter_front() {
    if (random_.chance(0.5)) write_address(desk_);
    if (random_.chance(0.6)) {
      Shape shape = desk_.shape();
      shape.align = random_.chance(0.5) ? Align::kRight : Align::kLeft;
      shape.after = setting_.size;
      galley_.set(plain(some_date(random_)), shape);
    }
    if (random_.chance(0.7)) write_address(desk_);
    Shape shape = desk_.shape();
    shape.after = setting_.size;
    galley_.set(plain("Dear " + writer_.person() + ","), shape);
  }

  void body() {
    for (std::int64_t pieces = 0; pieces < kMostPieces && !desk_.is_full(); ++pieces) {
      if (!piece(pieces)) return;
    }
  }

  bool piece(std::int64_t number) {
    const double kind = random_.unit();
    switch (setting_.genre) {
      case Genre::kLegal:
        return legal_piece(kind);
      case Genre::kPaper:
        return paper_piece(number, kind);
      case Genre::kReport:
        return report_piece(kind);
      case Genre::kForm:
        if (kind < 0.15) return write_heading(desk_, 2);
        if (kind < 0.3) return write_paragraph(desk_, 200);
        return kind < 0.4 ? write_table(desk_) : write_form_row(desk_);
      case Genre::kContents:
        page_ += random_.between(0, 9);
        return write_contents_line(desk_, page_);
      case Genre::kSlide:
        if (number > random_.between(2, 5)) return false;
        if (kind < 0.2) return write_figure(desk_);
        return kind < 0.3 ? write_paragraph(desk_, 160) : write_list(desk_, random_.between(2, 5));
      case Genre::kLines:
        if (kind < 0.1) return write_heading(desk_, 2);
        if (kind < 0.2) return write_paragraph(desk_, 300);
        if (kind < 0.25) return write_address(desk_);
        return kind < 0.6 ? write_verse(desk_) : write_code(desk_);
      case Genre::kReferences:
        if (kind < 0.03) return write_heading(desk_, 2);
        return write_reference(desk_);
      case Genre::kClean:
        return clean_piece();
      default:
        return prose_piece(kind);
    }
  }

  // Plain text often comes without its paragraphs.
  bool clean_piece() {
    if (setting_.habit(Habit::kOneParagraph, 5) >= 3) return write_paragraph(desk_, 4000);
    std::string text = writer_.paragraph(4000);
    while (count_code_points(text) < galley_.budget()) text += " " + writer_.paragraph(4000);
    return galley_.set(plain(text), desk_.shape());
  }

  bool prose_piece(double kind) {
    if (kind < 0.07) return write_heading(desk_, kind < 0.05 ? 2 : 3);
    if (kind < 0.09) return write_quote(desk_);
    if (kind < 0.10) return write_framed(desk_);
    if (kind < 0.12) return write_list(desk_, random_.between(2, 5));
    if (kind < 0.13) return write_verse(desk_);
    if (kind < 0.145) return write_figure(desk_);
    return write_paragraph(desk_, random_.between(200, 1100));
  }

  bool legal_piece(double kind) {
    if (kind < 0.14) {
      desk_.clause = random_.chance(0.6) ? 0 : desk_.clause;
      return write_heading(desk_, kind < 0.10 ? 2 : 3);
    }
    if (kind < 0.34) return write_paragraph(desk_, random_.between(100, 700));
    if (kind < 0.37) return write_framed(desk_);
    if (kind < 0.39) return write_table(desk_);
    return write_clause(desk_);
  }

  bool paper_piece(std::int64_t number, double kind) {
    if (number == 0 || kind < 0.12) return write_heading(desk_, kind < 0.07 ? 2 : 3);
    if (kind < 0.16) return write_figure(desk_);
    if (kind < 0.19) return write_table(desk_);
    if (kind < 0.22) return write_list(desk_, random_.between(2, 6));
    if (kind < 0.24) return write_quote(desk_);
    if (galley_.budget() < setting_.chars / 5 && kind < 0.4) return write_reference(desk_);
    return write_paragraph(desk_, random_.between(250, 1300));
  }

  bool report_piece(double kind) {
    if (kind < 0.16) return write_heading(desk_, kind < 0.10 ? 2 : 3);
    if (kind < 0.30) return write_list(desk_, random_.between(2, 8));
    if (kind < 0.38) return write_table(desk_);
    if (kind < 0.42) return write_figure(desk_);
    if (kind < 0.47) return write_framed(desk_);
    if (kind < 0.48) return write_code(desk_);
    return write_paragraph(desk_, random_.between(150, 900));
  }

  const Setting& setting_;
  Random& random_;
  Sheet& sheet_;
  Galley galley_;
  Writer writer_;
  Desk desk_;
  std::vector<Running> running_;
  std::vector<std::string> notes_;
  std::int64_t first_note_ = 0;
  float note_height_ = 0;
  std::int64_t page_ = 1;
};

}  // namespace

void compose(const Setting& setting, const Corpus& corpus, Corpus::Split split, Random& random,
             Sheet& sheet) {
  Composer(setting, corpus, split, random, sheet).run();
}

}  // namespace lectio::documents
