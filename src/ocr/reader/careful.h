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

enum class UnreadHandling {
  kRead,  // regions that the text leaves out are read alone, and their text put where it belongs
  kMark,  // they are evidence
  kOff,   // nobody looks
};

struct CarefulOptions {
  ReadOptions read;        // of the first attempt; its LoopRule is filled in from the page's ink
  bool watch = true;       // for loops
  bool recover = true;     // make other attempts where the text ran into a loop
  bool ask_blank = false;  // ask the model about blank pages too
  // What a text leaves out of the page's print. kOff for prompts that ask for less than all of it.
  UnreadHandling unread = UnreadHandling::kOff;
  NoRepeatRule no_repeat;                // the rule of the attempt that has one
  NoRepeatRule own_no_repeat;            // the model's own, if any, in its place where the loop has
                                         // letters or digits
  std::vector<Mode> larger_modes;        // to be tried where the text ran into a loop
  std::vector<std::int32_t> structural;  // tokens of tables without text: <td>, </td>, <tr>, </tr>
  VerdictLimits limits;
};

// Tokens that reading a page throws away, all attempts together. A token is thrown away that a
// model wrote and that is not in the page's text in the end: those of a loop behind what is kept,
// and those of an attempt or a region whose text is not taken. Tokens that an attempt begins with
// are not written again and count once.
inline constexpr std::int64_t kMostWasted = 199;

struct PageReading {
  Verdict verdict = Verdict::kOk;
  Evidence evidence;
  PageText text;
};

// A blank page gives an empty text without asking. A text that runs into a loop ends where the loop
// began; other attempts go on from there and keep what was good: in larger modes, with the
// rule against repetition, which also bars the loop's next token (first of all where the loop has
// neither letters nor digits, as a leader, or where the model has a rule of its own and the first
// attempt was made in one of the larger modes, but without tiles), and with rising temperature. An
// attempt counts when the text gets further. All of them and the regions below share kMostWasted:
// each is given up before it would throw away more than is left, a loop that was seen before as
// soon as it shows, and when too little is left for another one there is none. on_text is told of a
// text that is final, in order. Then lines of print without text are looked for. What the text
// leaves out is read alone, as a page of the same shape with nothing else on it, and its text
// becomes a paragraph where it belongs; the attempt says where. A limit of tokens that ended the
// text is kept: nothing is read behind it. Where on_text is asked for, or after a loop, only what
// belongs behind all of the text is read. Errors are those of the first attempt.
Result<PageReading> read_carefully(const Page& page, const InkReport& ink,
                                   const CarefulOptions& options, const AskModel& ask);

// The rule for loops on a page with this ink.
LoopRule loop_rule_for(const InkReport& ink, const std::vector<std::int32_t>& structural);

}  // namespace lectio
