// SPDX-License-Identifier: Apache-2.0
// lectio read: pages to text or JSON lines, one after the other.
#include <optional>
#include <span>
#include <utility>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/input.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/page_json.h"
#include "apps/cli/session.h"
#include "base/log.h"
#include "media/image/decode.h"

namespace lectio::cli {
namespace {

// As the official runners separate pages.
constexpr std::string_view kPageSplit = "\n<--- Page Split --->\n";
constexpr std::size_t kMostStandardInput = std::size_t{1} << 30;

Result<Page> page_from_standard_input() {
  LECTIO_TRY(const std::string bytes, read_standard_input(kMostStandardInput));
  Page page;
  page.source = kStandardInput;
  LECTIO_TRY(page.image, decode_image(std::as_bytes(std::span(bytes)), page.source));
  return page;
}

// Pages go out as they are read. The first failure of the output ends everything: nobody would see
// the rest.
class PageWriter {
 public:
  PageWriter(Output output, bool json, std::stop_source stop)
      : output_(std::move(output)),
        json_(json),
        stop_(std::move(stop)) {}

  void begin(std::int64_t index) {
    if (!json_ && index > 0) put(kPageSplit);
  }
  void text(std::string_view piece) {
    if (!json_) put(piece);
  }
  void end(const PageRecord& record) {
    if (json_) {
      put(to_json_line(record));
    } else if (last_ != '\n') {
      put("\n");
    }
  }
  void finish() {
    if (problem_) return;
    if (auto written = output_.finish(); !written) problem_ = written.error();
  }
  const std::optional<Error>& problem() const { return problem_; }

 private:
  void put(std::string_view bytes) {
    if (problem_ || bytes.empty()) return;
    last_ = bytes.back();
    if (auto written = output_.write(bytes); !written) {
      problem_ = written.error();
      stop_.request_stop();
    }
  }

  Output output_;
  bool json_;
  std::stop_source stop_;
  std::optional<Error> problem_;
  char last_ = '\n';
};

void tell(const PageRecord& record) {
  const PageOutcome& outcome = record.outcome;
  if (outcome.code != kExitOk) {
    // Errors of opening a picture lead with its name already.
    const bool named = outcome.error.rfind(record.source, 0) == 0;
    log(LogLevel::kError, named ? outcome.error : record.source + ": " + outcome.error);
    return;
  }
  const bool cut_short = outcome.text.finish != FinishReason::kStop;
  log(cut_short ? LogLevel::kWarning : LogLevel::kInfo,
      record.source + ": " + summary_of(outcome.text));
}

PageRecord read_one(Session& session, const std::string& source, std::int64_t index,
                    PageWriter& writer) {
  PageRecord record;
  record.source = source;
  record.index = index;
  record.prompt = session.options.prompt;
  session.options.on_text = [&writer](std::string_view piece) { writer.text(piece); };
  record.outcome = attempt([&]() -> Result<PageText> {
    LECTIO_TRY(Page page, source == "-" ? page_from_standard_input() : open_page(source));
    page.index = index;
    record.width = page.image.width;
    record.height = page.image.height;
    return session.engine.read(page, session.options);
  });
  return record;
}

// A wrong option or a broken network would fail every page alike.
bool ends_the_run(ExitCode code) { return code == kExitUsage || code == kExitModel; }

ExitCode code_of_run(std::size_t pages, std::size_t failed, ExitCode last_failure) {
  if (failed == 0) return kExitOk;
  if (pages == 1) return last_failure;
  return failed == pages ? kExitAllPagesFailed : kExitSomePagesFailed;
}

}  // namespace

int run_read(const ReadArguments& arguments) {
  std::stop_source stop;
  const Interrupt interrupt(stop);
  auto output = Output::open(arguments.output);
  if (!output) return report(output.error());
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());

  PageWriter writer(*std::move(output), arguments.json, stop);
  std::size_t failed = 0;
  ExitCode last_failure = kExitOk;
  for (std::size_t i = 0; i < arguments.pages.size() && !stop.stop_requested(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    writer.begin(index);
    const PageRecord record = read_one(*session, arguments.pages[i], index, writer);
    writer.end(record);
    if (writer.problem()) break;
    tell(record);
    if (record.outcome.code == kExitOk) continue;
    ++failed;
    last_failure = record.outcome.code;
    if (ends_the_run(last_failure)) return last_failure;
  }
  // Where nothing was read, an old output file stays; JSON says so in the new one.
  if (failed < arguments.pages.size() || arguments.json) writer.finish();
  if (writer.problem()) return report(*writer.problem());
  if (interrupt.happened()) return kExitCancelled;
  return code_of_run(arguments.pages.size(), failed, last_failure);
}

}  // namespace lectio::cli
