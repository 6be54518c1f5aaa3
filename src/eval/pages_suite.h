// SPDX-License-Identifier: Apache-2.0
// Reads a folder of pages whose text is known and says how well (the shape of the Fox benchmark).
//
//   DIR/text.json   a list of {"image": "a.png", "text": "...", "deepseek_tokens": "826"}; grounded
//                   answers are compared with a field "grounded" in place of "text"
//   DIR/<images>/   the pictures; several folders may hold the same pages drawn differently
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "eval/error_classes.h"
#include "eval/layout.h"
#include "eval/metrics.h"
#include "ocr/pages/page.h"

namespace lectio {

// How the true and the read text of a page are written.
enum class AnswerForm {
  kText,      // compared as they are
  kGrounded,  // with labels and boxes (ocr/answer/answer.h); Markdown and layout are compared
};

struct SuitePage {
  std::filesystem::path image;
  std::string text;  // the true one
  AnswerForm form = AnswerForm::kText;
  std::int64_t text_tokens = 0;  // of the text in DeepSeek's vocabulary; 0: not stated
};

// The true texts are the entries' "text" or "grounded", by the form. kInvalidInput for a text.json
// of another shape, with the entry; image names lead nowhere but into the folder.
Result<std::vector<SuitePage>> read_pages_suite(const std::filesystem::path& folder,
                                                std::string_view images,
                                                AnswerForm form = AnswerForm::kText);

struct SuiteReading {
  PageText text;
  std::string verdict;  // by name; empty: the reader gives none
};
using SuiteReader = std::function<Result<SuiteReading>(const Page&)>;
SuiteReader without_verdicts(PageReader reader);

struct PageScore {
  std::string name;     // of the picture
  std::string error;    // why it was not read; then the scores are 0
  std::string verdict;  // of the reader; empty: it gives none
  PageText read;
  std::int64_t text_tokens = 0;
  std::int64_t characters = 0;  // of the true text or Markdown, white space collapsed
  double character_precision = 0;
  WordScore words;
  ErrorClasses errors;
  std::optional<LayoutScore> layout;  // of grounded answers, pages that were not read among them
  bool loop = false;   // the text repeats itself where the page does not (eval/loops.h)
  double seconds = 0;  // reading alone, without opening the picture

  // A loop in a text that says of itself that it is whole.
  bool has_unflagged_loop() const {
    return loop && (verdict.empty() ? read.finish == FinishReason::kStop : verdict == "ok");
  }
  // Content tokens are what the papers count; each stands for 64 x 64 pixels of a view.
  double characters_per_token() const;
  double pixels_per_character()
      const;  // 4096 / characters_per_token: below about 60 reading breaks down
  double text_tokens_per_token()
      const;  // the compression ratio of the paper; 0 where text_tokens is not stated
};

// Reads a page and compares with its true text; text_tokens stay 0.
PageScore score_page(const Page& page, std::string_view text, const SuiteReader& reader,
                     AnswerForm form = AnswerForm::kText);

struct SuiteReport {
  std::vector<PageScore> pages;
  bool cancelled = false;  // pages behind the cancelled one are absent

  std::int64_t failed() const;
  std::int64_t loops() const;
  std::int64_t unflagged_loops() const;
  ErrorClasses errors() const;                // of the pages that were read
  std::optional<LayoutScore> layout() const;  // summed; empty where no page has one
  std::vector<double> precisions() const;     // failed pages are 0
};

// Pages are opened and read one after the other; one that fails is scored 0 and the others go on.
// on_page is called after each.
SuiteReport run_pages_suite(const std::vector<SuitePage>& pages, const SuiteReader& reader,
                            const std::function<void(const PageScore&)>& on_page = {});

// A line a page, then totals with 95 % bounds, one of the layout where there is one, then errors by
// class.
std::string to_table(const SuiteReport& report);
// The same numbers and the texts, for programs. `suite` names what was run.
std::string to_json(const SuiteReport& report, std::string_view suite);

}  // namespace lectio
