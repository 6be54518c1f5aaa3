// SPDX-License-Identifier: Apache-2.0
#include "ocr/prompt/task.h"

#include <array>
#include <cstddef>

#include "base/check.h"
#include "ocr/prompt/prompt.h"

namespace lectio {
namespace {

struct Entry {
  Task::Kind kind;
  std::string_view name;
  std::string_view before, after;  // of the phrase
};

constexpr std::array<Entry, 6> kTasks = {{
    {Task::Kind::kMarkdown, "markdown", "<image>\n<|grounding|>Convert the document to markdown.",
     ""},
    {Task::Kind::kText, "text", "<image>\nFree OCR.", ""},
    {Task::Kind::kOcr, "ocr", "<image>\n<|grounding|>OCR this image.", ""},
    {Task::Kind::kFigure, "figure", "<image>\nParse the figure.", ""},
    {Task::Kind::kDescribe, "describe", "<image>\nDescribe this image in detail.", ""},
    {Task::Kind::kLocate, "locate", "<image>\nLocate <|ref|>", "<|/ref|> in the image."},
}};

const Entry& entry_of(Task::Kind kind) {
  for (const Entry& entry : kTasks) {
    if (entry.kind == kind) return entry;
  }
  LECTIO_CHECK(false, "task " + std::to_string(static_cast<int>(kind)));
}

Error bad_task(const std::string& message) {
  return Error(ErrorCode::kInvalidArgument, "task: " + message);
}

}  // namespace

Result<Task> task_from_name(std::string_view name) {
  const std::size_t equals = name.find('=');
  const std::string_view kind = name.substr(0, equals);
  for (const Entry& entry : kTasks) {
    if (entry.name != kind) continue;
    Task task;
    task.kind = entry.kind;
    if (equals != std::string_view::npos) task.phrase = std::string(name.substr(equals + 1));
    const bool takes_phrase = entry.kind == Task::Kind::kLocate;
    if (takes_phrase == task.phrase.empty()) {
      return bad_task(takes_phrase ? "expected locate=PHRASE, found no phrase"
                                   : "expected no phrase behind " + std::string(kind) +
                                         ", found '" + task.phrase + "'");
    }
    if (!takes_phrase && equals != std::string_view::npos) return bad_task("found '=' behind it");
    if (task.phrase.find("<|") != std::string::npos ||
        task.phrase.find(kImageMark) != std::string::npos) {
      return bad_task("expected a phrase without control marks, found '" + task.phrase + "'");
    }
    return task;
  }
  return bad_task("expected markdown, text, ocr, figure, describe or locate=PHRASE, found '" +
                  std::string(name) + "'");
}

std::string_view task_name(Task::Kind kind) { return entry_of(kind).name; }

std::vector<std::string_view> task_names() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kTasks) names.push_back(entry.name);
  return names;
}

std::string prompt_of(const Task& task) {
  const Entry& entry = entry_of(task.kind);
  return std::string(entry.before) + task.phrase + std::string(entry.after);
}

}  // namespace lectio
