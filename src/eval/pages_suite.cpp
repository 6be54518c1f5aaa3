// SPDX-License-Identifier: Apache-2.0
#include "eval/pages_suite.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "eval/loops.h"
#include "ocr/answer/answer.h"
#include "ocr/answer/grounding.h"

namespace lectio {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMaxTextBytes = 256 << 20;
constexpr double kPixelsPerToken = 64.0 * 64.0;
// Pixels of a page whose picture does not open, for the count of its true boxes.
constexpr std::int64_t kAnySide = 1000;

// A text as it is compared.
struct Answer {
  std::u32string text;                       // white space collapsed
  std::optional<std::vector<Block>> blocks;  // of a grounded one
};

// 826 or "826"; 0 where it is absent.
Result<std::int64_t> token_count(const Json& entry) {
  const auto field = entry.find("deepseek_tokens");
  if (field == entry.end()) return std::int64_t{0};
  std::int64_t count = -1;
  if (field->is_number_integer()) {
    count = field->get<std::int64_t>();
  } else if (field->is_string()) {
    const auto& digits = field->get_ref<const std::string&>();
    const auto [end, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (problem != std::errc() || end != digits.data() + digits.size()) count = -1;
  }
  if (count < 0) {
    return Error(ErrorCode::kInvalidInput,
                 "deepseek_tokens: expected a count, found " + field->dump());
  }
  return count;
}

Result<std::string> string_field(const Json& entry, const char* key) {
  const auto field = entry.find(key);
  if (field == entry.end() || !field->is_string()) {
    return Error(ErrorCode::kInvalidInput,
                 std::string(key) + ": expected a string, found " +
                     (field == entry.end() ? "nothing" : field->type_name()));
  }
  return field->get<std::string>();
}

// What in a true answer is not of a whole item; empty: nothing.
std::string problem_of(std::string_view answer) {
  const std::vector<GroundedItem> items = find_items(answer);
  const std::size_t before = items.empty() ? answer.size() : items.front().begin;
  if (before > 0) return "text in front of the first";
  for (const GroundedItem& item : items) {
    if (!item.problem.empty()) return item.problem + " at byte " + std::to_string(item.begin);
  }
  return "";
}

Result<std::string> grounded_field(const Json& entry) {
  LECTIO_TRY(std::string answer, string_field(entry, "grounded"));
  if (const std::string problem = problem_of(answer); !problem.empty()) {
    return Error(
        ErrorCode::kInvalidInput,
        "grounded: expected items <|ref|>LABEL<|/ref|><|det|>BOXES<|/det|>, found " + problem);
  }
  return answer;
}

Result<SuitePage> read_entry(const Json& entry, const std::filesystem::path& pictures,
                             AnswerForm form) {
  if (!entry.is_object()) {
    return Error(ErrorCode::kInvalidInput,
                 std::string("expected an object, found ") + entry.type_name());
  }
  SuitePage page;
  LECTIO_TRY(const std::string name, string_field(entry, "image"));
  if (std::filesystem::path(name).filename() != name || name.empty() || name == "." ||
      name == "..") {
    return Error(ErrorCode::kInvalidInput, "image: expected a file name, found '" + name + "'");
  }
  page.image = pictures / name;
  page.form = form;
  LECTIO_TRY(page.text,
             form == AnswerForm::kGrounded ? grounded_field(entry) : string_field(entry, "text"));
  LECTIO_TRY(page.text_tokens, token_count(entry));
  return page;
}

// A blank line behind each block; labels and boxes are no part of it.
std::string markdown_of(const std::vector<Block>& blocks) {
  std::string markdown;
  for (const Block& block : blocks) markdown += without_marks(block.text) + "\n\n";
  return markdown;
}

Answer answer_of(std::string_view text, AnswerForm form, std::int64_t width, std::int64_t height) {
  if (form == AnswerForm::kText) return {collapse_whitespace(text), std::nullopt};
  std::vector<Block> blocks = parse_answer(text, width, height).blocks;
  std::u32string markdown = collapse_whitespace(markdown_of(blocks));
  return {std::move(markdown), std::move(blocks)};
}

// The score where nothing was read yet.
PageScore unread(const Answer& expected) {
  PageScore score;
  score.characters = std::ssize(expected.text);
  if (expected.blocks) score.layout = score_layout(*expected.blocks, {});
  return score;
}

PageScore score_file(const SuitePage& page, const SuiteReader& reader) {
  const auto opened = open_page(page.image);
  PageScore score;
  if (opened) {
    score = score_page(*opened, page.text, reader, page.form);
  } else {
    score = unread(answer_of(page.text, page.form, kAnySide, kAnySide));
    score.error = opened.error().message();
  }
  score.name = page.image.filename().string();
  score.text_tokens = page.text_tokens;
  return score;
}

}  // namespace

SuiteReader without_verdicts(PageReader reader) {
  return [reader = std::move(reader)](const Page& page) -> Result<SuiteReading> {
    LECTIO_TRY(PageText text, reader(page));
    return SuiteReading{std::move(text), ""};
  };
}

PageScore score_page(const Page& page, std::string_view text, const SuiteReader& reader,
                     AnswerForm form) {
  const auto as_compared = [&](std::string_view answer) {
    return answer_of(answer, form, page.image.width, page.image.height);
  };
  const Answer expected = as_compared(text);
  PageScore score = unread(expected);
  score.name = page.source;
  const auto begin = std::chrono::steady_clock::now();
  auto read = reader(page);
  score.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!read) {
    score.error = read.error().message();
    return score;
  }
  score.read = std::move(read->text);
  score.verdict = std::move(read->verdict);
  const Answer found = as_compared(score.read.text);
  score.character_precision = character_precision(expected.text, found.text);
  score.words = word_set_score(expected.text, found.text);
  score.errors = classify_errors(expected.text, found.text);
  score.loop = has_loop(expected.text, found.text);
  if (expected.blocks) score.layout = score_layout(*expected.blocks, *found.blocks);
  return score;
}

double PageScore::characters_per_token() const {
  return ratio(static_cast<double>(characters), static_cast<double>(read.content_tokens));
}

double PageScore::pixels_per_character() const {
  return ratio(kPixelsPerToken * static_cast<double>(read.content_tokens),
               static_cast<double>(characters));
}

double PageScore::text_tokens_per_token() const {
  return ratio(static_cast<double>(text_tokens), static_cast<double>(read.content_tokens));
}

std::int64_t SuiteReport::failed() const {
  return std::ranges::count_if(pages, [](const PageScore& page) { return !page.error.empty(); });
}

std::int64_t SuiteReport::loops() const { return std::ranges::count_if(pages, &PageScore::loop); }

std::int64_t SuiteReport::unflagged_loops() const {
  return std::ranges::count_if(pages, &PageScore::has_unflagged_loop);
}

ErrorClasses SuiteReport::errors() const {
  ErrorClasses sum;
  for (const PageScore& page : pages) sum += page.errors;
  return sum;
}

std::optional<LayoutScore> SuiteReport::layout() const {
  std::optional<LayoutScore> sum;
  for (const PageScore& page : pages) {
    if (page.layout) (sum ? *sum : sum.emplace()) += *page.layout;
  }
  return sum;
}

std::vector<double> SuiteReport::precisions() const {
  std::vector<double> values;
  for (const PageScore& page : pages) values.push_back(page.character_precision);
  return values;
}

Result<std::vector<SuitePage>> read_pages_suite(const std::filesystem::path& folder,
                                                std::string_view images, AnswerForm form) {
  const std::filesystem::path file = folder / "text.json";
  LECTIO_TRY(const std::string text, read_file(file, kMaxTextBytes));
  const Json list = Json::parse(text, nullptr, false);
  if (!list.is_array() || list.empty()) {
    return Error(ErrorCode::kInvalidInput, file.string() + ": expected a list of pages, found " +
                                               (list.is_discarded() ? "no JSON"
                                                : list.is_array()   ? "an empty one"
                                                                    : list.type_name()));
  }
  std::vector<SuitePage> pages;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto page = read_entry(list[i], folder / images, form);
    if (!page) return page.error().within(file.string() + ": entry " + std::to_string(i));
    pages.push_back(*std::move(page));
  }
  return pages;
}

SuiteReport run_pages_suite(const std::vector<SuitePage>& pages, const SuiteReader& reader,
                            const std::function<void(const PageScore&)>& on_page) {
  SuiteReport report;
  for (const SuitePage& page : pages) {
    PageScore score = score_file(page, reader);
    if (score.error.empty() && score.read.finish == FinishReason::kCancelled) {
      report.cancelled = true;
      break;
    }
    report.pages.push_back(std::move(score));
    if (on_page) on_page(report.pages.back());
  }
  return report;
}

}  // namespace lectio
