// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/read_stream.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "apps/cli/console.h"
#include "apps/cli/input.h"
#include "apps/cli/page_writer.h"
#include "apps/cli/session.h"
#include "base/log.h"

namespace lectio::cli {
namespace {

constexpr std::size_t kMostStandardInput = std::size_t{1} << 30;

// The program as PATH finds it; `otherwise` where it does not.
std::filesystem::path program(const char* name, const std::filesystem::path& otherwise) {
  const char* const path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    std::filesystem::path found = std::filesystem::path(folder) / name;
    if (found.is_absolute() && ::access(found.c_str(), X_OK) == 0) return found;
  }
  return otherwise;
}

PageRecord record_of(PageResult result, std::int64_t index, const std::string& prompt) {
  PageRecord record;
  record.source = std::move(result.source);
  record.index = index;
  record.page = result.page;
  record.width = result.width;
  record.height = result.height;
  record.prompt = prompt;
  record.outcome.text = std::move(result.reading.text);
  record.outcome.code = code_of(result);
  record.outcome.error = result.reading.evidence.error;
  record.verdict = result.reading.verdict;
  record.evidence = std::move(result.reading.evidence);
  return record;
}

}  // namespace

Error no_documents(const ReadArguments& arguments) {
  std::string names;
  for (const std::string& name : arguments.pages) names += (names.empty() ? "" : ", ") + name;
  return Error(ErrorCode::kInvalidInput, names + ": expected documents or pictures, found none");
}

SourceOptions source_options(const ReadArguments& arguments, std::stop_token stop) {
  SourceOptions options;
  options.mode = arguments.reading.mode;
  options.dpi = arguments.dpi;
  options.pdf.info = program("pdfinfo", options.pdf.info);
  options.pdf.render = program("pdftoppm", options.pdf.render);
  options.pdf.text = program("pdftotext", options.pdf.text);
  options.pdf.pictures = program("pdfimages", options.pdf.pictures);
  options.text_layer = arguments.text_layer != TextLayerUse::kIgnore;
  options.stop = std::move(stop);
  return options;
}

Result<std::unique_ptr<PageSource>> open_input(const InputFile& input,
                                               const SourceOptions& options) {
  if (input.path != "-") return open_source(input.path, options);
  LECTIO_TRY(std::string bytes, read_standard_input(kMostStandardInput));
  return open_source_bytes(std::move(bytes), kStandardInput, options);
}

ExitCode code_of(const PageResult& result) {
  switch (result.failure) {
    case PageFailure::kNone:
      return kExitOk;
    case PageFailure::kError:
      return exit_code_of(*result.error);
    case PageFailure::kMemory:
      return kExitMemory;
    case PageFailure::kInternal:
      return kExitOther;
  }
  return kExitOther;
}

void tell(const PageResult& result) {
  const Evidence& evidence = result.reading.evidence;
  std::string where = result.source;
  if (result.page > 0) where += ", page " + std::to_string(result.page + 1);
  if (result.reading.verdict == Verdict::kFailed) {
    // Errors of opening a document lead with its name already.
    const bool named = evidence.error.rfind(result.source, 0) == 0;
    log(LogLevel::kError, named ? evidence.error : where + ": " + evidence.error);
    return;
  }
  if (!evidence.skipped.empty()) {
    log(LogLevel::kInfo, where + ": skipped: " + evidence.skipped);
    return;
  }
  const Verdict verdict = result.reading.verdict;
  if (verdict == Verdict::kBlank) {
    log(LogLevel::kInfo, where + ": blank");
    return;
  }
  const std::string said = verdict == Verdict::kOk || verdict == Verdict::kSkipped
                               ? ""
                               : std::string(verdict_name(verdict)) + ": ";
  const std::string how =
      evidence.text_layer
          ? "text layer, " + std::to_string(evidence.read_characters) + " letters and digits"
          : summary_of(result.reading.text);
  log(verdict == Verdict::kOk ? LogLevel::kInfo : LogLevel::kWarning, where + ": " + said + how);
}

void RunCode::add(const PageResult& result) {
  const Verdict verdict = result.reading.verdict;
  ++pages_;
  if (verdict != Verdict::kOk && verdict != Verdict::kBlank) ++doubtful_;
  if (verdict != Verdict::kFailed) return;
  ++failed_;
  last_failure_ = code_of(result);
}

ExitCode RunCode::code() const {
  if (failed_ == 0) return strict_ && doubtful_ > 0 ? kExitSomePagesFailed : kExitOk;
  if (pages_ == 1) return last_failure_;
  return failed_ == pages_ ? kExitAllPagesFailed : kExitSomePagesFailed;
}

int read_to_stream(const ReadArguments& arguments, const Interrupt& interrupt,
                   std::stop_source stop) {
  auto output = Output::open(arguments.output);
  if (!output) return report(output.error());
  auto inputs = find_inputs(arguments.pages);
  if (!inputs) return report(inputs.error());
  if (inputs->empty()) return report(no_documents(arguments));
  auto session = open_session_to_read(arguments, stop.get_token());
  if (!session) return report(session.error());

  PageWriter writer(*std::move(output), arguments.json, stop);
  RunCode code(arguments.strict);
  PipelineOptions options;
  options.sources = source_options(arguments, stop.get_token());
  if (!arguments.selection.empty()) options.pages = *PageSelection::parse(arguments.selection);
  options.stop = stop.get_token();

  CarefulOptions careful;
  AskModel ask;
  if (session->has_value()) {
    careful = careful_options(**session, arguments);
    ask = [&engine = (*session)->engine](const Page& page, const ReadOptions& read) {
      return engine.read(page, read);
    };
  }
  if (!arguments.json)
    careful.read.on_text = [&writer](std::string_view piece) { writer.text(piece); };
  PipelineStages stages;
  stages.open = [&](const InputFile& input) { return open_input(input, options.sources); };
  stages.read = [&](const Page& page, const InkReport& ink) {
    return read_with_layer(page, ink, arguments.text_layer, careful, ask);
  };
  stages.on_begin = [&](const PageResult&) { writer.begin(code.pages()); };
  stages.on_page = [&](PageResult result) -> Result<void> {
    const std::int64_t index = code.pages();
    code.add(result);
    const PageResult told = result;
    writer.end(record_of(std::move(result), index, arguments.reading.prompt));
    if (writer.problem()) return *writer.problem();
    tell(told);
    return {};
  };
  const auto run = run_pipeline(*inputs, options, stages);
  if (!run) return report(run.error());
  // Where nothing was read, an old output file stays; JSON says so in the new one.
  if (code.failed() < code.pages() || arguments.json) writer.finish();
  if (writer.problem()) return report(*writer.problem());
  return interrupt.happened() ? kExitCancelled : code.code();
}

}  // namespace lectio::cli
