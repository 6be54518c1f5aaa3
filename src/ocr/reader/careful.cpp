// SPDX-License-Identifier: Apache-2.0
#include "ocr/reader/careful.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "media/image/resize.h"
#include "ocr/reader/passage.h"
#include "ocr/reader/unread.h"

namespace lectio {
namespace {

constexpr std::size_t kMostAttempts = 7;
constexpr double kTemperatures[] = {0.3, 0.8};
// An attempt that only gets so much further before the next loop is not worth another round.
constexpr std::int64_t kProgress = 16;
// Fewer tokens than these say nothing about whether a region's text is its own.
constexpr std::int64_t kLeastProof = 48;
// Regions without text that are read alone, of one page.
constexpr std::size_t kMostRegions = 4;
constexpr double kLeastOfRegion = 0.5;  // of the characters that its ink promises
// Of the text of a region, what may stand in the page's text already.
constexpr double kMostKnown = 0.3;

std::int64_t table_tokens(const InkReport& ink) {
  const std::int64_t row = 2 * std::max<std::int64_t>(ink.vertical_rules, 1) + 2;
  return row * (ink.horizontal_rules + 1);
}

// The geometric mean of the tokens' probabilities.
std::optional<double> confidence_of(const PageText& text) {
  double sum = 0;
  std::int64_t known = 0;
  for (const float value : text.log_probabilities) {
    if (!std::isfinite(value)) continue;
    sum += static_cast<double>(value);
    ++known;
  }
  if (known == 0) return std::nullopt;
  return std::exp(sum / static_cast<double>(known));
}

class CarefulReader {
 public:
  CarefulReader(const Page& page, const InkReport& ink, const CarefulOptions& options,
                const AskModel& ask)
      : page_(page),
        ink_(ink),
        options_(options),
        ask_(ask) {}

  Result<PageReading> read() {
    reading_.evidence.ink_blank = ink_.blank;
    reading_.evidence.ink_coverage = ink_.coverage;
    reading_.evidence.ink_stains = ink_.stains;
    reading_.evidence.ink_characters = ink_.characters;
    if (ink_.blank && !options_.ask_blank) return finish();

    ReadOptions first = options_.read;
    first.loops = loop_rule_for(ink_, options_.structural);
    first.loops.watch = options_.watch;
    first.loops.most_wasted = kMostWasted;
    LECTIO_TRY(reading_.text, ask_(page_, first));
    note("first", first, reading_.text, true);
    if (options_.recover) recover(first);
    if (options_.unread != UnreadHandling::kOff) look_for_unread(first);
    return finish();
  }

 private:
  // Tokens that may yet be thrown away.
  std::int64_t left() const {
    std::int64_t tokens = kMostWasted;
    for (const Attempt& attempt : reading_.evidence.attempts) tokens -= attempt.wasted_tokens;
    return tokens;
  }

  // Of these, what a loop of another attempt may cost: what stands before it is thrown away, too,
  // where it is too short.
  std::int64_t left_for_loop() const { return left() - (kProgress - 1); }

  // A text beyond the page's ink has nothing to go on to.
  bool done() const {
    const PageText& text = reading_.text;
    if (text.finish != FinishReason::kLoop || !text.loop) return true;
    const LoopKind kind = text.loop->kind;
    return kind == LoopKind::kNumbers || kind == LoopKind::kSurplus ||
           options_.read.stop.stop_requested() ||
           reading_.evidence.attempts.size() >= kMostAttempts ||
           left_for_loop() < LoopDetector::kKnownTokens;
  }

  PageReading finish() {
    Evidence& evidence = reading_.evidence;
    evidence.finish = reading_.text.finish;
    if (evidence.finish == FinishReason::kLoop) evidence.loop = reading_.text.loop;
    evidence.read_characters = count_letters(reading_.text.text);
    evidence.confidence = confidence_of(reading_.text);
    reading_.text.timings = timings_;
    reading_.text.generated_tokens = 0;
    for (const Attempt& attempt : evidence.attempts) {
      reading_.text.generated_tokens += attempt.generated_tokens;
    }
    reading_.verdict = judge(evidence, options_.limits);
    return std::move(reading_);
  }

  // What came of asking: `taken` is whether its text is part of the page's from now on.
  Attempt& note(const char* why, const ReadOptions& how, const PageText& text, bool taken) {
    Attempt attempt;
    attempt.why = why;
    attempt.mode = text.mode;
    attempt.temperature = how.generate.temperature;
    attempt.finish = text.finish;
    attempt.generated_tokens = text.generated_tokens;
    attempt.wasted_tokens = text.generated_tokens;
    if (taken) attempt.wasted_tokens -= std::ssize(text.ids) - std::ssize(how.prefix);
    attempt.loop = text.loop;
    add_timings(text.timings, timings_);
    reading_.evidence.attempts.push_back(std::move(attempt));
    return reading_.evidence.attempts.back();
  }

  static void add_timings(const PageTimings& some, PageTimings& all) {
    all.views_ms += some.views_ms;
    all.encode_ms += some.encode_ms;
    all.prefill_ms += some.prefill_ms;
    all.decode_ms += some.decode_ms;
  }

  // Of attempts that follow: each may waste a third of what is left, so that several can be made.
  void limit_waste(LoopRule& loops, std::int64_t most) const {
    loops.most_wasted = most;
    const std::int64_t share = std::max(left() / 3, LoopDetector::kKnownTokens);
    loops.repeated_tokens = std::min(loops.repeated_tokens, share);
    loops.repeated_unit_tokens = std::min(loops.repeated_unit_tokens, share);
  }

  void recover(const ReadOptions& first) {
    remember_loop();
    while (!done()) {
      const std::size_t before = reading_.text.ids.size();
      // What reads a leader writes dots in every mode; the rule ends them. Where the first attempt
      // had the pixels, the model has lost its place and its own rule finds it again.
      const bool rule_first = repeats_marks() || (has_own_rule() && began_in_one_large_view());
      if (rule_first) go_on_with_rule(first);
      for (const Mode mode : options_.larger_modes) {
        if (mode_name(mode) == reading_.evidence.attempts.front().mode) continue;
        ReadOptions how = first;
        how.mode = mode;
        go_on("mode", how);
      }
      if (!rule_first) go_on_with_rule(first);
      for (const double temperature : kTemperatures) {
        ReadOptions how = first;
        how.generate.temperature = std::max(first.generate.temperature, temperature);
        go_on("temperature", how);
      }
      if (std::ssize(reading_.text.ids) < static_cast<std::int64_t>(before) + kProgress) return;
    }
  }

  bool has_own_rule() const { return options_.own_no_repeat.kind != NoRepeatRule::Kind::kNone; }

  // Not in tiles: they loop at their seams, and another mode has none.
  bool began_in_one_large_view() const {
    const std::string& began = reading_.evidence.attempts.front().mode;
    return std::any_of(options_.larger_modes.begin(), options_.larger_modes.end(), [&](Mode mode) {
      return mode != Mode::kGundam && mode_name(mode) == began;
    });
  }

  void go_on_with_rule(const ReadOptions& first) {
    const bool own = has_own_rule() && !repeats_marks();
    const NoRepeatRule& rule = own ? options_.own_no_repeat : options_.no_repeat;
    if (rule.kind == NoRepeatRule::Kind::kNone || rule == first.generate.no_repeat) return;
    ReadOptions how = first;
    how.generate.no_repeat = rule;
    how.generate.not_first = next_of_loop();
    go_on("no_repeat", how);
  }

  // The loop has neither letters nor digits.
  bool repeats_marks() const {
    const PageText& text = reading_.text;
    if (!text.loop || text.loop->kind != LoopKind::kTokens) return false;
    const auto begin = static_cast<std::size_t>(text.loop->begin);
    const std::int64_t from = begin == 0 ? 0 : text.text_ends[begin - 1];
    return count_letters(std::string_view(text.text).substr(static_cast<std::size_t>(from))) == 0;
  }

  // The token that the loop would have gone on with.
  std::vector<std::int32_t> next_of_loop() const {
    const PageText& text = reading_.text;
    if (!text.loop || text.loop->kind != LoopKind::kTokens) return {};
    return {text.ids[text.ids.size() - static_cast<std::size_t>(text.loop->period)]};
  }

  void remember_loop() {
    const PageText& text = reading_.text;
    if (!text.loop || text.loop->kind != LoopKind::kTokens) return;
    const auto begin = text.ids.begin() + text.loop->begin;
    units_.emplace_back(begin, begin + text.loop->period);
  }

  // Another attempt from the end of the text so far. Where it cannot be made, nothing happens.
  void go_on(const char* why, ReadOptions how) {
    if (done()) return;
    how.prefix = reading_.text.ids;
    how.prefix_log_probabilities = reading_.text.log_probabilities;
    how.on_text = nullptr;
    how.loops.known = units_;
    limit_waste(how.loops, left_for_loop());
    auto text = ask_(page_, how);
    if (!text) return;
    const std::int64_t gained = std::ssize(text->ids) - std::ssize(how.prefix);
    const bool better = text->finish != FinishReason::kLoop || gained >= kProgress;
    note(why, how, *text, better);
    if (better) adopt(*std::move(text));
  }

  // The text so far is the beginning of the new one.
  void adopt(PageText text) {
    if (options_.read.on_text && reading_.text.text.size() < text.text.size()) {
      options_.read.on_text(std::string_view(text.text).substr(reading_.text.text.size()));
    }
    reading_.text = std::move(text);
    remember_loop();
  }

  void look_for_unread(const ReadOptions& first) {
    const std::optional<UnreadLines> unread = find_unread(page_, ink_, reading_.text.text);
    if (!unread) return;
    reading_.evidence.unread_ink = unread->share;
    if (options_.unread != UnreadHandling::kRead) return;
    if (unread->share <= options_.limits.most_unread_ink) return;
    const FinishReason finish = reading_.text.finish;
    if (finish == FinishReason::kMaxTokens || finish == FinishReason::kCancelled) return;
    const std::size_t whole = reading_.text.text.find_last_not_of(" \t\r\n") + 1;
    const bool in_order = options_.read.on_text || finish == FinishReason::kLoop;
    std::size_t read = 0;
    std::size_t added = 0;  // bytes before what is still to come
    for (const UnreadRegion& region : unread->regions) {
      if (options_.read.stop.stop_requested() || read == kMostRegions) return;
      if (in_order && region.at < whole) continue;
      ++read;
      added += read_region(first, region, added);
    }
  }

  // The text is the region's: as much as its ink promises, and nothing that the page's text has.
  bool fits(const PageText& text, const UnreadRegion& region, double least) const {
    const auto letters = static_cast<double>(count_letters(text.text));
    const auto expected = static_cast<double>(region.characters);
    return letters >= least * expected && letters <= options_.limits.most_read * expected &&
           share_known(text.text, reading_.text.text) <= kMostKnown;
  }

  // How many bytes longer the text is now. A text that does not fit is thrown away, so it is
  // looked at before it is longer than may be. What fits then goes on and is taken.
  std::size_t read_region(const ReadOptions& first, const UnreadRegion& region, std::size_t added) {
    const std::int64_t most = left();
    if (most < kLeastProof) return 0;
    const PartPage part = part_page(page_, region.box);
    ReadOptions how = first;
    how.on_text = nullptr;
    how.loops.page_characters =
        loop_rule_for(look_at_ink(part.page.image), options_.structural).page_characters;
    limit_waste(how.loops, most);
    how.generate.max_tokens = std::min(first.generate.max_tokens, most);
    auto text = ask_(part.page, how);
    if (!text) return 0;
    const bool looked_at = text->finish == FinishReason::kMaxTokens &&
                           how.generate.max_tokens < first.generate.max_tokens;
    const bool taken = fits(*text, region, looked_at ? 0 : kLeastOfRegion);
    if (looked_at && taken) {
      ReadOptions further = how;
      further.generate.max_tokens = first.generate.max_tokens;
      further.prefix = text->ids;
      further.prefix_log_probabilities = text->log_probabilities;
      if (auto whole = ask_(part.page, further)) {
        whole->generated_tokens += text->generated_tokens;
        add_timings(text->timings, whole->timings);
        text = std::move(whole);
      }
    }
    Attempt& attempt = note("unread_region", how, *text, taken);
    attempt.region = region.box;
    if (!taken) return 0;

    move_boxes(*text, part, region.box, page_);
    const std::size_t before = reading_.text.text.size();
    const Passage passage = insert_text(reading_.text, region.at + added, *text);
    attempt.text_begin = passage.begin;
    attempt.text_end = passage.end;
    const bool last = passage.end == reading_.text.text.size();
    if (last && reading_.text.finish != FinishReason::kLoop) reading_.text.finish = text->finish;
    if (last && options_.read.on_text) {
      options_.read.on_text(std::string_view(reading_.text.text).substr(before));
    }
    *reading_.evidence.unread_ink = std::max(0.0, *reading_.evidence.unread_ink - region.share);
    return reading_.text.text.size() - before;
  }

  const Page& page_;
  const InkReport& ink_;
  const CarefulOptions& options_;
  const AskModel& ask_;
  PageReading reading_;
  PageTimings timings_;                           // of all attempts
  std::vector<std::vector<std::int32_t>> units_;  // of the loops so far
};

}  // namespace

LoopRule loop_rule_for(const InkReport& ink, const std::vector<std::int32_t>& structural) {
  constexpr std::int64_t kFewest = 50;    // faint print may hide: no page is said to have less
  constexpr double kMostGraphics = 0.05;  // of the page: a picture may hold text in any form
  // Where the ink says what is repeated, less is left to doubt.
  constexpr std::int64_t kRepeatedWithoutInk = 120;
  constexpr std::int64_t kRepeatedUnitWithoutInk = 32;
  constexpr std::int64_t kMostMarks = 250;  // no leader is longer, whatever the ink looks like
  LoopRule rule;
  rule.watch = true;
  rule.structural = structural;
  if (table_tokens(ink) > rule.repeated_tokens) rule.structural_tokens = table_tokens(ink);
  rule.repeated_marks = std::min(ink.marks_in_a_row * 5 / 4, kMostMarks);
  if (ink.graphics > kMostGraphics) return rule;
  rule.page_characters = std::max(ink.characters, kFewest);
  rule.repeated_characters = ink.repeated_characters * 5 / 4;
  rule.repeated_tokens = kRepeatedWithoutInk;
  rule.repeated_unit_tokens = kRepeatedUnitWithoutInk;
  return rule;
}

Result<PageReading> read_carefully(const Page& page, const InkReport& ink,
                                   const CarefulOptions& options, const AskModel& ask) {
  return CarefulReader(page, ink, options, ask).read();
}

}  // namespace lectio
