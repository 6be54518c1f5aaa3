// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/read_documents.h"

#include <utility>

#include "apps/cli/console.h"
#include "apps/cli/document_output.h"
#include "apps/cli/model_folder.h"
#include "apps/cli/read_stream.h"
#include "apps/cli/session.h"

namespace lectio::cli {
namespace {

// The model's name: its folder's, whatever link led there.
Result<std::string> model_name(const std::filesystem::path& named) {
  LECTIO_TRY(const std::filesystem::path folder, model_folder(named));
  return std::filesystem::weakly_canonical(folder).filename().string();
}

}  // namespace

int read_to_documents(const ReadArguments& arguments, const Interrupt& interrupt,
                      std::stop_source stop) {
  if (arguments.output.empty() || arguments.output == "-") {
    return report(Error(ErrorCode::kInvalidArgument,
                        "--format: expected -o DIR, a folder for the files, found none"));
  }
  auto inputs = find_inputs(arguments.pages);
  if (!inputs) return report(inputs.error());
  if (inputs->empty()) return report(no_documents(arguments));
  auto session = open_session(arguments.reading, stop.get_token());
  if (!session) return report(session.error());
  const auto model = model_name(arguments.reading.model);
  if (!model) return report(model.error());

  DocumentOutput documents({arguments.formats, arguments.output, arguments.self_contained, *model,
                            session->options.prompt},
                           *inputs);
  RunCode code(arguments.strict);
  PipelineOptions options;
  options.sources = source_options(arguments, stop.get_token());
  if (!arguments.selection.empty()) options.pages = *PageSelection::parse(arguments.selection);
  options.keep_pictures = true;
  options.stop = stop.get_token();

  const CarefulOptions careful = careful_options(*session, arguments);
  const AskModel ask = [&session](const Page& page, const ReadOptions& read) {
    return session->engine.read(page, read);
  };
  PipelineStages stages;
  stages.open = [&](const InputFile& input) { return open_input(input, options.sources); };
  stages.read = [&](const Page& page, const InkReport& ink) {
    return read_carefully(page, ink, careful, ask);
  };
  stages.on_page = [&](PageResult result) -> Result<void> {
    code.add(result);
    tell(result);
    return documents.add(result);
  };
  const auto run = run_pipeline(*inputs, options, stages);
  if (!run) return report(run.error());
  // After Ctrl-C too: what was read is not thrown away, and the exit code says that it is not all.
  const auto finished = documents.finish();
  if (!finished) return report(finished.error());
  return interrupt.happened() ? kExitCancelled : code.code();
}

}  // namespace lectio::cli
