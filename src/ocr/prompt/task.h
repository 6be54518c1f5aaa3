// SPDX-License-Identifier: Apache-2.0
// What the model was taught to do, by name, and the prompts that ask for it (spec 6.2).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lectio {

struct Task {
  enum class Kind {
    kMarkdown,  // a document with layout: grounded blocks, tables, formulas
    kText,      // a document without layout
    kOcr,       // any other picture: its texts with their boxes
    kFigure,    // a chart, a geometry, a chemical structure
    kDescribe,  // a picture in words
    kLocate,    // boxes of a phrase
  };
  Kind kind = Kind::kText;
  std::string phrase;  // of kLocate

  bool operator==(const Task&) const = default;
};

// "markdown", "text", "ocr", "figure", "describe" or "locate=PHRASE". kInvalidArgument for another
// name, a phrase where none belongs, none where one does, or one with <image> or a control mark.
Result<Task> task_from_name(std::string_view name);
std::string_view task_name(Task::Kind kind);
std::vector<std::string_view> task_names();

// The official prompt, to the letter; the models of both families know them (v2's authors name
// markdown and text alone).
std::string prompt_of(const Task& task);

}  // namespace lectio
