// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/read_documents.h"

#include <malloc.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "apps/cli/batch.h"
#include "apps/cli/console.h"
#include "apps/cli/document_output.h"
#include "apps/cli/read_stream.h"
#include "apps/cli/session.h"
#include "ocr/engine/shared_engine.h"

namespace lectio::cli {
namespace {

// The model's name: its folder's, whatever link led there.
std::string model_name(const std::filesystem::path& folder) {
  return std::filesystem::weakly_canonical(folder).filename().string();
}

// Everything that decides a document's files beside its pages.
std::string output_key(const ReadArguments& arguments, const std::string& model) {
  std::string key = "lectio " LECTIO_VERSION "; " + model + "; self-contained " +
                    std::to_string(static_cast<int>(arguments.self_contained)) + ";";
  for (const Format format : arguments.formats) key.append(" ").append(format_name(format));
  return key;
}

// glibc moves the size from which memory comes from the system, and goes back to it, up to what was
// freed last. Pages would then share the heap with the small things that are kept about each, and
// their places could not be used again: about a megabyte a page. A fixed size keeps them apart.
void keep_pages_out_of_the_heap() {
#ifdef __GLIBC__
  constexpr int kBytes = 1 << 17;  // less than a small picture
  ::mallopt(M_MMAP_THRESHOLD, kBytes);
#endif
}

// This program, to be run again on files of strangers.
std::filesystem::path own_program() {
  std::error_code unknown;
  return std::filesystem::read_symlink("/proc/self/exe", unknown);
}

}  // namespace

int read_to_documents(const ReadArguments& arguments, const Interrupt& interrupt,
                      std::stop_source stop) {
  keep_pages_out_of_the_heap();
  if (arguments.output.empty() || arguments.output == "-") {
    return report(Error(ErrorCode::kInvalidArgument,
                        "--format: expected -o DIR, a folder for the files, found none"));
  }
  auto inputs = find_inputs(arguments.pages);
  if (!inputs) return report(inputs.error());
  if (inputs->empty()) return report(no_documents(arguments));
  auto session = open_session_to_read(arguments, stop.get_token());
  if (!session) return report(session.error());
  const std::string model = session->has_value() ? model_name((*session)->model) : "";

  const auto key = reading_key(*session, arguments);
  if (!key) return report(key.error());
  auto batch = Batch::open(arguments.output, *inputs, output_key(arguments, model), arguments);
  if (!batch) return report(batch.error());

  DocumentOutput documents(
      {arguments.formats, arguments.output, arguments.self_contained, model,
       arguments.reading.prompt, own_program(),
       [&](std::size_t input, const auto& files) { return batch->finish_document(input, files); },
       [&](std::size_t input, const std::string& page_key, const std::string& made) {
         return batch->keep_made(input, page_key, made);
       }},
      *inputs);
  PipelineOptions options;
  options.sources = source_options(arguments, stop.get_token());
  if (!arguments.selection.empty()) options.pages = *PageSelection::parse(arguments.selection);
  options.reading_key = *key;
  options.keep_pictures = true;
  options.stop = stop.get_token();

  options.readers = static_cast<std::size_t>(arguments.together);
  std::optional<SharedEngine> engine;
  CarefulOptions careful;
  AskModel ask;
  if (session->has_value()) {
    careful = careful_options(**session, arguments);
    engine.emplace((*session)->engine, arguments.together);
    ask = [&engine](const Page& page, const ReadOptions& read) { return engine->read(page, read); };
  }
  PipelineStages stages;
  batch->connect(stages);
  stages.open = [&](const InputFile& input) { return open_input(input, options.sources); };
  stages.read = [&](const Page& page, const InkReport& ink) {
    return read_with_layer(page, ink, arguments.text_layer, careful, ask);
  };
  stages.write_behind = true;
  stages.on_page = [&](PageResult result) -> Result<void> {
    LECTIO_TRY(const bool complete, batch->add(result));
    if (complete) return {};
    return documents.add(result);
  };
  const auto run = run_pipeline(*inputs, options, stages);
  if (!run) return report(run.error());
  // After Ctrl-C too: what was read is not thrown away, and the exit code says that it is not all.
  const auto finished = documents.finish();
  if (!finished) return report(finished.error());
  const auto code = batch->finish(interrupt.happened());
  return code ? *code : report(code.error());
}

}  // namespace lectio::cli
