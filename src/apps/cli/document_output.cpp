// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/document_output.h"

#include <chrono>
#include <ctime>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "ocr/verdict/verdict.h"

namespace lectio::cli {
namespace {

// When the file was last changed; the beginning of time where that cannot be said.
std::string time_of(const std::filesystem::path& path) {
  std::error_code problem;
  const auto changed = std::filesystem::last_write_time(path, problem);
  std::time_t seconds = 0;
  if (!problem) {
    seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(
            std::chrono::file_clock::to_sys(changed)));
  }
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

DocumentPage missing_page(const PageResult& result, const std::string& prompt) {
  DocumentPage page;
  page.index = result.page;
  page.width = result.width;
  page.height = result.height;
  page.source = result.source;
  page.prompt = prompt;
  page.verdict = verdict_name(result.reading.verdict);
  if (!result.reading.evidence.error.empty()) {
    page.problems.push_back(result.reading.evidence.error);
  }
  return page;
}

}  // namespace

DocumentOutput::DocumentOutput(DocumentOutputOptions options, std::vector<InputFile> inputs)
    : options_(std::move(options)),
      inputs_(std::move(inputs)) {}

DocumentFolder DocumentOutput::folder_for(std::size_t input) const {
  const InputFile& file = inputs_[input];
  Document document;
  document.name = file.place.filename().string();
  document.source = file.path.filename().string();
  document.producer = "lectio " LECTIO_VERSION;
  document.model = options_.model;
  document.created = time_of(file.path);
  return DocumentFolder(
      {options_.formats, options_.folder / file.place.parent_path(), options_.self_contained,
       file.path == "-" ? std::filesystem::path() : file.path, options_.overlay_program},
      std::move(document));
}

Result<void> DocumentOutput::add(const PageResult& result) {
  if (document_ && input_ != result.input) LECTIO_TRY_VOID(finish());
  if (result.page < 0) return {};
  if (!document_) {
    document_.emplace(folder_for(result.input));
    input_ = result.input;
    has_picture_ = false;
  }
  if (!result.picture) {
    document_->add_missing_page(missing_page(result, options_.prompt));
    return {};
  }
  has_picture_ = true;
  AssemblyOptions how;
  how.prompt = options_.prompt;
  how.verdict = verdict_name(result.reading.verdict);
  return document_->add_page(*result.picture, result.reading.text, how);
}

Result<void> DocumentOutput::finish() {
  if (!document_) return {};
  if (!has_picture_) {
    document_.reset();
    return {};
  }
  auto files = document_->finish();
  const std::vector<std::string> notes = document_->notes();
  document_.reset();
  if (!files) return files.error();
  for (const std::string& note : notes) log(LogLevel::kWarning, note);
  if (options_.on_written) LECTIO_TRY_VOID(options_.on_written(input_, *files));
  for (const auto& file : *files) log(LogLevel::kDebug, "written: " + file.string());
  log(LogLevel::kInfo, inputs_[input_].path.string() + ": " + std::to_string(files->size()) +
                           (files->size() == 1 ? " file in " : " files in ") +
                           (options_.folder / inputs_[input_].place).string());
  return {};
}

}  // namespace lectio::cli
