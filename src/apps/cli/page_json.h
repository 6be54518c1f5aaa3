// SPDX-License-Identifier: Apache-2.0
// A page that was read, or was not, as one line of JSON.
#pragma once

#include <cstdint>
#include <string>

#include "apps/cli/session.h"
#include "ocr/verdict/verdict.h"

namespace lectio::cli {

struct PageRecord {
  std::string source;      // as the user named it
  std::int64_t index = 0;  // place among the pages of the command, from 0
  std::int64_t page = -1;  // in its document, from 0; -1: of no document that could be opened
  std::int64_t width = 0;  // pixels; 0 if the picture could not be opened
  std::int64_t height = 0;
  std::string prompt;
  PageOutcome outcome;
  Verdict verdict = Verdict::kOk;
  Evidence evidence;
};

// schema "lectio.page"; ends with a newline. Text that is no UTF-8 (a file name, say) comes out as
// U+FFFD.
std::string to_json_line(const PageRecord& record);

}  // namespace lectio::cli
