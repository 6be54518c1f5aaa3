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
    has_pages_ = false;
  }
  AssemblyOptions how;
  how.prompt = options_.prompt;
  how.verdict = verdict_name(result.reading.verdict);
  has_pages_ = has_pages_ || result.picture || result.from_store;
  if (result.picture) return add_picture(result, how);
  if (result.made) return add_made(result, how);
  document_->add_missing_page(missing_page(result, options_.prompt));
  return {};
}

Result<void> DocumentOutput::add_picture(const PageResult& result, const AssemblyOptions& how) {
  MadePage made = document_->make_page(*result.picture, result.reading.text, how);
  // A page that failed is tried again, whatever was made of it.
  if (options_.keep_made && is_read(result.reading.verdict)) {
    LECTIO_TRY_VOID(options_.keep_made(result.input, result.key, to_bytes(made)));
  }
  return document_->add(std::move(made));
}

Result<void> DocumentOutput::add_made(const PageResult& result, const AssemblyOptions& how) {
  const PageFrame frame{result.source, result.page, result.width, result.height, 0};
  LECTIO_TRY(MadePage made, parse_made_page(*result.made, frame, result.reading.text, how));
  return document_->add(std::move(made));
}

Result<void> DocumentOutput::finish() {
  if (!document_) return {};
  if (!has_pages_) {
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
