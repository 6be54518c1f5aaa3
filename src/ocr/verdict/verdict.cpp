// SPDX-License-Identifier: Apache-2.0
#include "ocr/verdict/verdict.h"

#include <array>

namespace lectio {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "ok", "blank", "truncated", "repetition", "low_confidence", "degraded", "failed", "skipped"};
constexpr std::size_t kLongestTag = 64;  // a '<' without '>' within so many bytes is no markup

bool is_degraded(const Evidence& evidence, const VerdictLimits& limits) {
  if (evidence.attempts.size() > 1) return true;
  if (evidence.strange_share > limits.most_strange) return true;
  if (evidence.unread_ink && *evidence.unread_ink > limits.most_unread_ink) return true;
  const auto ink = static_cast<double>(evidence.ink_characters);
  const auto read = static_cast<double>(evidence.read_characters);
  if (read > limits.most_read * ink + static_cast<double>(limits.surplus_characters)) return true;
  return evidence.ink_characters >= limits.least_ink_characters && read < limits.least_read * ink;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) { return kNames[static_cast<std::size_t>(verdict)]; }

std::optional<Verdict> verdict_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

bool is_read(Verdict verdict) {
  return verdict != Verdict::kFailed && verdict != Verdict::kSkipped;
}

Verdict judge(const Evidence& evidence, const VerdictLimits& limits) {
  if (!evidence.skipped.empty() || evidence.finish == FinishReason::kCancelled) {
    return Verdict::kSkipped;
  }
  if (!evidence.error.empty()) return Verdict::kFailed;
  if (evidence.ink_blank && evidence.read_characters == 0) return Verdict::kBlank;
  if (evidence.loop) return Verdict::kRepetition;
  if (evidence.finish != FinishReason::kStop) return Verdict::kTruncated;
  if (is_degraded(evidence, limits)) return Verdict::kDegraded;
  if (evidence.confidence && *evidence.confidence < limits.least_confidence) {
    return Verdict::kLowConfidence;
  }
  return Verdict::kOk;
}

std::int64_t count_letters(std::string_view text) {
  std::int64_t letters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '<') {
      const std::size_t end = text.substr(i, kLongestTag).find('>');
      if (end != std::string_view::npos) {
        i += end;
        continue;
      }
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    const unsigned char lower = byte | 0x20U;
    const bool digit = byte >= '0' && byte <= '9';
    // The first byte of a character beyond ASCII counts for it.
    if (digit || (lower >= 'a' && lower <= 'z') || byte >= 0xC0) ++letters;
  }
  return letters;
}

}  // namespace lectio
