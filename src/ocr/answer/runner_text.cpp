// SPDX-License-Identifier: Apache-2.0
#include "ocr/answer/runner_text.h"

#include <utility>

#include "ocr/answer/markup.h"

namespace lectio {
namespace {

constexpr std::string_view kRef = "<|ref|>";
constexpr std::string_view kBetween = "<|/ref|><|det|>";
constexpr std::string_view kDetEnd = "<|/det|>";
constexpr std::string_view kImageLabel = "<|ref|>image<|/ref|>";

std::string replaced(std::string_view text, std::string_view old, std::string_view by) {
  std::string result;
  result.reserve(text.size());
  std::size_t at = 0;
  for (std::size_t found = text.find(old); found != std::string_view::npos;
       found = text.find(old, at)) {
    result += text.substr(at, found - at);
    result += by;
    at = found + old.size();
  }
  result += text.substr(at);
  return result;
}

std::string symbols_replaced(std::string_view text) {
  return replaced(replaced(text, "\\coloneqq", ":="), "\\eqqcolon", "=:");
}

std::string newlines_collapsed(std::string_view text) {
  return replaced(replaced(text, "\n\n\n\n", "\n\n"), "\n\n\n", "\n\n");
}

bool is_image(const RunnerItem& item) {
  return item.whole.find(kImageLabel) != std::string_view::npos;
}

// Images to pictures named prefix + number, then the other items, one after the other.
std::string items_replaced(std::string_view answer, const std::string& prefix,
                           bool collapses_newlines) {
  const std::vector<RunnerItem> items = runner_items(answer);
  std::string text(answer);
  std::size_t number = 0;
  for (const RunnerItem& item : items) {
    if (!is_image(item)) continue;
    text =
        replaced(text, item.whole, "![](images/" + prefix + std::to_string(number++) + ".jpg)\n");
  }
  for (const RunnerItem& item : items) {
    if (is_image(item)) continue;
    text = symbols_replaced(replaced(text, item.whole, ""));
    if (collapses_newlines) text = newlines_collapsed(text);
  }
  return text;
}

// \quad, blanks and (...) at formula[at]: their bytes, or 0.
std::size_t equation_number_size(std::string_view formula, std::size_t at) {
  constexpr std::string_view kQuad = "\\quad";
  if (formula.substr(at, kQuad.size()) != kQuad) return 0;
  std::size_t end = at + kQuad.size();
  while (end < formula.size() && (formula[end] == ' ' || formula[end] == '\t')) ++end;
  if (end >= formula.size() || formula[end] != '(') return 0;
  end = formula.find(')', end);
  return end == std::string_view::npos ? 0 : end + 1 - at;
}

std::string clean_formula(std::string_view formula) {
  std::string cleaned;
  for (std::size_t at = 0; at < formula.size();) {
    const std::size_t skip = equation_number_size(formula, at);
    if (skip == 0) cleaned += formula[at];
    at += skip == 0 ? 1 : skip;
  }
  return std::string(trimmed(cleaned));
}

}  // namespace

std::vector<RunnerItem> runner_items(std::string_view text) {
  std::vector<RunnerItem> items;
  std::size_t begin = text.find(kRef);
  while (begin != std::string_view::npos) {
    const std::size_t label = begin + kRef.size();
    const std::size_t between = text.find(kBetween, label);
    if (between == std::string_view::npos) break;
    const std::size_t det = between + kBetween.size();
    const std::size_t close = text.find(kDetEnd, det);
    if (close == std::string_view::npos) break;
    const std::size_t end = close + kDetEnd.size();
    items.push_back({text.substr(begin, end - begin), text.substr(label, between - label),
                     text.substr(det, close - det)});
    begin = text.find(kRef, end);
  }
  return items;
}

std::string image_runner_text(std::string_view answer) {
  if (answer.ends_with(kEndOfSentence)) answer.remove_suffix(kEndOfSentence.size());
  return items_replaced(trimmed(answer), "", false);
}

std::string pdf_runner_text(const std::vector<RunnerPage>& pages, bool skip_unfinished) {
  std::string text;
  std::size_t kept = 0;
  for (const RunnerPage& page : pages) {
    if (skip_unfinished && !page.finished) continue;
    text += items_replaced(page.answer, std::to_string(kept++) + "_", true);
    text += "\n";
    text += kPageSplit;
  }
  return text;
}

std::string batch_runner_text(std::string_view answer, bool is_v1) {
  std::string text = clean_formulas(answer);
  const std::string cleaned = text;
  for (const RunnerItem& item : runner_items(cleaned)) {
    text = newlines_collapsed(replaced(text, item.whole, ""));
    if (is_v1) text = replaced(replaced(text, "<center>", ""), "</center>", "");
  }
  return text;
}

std::string clean_formulas(std::string_view text) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t open = text.find("\\["); open != std::string_view::npos;
       open = text.find("\\[", at)) {
    const std::size_t close = text.find("\\]", open + 2);
    if (close == std::string_view::npos) break;
    if (text.substr(open, close - open).find('\n') != std::string_view::npos) {
      result += text.substr(at, open + 2 - at);
      at = open + 2;
      continue;
    }
    result += text.substr(at, open + 2 - at);
    result += clean_formula(text.substr(open + 2, close - open - 2));
    result += "\\]";
    at = close + 2;
  }
  result += text.substr(at);
  return result;
}

}  // namespace lectio
