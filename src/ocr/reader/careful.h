// SPDX-License-Identifier: Apache-2.0
// Reads a page until its text can be answered for: looks at the ink first, notices loops and gets
// out of them where it can, and says in the end how it went.
#pragma once

#include <functional>
#include <vector>

#include "base/result.h"
#include "ocr/engine/engine.h"
#include "ocr/ink/ink.h"
#include "ocr/pages/page.h"
#include "ocr/verdict/verdict.h"

namespace lectio {

// The model, asked once; Engine::read.
using AskModel = std::function<Result<PageText>(const Page&, const ReadOptions&)>;

struct CarefulOptions {
  ReadOptions read;        // of the first attempt; its LoopRule is filled in from the page's ink
  bool watch = true;       // for loops
  bool recover = true;     // make other attempts where the text ran into a loop
  bool ask_blank = false;  // ask the model about blank pages too
  NoRepeatRule no_repeat;  // the rule of the attempt that has one
  std::vector<Mode> larger_modes;        // to be tried where the text ran into a loop
  std::vector<std::int32_t> structural;  // tokens of tables without text: <td>, </td>, <tr>, </tr>
  VerdictLimits limits;
};

struct PageReading {
  Verdict verdict = Verdict::kOk;
  Evidence evidence;
  PageText text;
};

// A blank page gives an empty text without asking. A text that runs into a loop ends where the loop
// began; other attempts go on from there and keep what was good: with the rule against repetition,
// in larger modes, with rising temperature, and on the lower half of the page alone. An attempt
// counts when the text gets further. on_text is told of a text that is final, in order.
// Errors are those of the first attempt.
Result<PageReading> read_carefully(const Page& page, const InkReport& ink,
                                   const CarefulOptions& options, const AskModel& ask);

// The rule for loops on a page with this ink.
LoopRule loop_rule_for(const InkReport& ink, const std::vector<std::int32_t>& structural);

}  // namespace lectio
