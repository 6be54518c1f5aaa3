// SPDX-License-Identifier: Apache-2.0
// The text files of the official runners, to the letter (spec 9.2): for comparing, and for scripts
// that were written for them. Document is what everything else stands on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lectio {

inline constexpr std::string_view kEndOfSentence = "<｜end▁of▁sentence｜>";
inline constexpr std::string_view kPageSplit = "\n<--- Page Split --->\n";

// An item as the runners' expression finds it: <|ref|> lazily any text <|/ref|><|det|> lazily any
// text <|/det|>.
struct RunnerItem {
  std::string_view whole, label, det;
};
std::vector<RunnerItem> runner_items(std::string_view text);

// result.mmd: items of images become ![](images/M.jpg), M counting them from 0, and all others go;
// identical items go together. A trailing end-of-sentence text is taken off.
std::string image_runner_text(std::string_view answer);

// The NAME.mmd of the PDF runner. finished: the model wrote its end token; with skip_unfinished a
// page without it is dropped, and does not count in the names of pictures.
struct RunnerPage {
  std::string_view answer;
  bool finished = true;
};
std::string pdf_runner_text(const std::vector<RunnerPage>& pages, bool skip_unfinished = true);

// NAME.md of the benchmark runner. v1 also deletes <center> and </center>.
std::string batch_runner_text(std::string_view answer, bool is_v1);

// Inside each \[ ... \] of one line: without \quad (...), the number of the equation, and without
// blanks around.
std::string clean_formulas(std::string_view text);

}  // namespace lectio
