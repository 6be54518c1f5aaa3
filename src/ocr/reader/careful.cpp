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
constexpr std::size_t kProgress = 16;
// Of the text before a loop, what must stand in the text of the lower half for both to be joined.
constexpr std::size_t kJoint = 32;
// Regions without text that are read alone, of one page.
constexpr std::size_t kMostRegions = 4;
constexpr double kLeastOfRegion = 0.5;  // of the characters that its ink promises
// Of the text of a region, what may stand in the page's text already.
constexpr double kMostKnown = 0.3;
constexpr double kLowerHalf = 0.45;  // of the page's height: a little more than half is read again

std::int64_t table_tokens(const InkReport& ink) {
  const std::int64_t row = 2 * std::max<std::int64_t>(ink.vertical_rules, 1) + 2;
  return row * (ink.horizontal_rules + 1);
}

// What is common to both at the beginning.
std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return static_cast<std::size_t>(end - a.begin());
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
    LECTIO_TRY(reading_.text, ask_(page_, first));
    note("first", first, reading_.text, 0);
    if (options_.recover) recover(first);
    if (options_.unread != UnreadHandling::kOff) look_for_unread(first);
    return finish();
  }

 private:
  bool done() const {
    return reading_.text.finish != FinishReason::kLoop || options_.read.stop.stop_requested() ||
           reading_.evidence.attempts.size() >= kMostAttempts;
  }

  PageReading finish() {
    Evidence& evidence = reading_.evidence;
    evidence.finish = reading_.text.finish;
    if (evidence.finish == FinishReason::kLoop) evidence.loop = reading_.text.loop;
    evidence.read_characters = count_letters(reading_.text.text);
    evidence.confidence = confidence_of(reading_.text);
    reading_.verdict = judge(evidence, options_.limits);
    return std::move(reading_);
  }

  // kept: tokens of the attempt that are in the text now.
  void note(const char* why, const ReadOptions& how, const PageText& text, std::int64_t wasted) {
    Attempt attempt;
    attempt.why = why;
    attempt.mode = text.mode;
    attempt.temperature = how.generate.temperature;
    attempt.finish = text.finish;
    attempt.generated_tokens = text.generated_tokens;
    attempt.wasted_tokens = wasted;
    if (text.loop) {
      attempt.loop = text.loop;
      attempt.wasted_tokens =
          std::max(wasted, text.loop->begin + text.loop->length - text.loop->keep);
    }
    reading_.evidence.attempts.push_back(std::move(attempt));
  }

  // Letters of the text had its loop not been taken back. Nothing where none are in the loop: how
  // often those signs may stand on the page, its ink does not say.
  std::optional<std::int64_t> letters_with_loop() const {
    const PageText& text = reading_.text;
    const LoopSpan& loop = *text.loop;
    const auto at = [&](std::int64_t token) {
      const auto end = std::min<std::int64_t>(token, std::ssize(text.text_ends));
      return end == 0 ? 0
                      : static_cast<std::size_t>(text.text_ends[static_cast<std::size_t>(end - 1)]);
    };
    const std::string_view unit = std::string_view(text.text).substr(
        at(loop.begin), at(loop.begin + loop.period) - at(loop.begin));
    const std::int64_t letters = count_letters(unit);
    if (letters == 0) return std::nullopt;
    return count_letters(text.text) + letters * (loop.length / loop.period - 1);
  }

  // Where the page has ink for all of the repetition, it may be true: the text goes on until the
  // ink is used up, and counts if it ends by itself before that.
  void try_within_page(const ReadOptions& first) {
    if (done() || first.loops.page_characters == 0) return;
    const auto& loop = reading_.text.loop;
    if (!loop || loop->kind != LoopKind::kTokens || loop->period < 1) return;
    const auto letters = letters_with_loop();
    if (!letters || *letters > first.loops.page_characters) return;
    ReadOptions how = first;
    how.loops.within_page = true;
    how.prefix = reading_.text.ids;
    how.prefix_log_probabilities = reading_.text.log_probabilities;
    how.on_text = nullptr;
    auto text = ask_(page_, how);
    if (!text) return;
    const bool ended = text->finish == FinishReason::kStop;
    note(kWithinPage, how, *text, ended ? 0 : text->generated_tokens);
    if (ended) adopt(*std::move(text));
  }

  void recover(const ReadOptions& first) {
    try_within_page(first);
    while (!done()) {
      const std::size_t before = reading_.text.ids.size();
      ReadOptions how = first;
      how.generate.no_repeat = options_.no_repeat;
      if (options_.no_repeat.kind != NoRepeatRule::Kind::kNone &&
          !(options_.no_repeat == first.generate.no_repeat)) {
        go_on("no_repeat", how);
      }
      for (const Mode mode : options_.larger_modes) {
        if (mode_name(mode) == reading_.evidence.attempts.front().mode) continue;
        how = first;
        how.mode = mode;
        go_on("mode", how);
      }
      for (const double temperature : kTemperatures) {
        how = first;
        how.generate.temperature = std::max(first.generate.temperature, temperature);
        go_on("temperature", how);
      }
      read_lower_half(first);
      if (reading_.text.ids.size() < before + kProgress) return;
    }
  }

  // Another attempt from the end of the text so far. Where it cannot be made, nothing happens.
  void go_on(const char* why, ReadOptions how) {
    if (done()) return;
    how.prefix = reading_.text.ids;
    how.prefix_log_probabilities = reading_.text.log_probabilities;
    how.on_text = nullptr;
    auto text = ask_(page_, how);
    if (!text) return;
    const std::size_t gained = text->ids.size() - std::min(text->ids.size(), how.prefix.size());
    const bool better = text->finish != FinishReason::kLoop || gained >= kProgress;
    note(why, how, *text, better ? 0 : text->generated_tokens);
    if (better) adopt(*std::move(text));
  }

  // The text so far is the beginning of the new one.
  void adopt(PageText text) {
    const std::size_t known = common_prefix(reading_.text.text, text.text);
    if (options_.read.on_text && known < text.text.size()) {
      options_.read.on_text(std::string_view(text.text).substr(known));
    }
    add_timings(reading_.text.timings, text.timings);
    text.generated_tokens += reading_.text.generated_tokens;
    reading_.text = std::move(text);
  }

  static void add_timings(const PageTimings& earlier, PageTimings& all) {
    all.views_ms += earlier.views_ms;
    all.encode_ms += earlier.encode_ms;
    all.prefill_ms += earlier.prefill_ms;
    all.decode_ms += earlier.decode_ms;
  }

  void read_lower_half(const ReadOptions& first) {
    if (done() || page_.image.height < 64 || reading_.text.text.size() < kJoint) return;
    const auto top =
        static_cast<std::int64_t>(static_cast<double>(page_.image.height) * kLowerHalf);
    Page half;
    half.source = page_.source;
    half.index = page_.index;
    half.image = crop(page_.image, 0, top, page_.image.width, page_.image.height - top);
    ReadOptions how = first;
    how.on_text = nullptr;
    how.loops.page_characters =
        loop_rule_for(look_at_ink(half.image), options_.structural).page_characters;
    auto text = ask_(half, how);
    if (!text) return;
    const std::string_view joint =
        std::string_view(reading_.text.text).substr(reading_.text.text.size() - kJoint);
    const std::size_t at = text->text.find(joint);
    const bool joins = text->finish == FinishReason::kStop && at != std::string::npos;
    note("lower_half", how, *text, joins ? 0 : text->generated_tokens);
    if (joins) adopt(joined(*std::move(text), at + kJoint));
  }

  // The text so far and, of the lower half's, what stands from byte `from` on. A token across the
  // joint has no id of its own any more: its rest belongs to the last id.
  PageText joined(PageText half, std::size_t from) const {
    PageText whole = reading_.text;
    const std::size_t before = whole.text.size();
    whole.text += std::string_view(half.text).substr(from);
    for (std::size_t i = 0; i < half.ids.size(); ++i) {
      const auto begin = i == 0 ? 0 : static_cast<std::size_t>(half.text_ends[i - 1]);
      const auto end = static_cast<std::size_t>(half.text_ends[i]);
      if (end <= from) continue;
      const auto end_in_whole = static_cast<std::int64_t>(before + end - from);
      if (begin < from) {
        if (!whole.text_ends.empty()) whole.text_ends.back() = end_in_whole;
        continue;
      }
      whole.ids.push_back(half.ids[i]);
      whole.text_ends.push_back(end_in_whole);
      whole.log_probabilities.push_back(half.log_probabilities[i]);
    }
    whole.finish = half.finish;
    whole.loop.reset();
    whole.timings = half.timings;
    whole.generated_tokens = half.generated_tokens;
    return whole;
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

  // How many bytes longer the text is now.
  std::size_t read_region(const ReadOptions& first, const UnreadRegion& region, std::size_t added) {
    const PartPage part = part_page(page_, region.box);
    ReadOptions how = first;
    how.on_text = nullptr;
    how.loops.page_characters =
        loop_rule_for(look_at_ink(part.page.image), options_.structural).page_characters;
    auto text = ask_(part.page, how);
    if (!text) return 0;
    const auto letters = static_cast<double>(count_letters(text->text));
    const auto expected = static_cast<double>(region.characters);
    const bool fits = letters >= kLeastOfRegion * expected &&
                      letters <= options_.limits.most_read * expected &&
                      share_known(text->text, reading_.text.text) <= kMostKnown;
    note("unread_region", how, *text, fits ? 0 : text->generated_tokens);
    Attempt& attempt = reading_.evidence.attempts.back();
    attempt.region = region.box;
    reading_.text.generated_tokens += text->generated_tokens;
    add_timings(text->timings, reading_.text.timings);
    if (!fits) return 0;

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
};

}  // namespace

LoopRule loop_rule_for(const InkReport& ink, const std::vector<std::int32_t>& structural) {
  constexpr std::int64_t kFewest = 50;    // faint print may hide: no page is said to have less
  constexpr double kMostGraphics = 0.05;  // of the page: a picture may hold text in any form
  LoopRule rule;
  rule.watch = true;
  rule.structural = structural;
  rule.structural_tokens = std::max(rule.structural_tokens, table_tokens(ink));
  if (ink.graphics <= kMostGraphics) rule.page_characters = std::max(ink.characters, kFewest);
  return rule;
}

Result<PageReading> read_carefully(const Page& page, const InkReport& ink,
                                   const CarefulOptions& options, const AskModel& ask) {
  return CarefulReader(page, ink, options, ask).read();
}

}  // namespace lectio
