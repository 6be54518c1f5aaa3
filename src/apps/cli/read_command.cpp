// SPDX-License-Identifier: Apache-2.0
// lectio read: pages to text or JSON lines, one after the other.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "apps/cli/commands.h"
#include "apps/cli/console.h"
#include "apps/cli/input.h"
#include "apps/cli/interrupt.h"
#include "apps/cli/output.h"
#include "apps/cli/page_json.h"
#include "apps/cli/page_writer.h"
#include "apps/cli/read_documents.h"
#include "apps/cli/read_stream.h"
#include "apps/cli/session.h"
#include "base/log.h"
#include "media/image/decode.h"
#include "ocr/prompt/prompt.h"

namespace lectio::cli {
namespace {

constexpr std::size_t kMostStandardInput = std::size_t{1} << 30;

Result<Page> page_from_standard_input() {
  LECTIO_TRY(const std::string bytes, read_standard_input(kMostStandardInput));
  Page page;
  page.source = kStandardInput;
  LECTIO_TRY(page.image, decode_image(std::as_bytes(std::span(bytes)), page.source));
  return page;
}

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

// sources: the pages of one prompt, one for each of its <image>.
PageRecord read_one(Session& session, std::span<const std::string> sources, std::int64_t index,
                    PageWriter& writer) {
  PageRecord record;
  for (const std::string& source : sources) {
    record.source += (record.source.empty() ? "" : " + ") + source;
  }
  record.index = index;
  record.prompt = session.options.prompt;
  session.options.on_text = [&writer](std::string_view piece) { writer.text(piece); };
  record.outcome = attempt([&]() -> Result<PageText> {
    std::vector<Page> pages;
    for (const std::string& source : sources) {
      LECTIO_TRY(Page page, source == "-" ? page_from_standard_input() : open_page(source));
      page.index = index;
      pages.push_back(std::move(page));
    }
    record.width = pages.front().image.width;
    record.height = pages.front().image.height;
    return session.engine.read(pages, session.options);
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

// Several pages a prompt, one after the other.
int read_together(const ReadArguments& arguments, std::size_t at_once, const Interrupt& interrupt,
                  std::stop_source stop) {
  if (arguments.pages.size() % at_once != 0) {
    return report(
        Error(ErrorCode::kInvalidArgument, "--prompt: has " + std::to_string(at_once) +
                                               " <image>: expected " + std::to_string(at_once) +
                                               " pages, or twice as many, and so on; found " +
                                               std::to_string(arguments.pages.size())));
  }
  const std::size_t readings = arguments.pages.size() / at_once;
  auto output = Output::open(arguments.output);
  if (!output) return report(output.error());
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());

  PageWriter writer(*std::move(output), arguments.json, stop);
  std::size_t failed = 0;
  ExitCode last_failure = kExitOk;
  for (std::size_t i = 0; i < readings && !stop.stop_requested(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    writer.begin(index);
    const PageRecord record =
        read_one(*session, std::span(arguments.pages).subspan(i * at_once, at_once), index, writer);
    writer.end(record);
    if (writer.problem()) break;
    tell(record);
    if (record.outcome.code == kExitOk) continue;
    ++failed;
    last_failure = record.outcome.code;
    if (ends_the_run(last_failure)) return last_failure;
  }
  // Where nothing was read, an old output file stays; JSON says so in the new one.
  if (failed < readings || arguments.json) writer.finish();
  if (writer.problem()) return report(*writer.problem());
  if (interrupt.happened()) return kExitCancelled;
  return code_of_run(readings, failed, last_failure);
}

// A folder of documents goes into a folder, as Markdown and JSON, unless other formats are named.
bool is_for_a_folder(const ReadArguments& arguments) {
  if (arguments.output.empty() || arguments.json) return false;
  std::error_code unknown;
  if (std::filesystem::is_directory(arguments.output, unknown)) return true;
  return !arguments.output.has_filename() ||
         std::any_of(arguments.pages.begin(), arguments.pages.end(), [](const std::string& page) {
           std::error_code absent;
           return std::filesystem::is_directory(page, absent);
         });
}

}  // namespace

int run_read(const ReadArguments& asked) {
  ReadArguments arguments = asked;
  if (arguments.formats.empty() && is_for_a_folder(arguments)) {
    arguments.formats = {Format::kMarkdown, Format::kJson};
  }
  std::stop_source stop;
  const Interrupt interrupt(stop);
  // A prompt without a place for a page fails at its first page, with a message of its own.
  const auto at_once =
      static_cast<std::size_t>(std::max<std::int64_t>(1, count_images(arguments.reading.prompt)));
  if (at_once > 1 && !arguments.formats.empty()) {
    return report(Error(ErrorCode::kInvalidArgument,
                        "--format: expected a prompt with one <image>: what was read of several "
                        "pages together is no document"));
  }
  if (at_once > 1) return read_together(arguments, at_once, interrupt, stop);
  if (!arguments.formats.empty()) return read_to_documents(arguments, interrupt, stop);
  return read_to_stream(arguments, interrupt, stop);
}

}  // namespace lectio::cli
