// SPDX-License-Identifier: Apache-2.0
// lectio eval pages: how well pages with known text are read.
#include <optional>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/session.h"
#include "base/log.h"
#include "eval/pages_suite.h"

namespace lectio::cli {
namespace {

void tell(const PageScore& score) {
  if (!score.error.empty()) {
    log(LogLevel::kError, score.name + ": " + score.error);
    return;
  }
  log(LogLevel::kInfo, score.name + ": precision " + std::to_string(score.character_precision) +
                           "; " + summary_of(score.read));
}

SuiteReader as_read(Session& session, const ReadingArguments& arguments) {
  return [reader = careful_reader(session, arguments)](const Page& page) -> Result<SuiteReading> {
    SuiteReading result;
    LECTIO_TRY(result.text, attempt_page([&]() -> Result<PageText> {
                 LECTIO_TRY(PageReading reading, reader(page));
                 result.verdict = verdict_name(reading.verdict);
                 return std::move(reading.text);
               }));
    return result;
  };
}

AnswerForm form_of(const ReadingArguments& reading) {
  const bool grounded = reading.task && reading.task->kind == Task::Kind::kMarkdown;
  return grounded ? AnswerForm::kGrounded : AnswerForm::kText;
}

ExitCode code_of(const SuiteReport& report) {
  const auto pages = static_cast<std::int64_t>(report.pages.size());
  if (report.failed() == 0) return kExitOk;
  return report.failed() == pages ? kExitAllPagesFailed : kExitSomePagesFailed;
}

}  // namespace

int run_eval_pages(const EvalPagesArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  const auto pages =
      read_pages_suite(arguments.folder, arguments.images, form_of(arguments.reading));
  if (!pages) return report(pages.error());
  std::optional<Output> json_output;
  if (!arguments.json.empty()) {
    auto opened = Output::open(arguments.json);
    if (!opened) return report(opened.error());
    json_output.emplace(*std::move(opened));
  }
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());

  const SuiteReader reader = arguments.reader == EvalReader::kRead
                                 ? as_read(*session, arguments.reading)
                                 : without_verdicts(page_reader(*session));
  const SuiteReport result = run_pages_suite(*pages, reader, tell);

  if (json_output) {
    const std::string suite = (arguments.folder / arguments.images).string();
    if (auto written = write_all(*std::move(json_output), to_json(result, suite)); !written) {
      return report(written.error());
    }
  }
  if (arguments.json != "-") {
    auto table = Output::open("-");
    if (!table) return report(table.error());
    if (auto written = write_all(*std::move(table), to_table(result)); !written) {
      return report(written.error());
    }
  }
  return interrupt.happened() ? kExitCancelled : code_of(result);
}

}  // namespace lectio::cli
