// SPDX-License-Identifier: Apache-2.0
#include "eval/error_classes.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "eval/alignment.h"

namespace lectio {
namespace {

constexpr ErrorClassName kNames[] = {
    {"substituted_letters", "another letter or sign", &ErrorClasses::letters, nullptr},
    {"substituted_digits", "another digit or sign", &ErrorClasses::digits, nullptr},
    {"substituted_punctuation", "other punctuation", &ErrorClasses::punctuation, nullptr},
    {"substituted_spaces", "a sign for a space", &ErrorClasses::spaces, nullptr},
    {"substituted_case", "the other case", &ErrorClasses::letter_case, nullptr},
    {"substituted_accents", "other accents", &ErrorClasses::accents, nullptr},
    {"left_out", "left out, single", &ErrorClasses::left_out, nullptr},
    {"lost_runs", "left out, runs", &ErrorClasses::lost, &ErrorClasses::runs_lost},
    {"put_in", "put in, single", &ErrorClasses::put_in, nullptr},
    {"repeated_runs", "written again, runs", &ErrorClasses::repeated, &ErrorClasses::runs_repeated},
    {"invented_runs", "invented, runs", &ErrorClasses::invented, &ErrorClasses::runs_invented},
    {"order", "elsewhere, runs", &ErrorClasses::order, &ErrorClasses::runs_in_order},
};

// The letters without accents of U+00C0 to U+017F; '.' for what has none.
constexpr std::string_view kBaseLetters =
    "AAAAAA.CEEEEIIII.NOOOOO.OUUUUY..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKk.LlLlLl."
    ".LlNnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz.";

bool is_ascii_letter(char32_t c) { return (c | 0x20) >= U'a' && (c | 0x20) <= U'z' && c < 0x80; }

// 0 where it is no letter of Latin up to U+017F.
char32_t base_letter(char32_t c) {
  if (is_ascii_letter(c)) return c;
  if (c < 0xC0 || c >= 0x180) return 0;
  const char base = kBaseLetters[c - 0xC0];
  return base == '.' ? 0 : static_cast<char32_t>(base);
}

bool is_letter(char32_t c) {
  if (c < 0xC0) return is_ascii_letter(c);
  const bool is_sign = c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c < 0x2C00) ||
                       (c >= 0x3000 && c < 0x3040) || (c >= 0xFF00 && c < 0xFF21) || c == 0xFFFD;
  return !is_sign;
}

std::int64_t ErrorClasses::*substitution_class(char32_t truth, char32_t found) {
  if (truth == U' ') return &ErrorClasses::spaces;
  if (truth >= U'0' && truth <= U'9') return &ErrorClasses::digits;
  const char32_t a = base_letter(truth);
  const char32_t b = base_letter(found);
  if (a != 0 && a == b) return &ErrorClasses::accents;
  if (a != 0 && b != 0 && (a | 0x20) == (b | 0x20)) return &ErrorClasses::letter_case;
  return is_letter(truth) ? &ErrorClasses::letters : &ErrorClasses::punctuation;
}

// One edit and where it is in both texts.
struct Step {
  Edit edit;
  std::size_t truth;  // index of its character, or of the one behind it
  std::size_t found;
  bool in_run = false;
};

std::vector<Step> steps_of(const std::vector<Edit>& edits) {
  std::vector<Step> steps;
  steps.reserve(edits.size());
  std::size_t truth = 0, found = 0;
  for (const Edit edit : edits) {
    steps.push_back({edit, truth, found});
    truth += edit == Edit::kInsert ? 0 : 1;
    found += edit == Edit::kDelete ? 0 : 1;
  }
  return steps;
}

// Characters of one side that a run has.
struct Run {
  std::size_t begin = 0, end = 0;
  std::int64_t edits = 0;  // that it answers for
};

class Classifier {
 public:
  Classifier(std::u32string_view truth, std::u32string_view found)
      : truth_(truth),
        found_(found),
        steps_(steps_of(align_texts(truth, found))) {}

  ErrorClasses classify() {
    find_long_stretches();
    find_replaced();
    name_runs();
    for (const Step& step : steps_) {
      if (step.in_run || step.edit == Edit::kMatch) continue;
      if (step.edit == Edit::kDelete) {
        ++classes_.left_out;
      } else if (step.edit == Edit::kInsert) {
        ++classes_.put_in;
      } else {
        ++(classes_.*substitution_class(truth_[step.truth], found_[step.found]));
      }
    }
    return classes_;
  }

 private:
  // kRun deletions or insertions in a row.
  void find_long_stretches() {
    for (std::size_t begin = 0; begin < steps_.size();) {
      const Edit edit = steps_[begin].edit;
      std::size_t end = begin + 1;
      while (end < steps_.size() && steps_[end].edit == edit) ++end;
      const bool is_gap = edit == Edit::kDelete || edit == Edit::kInsert;
      if (is_gap && end - begin >= kRun) {
        for (std::size_t i = begin; i < end; ++i) steps_[i].in_run = true;
        const bool lost = edit == Edit::kDelete;
        const std::size_t at = lost ? steps_[begin].truth : steps_[begin].found;
        (lost ? lost_ : written_)
            .push_back({at, at + (end - begin), static_cast<std::int64_t>(end - begin)});
      }
      begin = end;
    }
  }

  // Places between long stretches and anchors, from their first edit to their last.
  void find_replaced() {
    std::size_t begin = steps_.size();  // of the place; size(): there is none
    std::size_t end = 0;                // behind its last edit
    const auto close = [&] {
      if (begin < steps_.size()) close_place(begin, end);
      begin = steps_.size();
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].in_run) {
        close();
      } else if (steps_[i].edit != Edit::kMatch) {
        if (begin < steps_.size() && i - end >= kAnchor) close();
        if (begin == steps_.size()) begin = i;
        end = i + 1;
      }
    }
    close();
  }

  void close_place(std::size_t begin, std::size_t end) {
    std::size_t matches = 0, deletions = 0, insertions = 0;
    for (std::size_t i = begin; i < end; ++i) {
      matches += steps_[i].edit == Edit::kMatch ? 1 : 0;
      deletions += steps_[i].edit == Edit::kDelete ? 1 : 0;
      insertions += steps_[i].edit == Edit::kInsert ? 1 : 0;
    }
    const std::size_t longer = end - begin - std::min(deletions, insertions);
    if (longer < kRun || 2 * matches >= longer) return;
    for (std::size_t i = begin; i < end; ++i) steps_[i].in_run = true;
    const Step& first = steps_[begin];
    const std::size_t truth = end - begin - insertions;
    const std::size_t found = end - begin - deletions;
    const std::size_t written = end - begin - deletions - matches;
    lost_.push_back({first.truth, first.truth + truth, static_cast<std::int64_t>(deletions)});
    written_.push_back({first.found, first.found + found, static_cast<std::int64_t>(written)});
  }

  using Pieces = std::unordered_map<std::u32string_view, std::int64_t>;

  static void add_pieces(std::u32string_view text, Pieces& pieces) {
    for (std::size_t i = 0; i + kPiece <= text.size(); ++i) ++pieces[text.substr(i, kPiece)];
  }

  // Whether half of the run's pieces are there more than `own` times.
  static bool is_in(std::u32string_view run, const Pieces& pieces, std::int64_t own) {
    std::size_t known = 0, all = 0;
    for (std::size_t i = 0; i + kPiece <= run.size(); ++i, ++all) {
      const auto at = pieces.find(run.substr(i, kPiece));
      known += at != pieces.end() && at->second > own ? 1 : 0;
    }
    return all > 0 && 2 * known >= all;
  }

  static std::u32string_view part(std::u32string_view text, const Run& run) {
    return text.substr(run.begin, run.end - run.begin);
  }

  void name_runs() {
    Pieces lost, written, all;
    for (const Run& run : lost_) add_pieces(part(truth_, run), lost);
    for (const Run& run : written_) add_pieces(part(found_, run), written);
    add_pieces(found_, all);
    for (const Run& run : lost_) {
      const bool elsewhere = is_in(part(truth_, run), written, 0);
      if (!elsewhere) classes_.missed += static_cast<std::int64_t>(run.end - run.begin);
      count(run, elsewhere ? &ErrorClasses::order : &ErrorClasses::lost,
            elsewhere ? &ErrorClasses::runs_in_order : &ErrorClasses::runs_lost);
    }
    for (const Run& run : written_) {
      const std::u32string_view text = part(found_, run);
      if (is_in(text, lost, 0)) {
        count(run, &ErrorClasses::order, &ErrorClasses::runs_in_order);
      } else if (is_in(text, all, 1)) {
        count(run, &ErrorClasses::repeated, &ErrorClasses::runs_repeated);
      } else {
        count(run, &ErrorClasses::invented, &ErrorClasses::runs_invented);
      }
    }
  }

  void count(const Run& run, std::int64_t ErrorClasses::*characters,
             std::int64_t ErrorClasses::*runs) {
    if (run.edits == 0) return;
    classes_.*characters += run.edits;
    ++(classes_.*runs);
  }

  std::u32string_view truth_;
  std::u32string_view found_;
  std::vector<Step> steps_;
  std::vector<Run> lost_;     // of the truth
  std::vector<Run> written_;  // of the text
  ErrorClasses classes_;
};

}  // namespace

std::span<const ErrorClassName> error_class_names() { return kNames; }

std::int64_t ErrorClasses::all() const {
  std::int64_t sum = 0;
  for (const ErrorClassName& name : kNames) sum += this->*name.characters;
  return sum;
}

ErrorClasses& ErrorClasses::operator+=(const ErrorClasses& other) {
  for (const ErrorClassName& name : kNames) {
    this->*name.characters += other.*name.characters;
    if (name.runs != nullptr) this->*name.runs += other.*name.runs;
  }
  missed += other.missed;
  return *this;
}

ErrorClasses classify_errors(std::u32string_view expected, std::u32string_view found) {
  return Classifier(expected, found).classify();
}

}  // namespace lectio
