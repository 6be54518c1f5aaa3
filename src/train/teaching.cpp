// SPDX-License-Identifier: Apache-2.0
#include "train/teaching.h"

#include <algorithm>

namespace lectio::train {
namespace {

constexpr double kMostReplaced = 0.1;
constexpr double kReplaceChance = 0.7, kSkipChance = 0.3, kRepeatChance = 0.5;
constexpr double kLoopChance = 0.5;  // of those repeated
constexpr double kCoverChance = 0.7, kPhraseChance = 0.6;
constexpr std::size_t kCoversInAnyCase = 3;  // spans
constexpr double kAllGuessedChance = 0.6;
constexpr std::size_t kMostGuessed = 4;  // spans
constexpr std::size_t kShortestPhrase = 2, kLongestPhrase = 12;
constexpr std::size_t kShortestSpan = 3, kLongestSpan = 60;  // tokens; a line has about 30
constexpr std::size_t kShortestLoop = 8, kLongestLoop = 200;

struct Span {
  std::size_t begin = 0, end = 0;
};

// Within [1, size); needs size > 1.
Span draw_span(std::size_t size, Random& random) {
  const std::size_t length = kShortestSpan + random.below(kLongestSpan - kShortestSpan + 1);
  const std::size_t begin = 1 + random.below(size - 1);
  return {begin, std::min(size, begin + length)};
}

// So many spans of mean length make up this share of the text.
std::size_t most_covers(std::size_t steps, double covered) {
  constexpr double kMeanSpan = static_cast<double>(kShortestSpan + kLongestSpan) / 2;
  const double spans = covered * static_cast<double>(steps) / kMeanSpan;
  return std::max(kCoversInAnyCase, static_cast<std::size_t>(spans));
}

// Puts other inputs over a span: a phrase of the text over and over, or what stands elsewhere.
void cover(std::vector<TeachingStep>& steps, Random& random) {
  const Span span = draw_span(steps.size(), random);
  std::size_t period = span.end - span.begin;
  if (random.chance(kPhraseChance)) {
    const std::size_t phrase = kShortestPhrase + random.below(kLongestPhrase - kShortestPhrase + 1);
    period = std::min(period, phrase);
  }
  const std::size_t from = 1 + random.below(steps.size() - period);
  std::vector<TokenId> inputs(period);
  for (std::size_t i = 0; i < period; ++i) inputs[i] = steps[from + i].input;
  for (std::size_t i = span.begin; i < span.end; ++i) {
    steps[i].input = inputs[(i - span.begin) % period];
  }
}

// Shows a span once more, or goes in circles on it and leaves off anywhere.
void repeat(std::vector<TeachingStep>& steps, std::size_t most, Random& random) {
  const Span span = draw_span(steps.size(), random);
  const std::size_t period = span.end - span.begin;
  const std::size_t shown = random.chance(kLoopChance)
                                ? kShortestLoop + random.below(kLongestLoop - kShortestLoop + 1)
                                : period;
  if (steps.size() + shown > most) return;
  std::vector<TeachingStep> again(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    again[i] = steps[span.begin + i % period];
    const bool goes_on = (i + 1) % period == 0 || i + 1 == shown;
    again[i].target = goes_on ? steps[span.end - 1].target : kIgnore;
    again[i].slot = goes_on ? steps[span.end - 1].slot : kIgnore;
  }
  steps.insert(steps.begin() + static_cast<std::ptrdiff_t>(span.end), again.begin(), again.end());
}

}  // namespace

std::vector<TeachingStep> teach(TokenId before, std::span<const TokenId> ids,
                                std::span<const std::int64_t> slots, TokenId after) {
  std::vector<TeachingStep> steps(ids.size() + 1);
  for (std::size_t i = 0; i <= ids.size(); ++i) {
    steps[i].input = i == 0 ? before : ids[i - 1];
    steps[i].target = i < ids.size() ? ids[i] : after;
    steps[i].slot = i < ids.size() ? slots[i] : kIgnore;
  }
  return steps;
}

void spoil(std::vector<TeachingStep>& steps, std::int64_t vocabulary, std::size_t most,
           double covered, Random& random) {
  if (steps.size() > 1 && random.chance(kCoverChance)) {
    const std::size_t most_spans = most_covers(steps.size(), covered);
    for (std::size_t n = 1 + random.below(most_spans); n > 0; --n) cover(steps, random);
  }
  if (steps.size() > 1 && random.chance(kSkipChance)) {
    // The step before the span still asks for its first token: that was the right one.
    const Span span = draw_span(steps.size(), random);
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(span.begin),
                steps.begin() + static_cast<std::ptrdiff_t>(span.end));
  }
  if (steps.size() > 1 && random.chance(kRepeatChance)) repeat(steps, most, random);
  if (random.chance(kReplaceChance)) {
    const double rate = random.uniform(0.0, kMostReplaced);
    for (std::size_t i = 1; i < steps.size(); ++i) {
      if (!random.chance(rate)) continue;
      steps[i].input = static_cast<TokenId>(random.below(static_cast<std::uint64_t>(vocabulary)));
    }
  }
}

std::vector<bool> draw_guessed(std::size_t steps, Random& random) {
  std::vector<bool> guessed(steps, false);
  const auto mark = [&](const Span& span) {
    std::fill(guessed.begin() + static_cast<std::ptrdiff_t>(span.begin),
              guessed.begin() + static_cast<std::ptrdiff_t>(span.end), true);
  };
  if (random.chance(kAllGuessedChance)) {
    mark({1, steps});
  } else if (steps > 1) {
    for (std::size_t n = 1 + random.below(kMostGuessed); n > 0; --n) mark(draw_span(steps, random));
  }
  return guessed;
}

}  // namespace lectio::train
