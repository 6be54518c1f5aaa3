// SPDX-License-Identifier: Apache-2.0
// Results of a run as documents in a folder, in the formats that were asked for.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ocr/assembly/document_folder.h"
#include "ocr/export/formats.h"
#include "ocr/sources/inputs.h"
#include "pipeline/pipeline.h"

namespace lectio::cli {

struct DocumentOutputOptions {
  std::vector<Format> formats;
  std::filesystem::path folder;
  bool self_contained = false;
  std::string model;                      // its name
  std::string prompt;                     // of every page
  std::filesystem::path overlay_program;  // FolderOptions
  // Told of a document's files once all are written; may be empty.
  std::function<Result<void>(std::size_t input, const std::vector<std::filesystem::path>& files)>
      on_written;
  // Keeps what was made of a page with this key (to_bytes of a MadePage); may be empty.
  std::function<Result<void>(std::size_t input, const std::string& key, const std::string& made)>
      keep_made;
};

// Takes the pages of all inputs in order; a document is written when its last page has come. One
// thread at a time.
class DocumentOutput {
 public:
  DocumentOutput(DocumentOutputOptions options, std::vector<InputFile> inputs);

  // A page that was read needs its picture (PipelineOptions::keep_pictures), or, from the store,
  // what was made of it (made_page_body). A document of which no page could be opened gives no
  // files. kIo where something cannot be written.
  Result<void> add(const PageResult& result);
  // Writes the last document.
  Result<void> finish();

 private:
  DocumentFolder folder_for(std::size_t input) const;
  Result<void> add_picture(const PageResult& result, const AssemblyOptions& how);
  Result<void> add_made(const PageResult& result, const AssemblyOptions& how);

  DocumentOutputOptions options_;
  std::vector<InputFile> inputs_;
  std::optional<DocumentFolder> document_;
  std::size_t input_ = 0;   // of document_
  bool has_pages_ = false;  // document_, beside missing ones
};

}  // namespace lectio::cli
