// SPDX-License-Identifier: Apache-2.0
// What a run on many documents leaves behind beside its documents: results of pages by their
// content, what is finished, and a report.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/arguments.h"
#include "base/result.h"
#include "ocr/sources/inputs.h"
#include "pipeline/pipeline.h"

namespace lectio::cli {

// Keeps FOLDER/.lectio/pages (ResultStore), FOLDER/.lectio/documents (a file a finished document:
// what it was made of, and the size and hash of each of its files) and FOLDER/report.json. What was
// done is not done again: pages by their key, documents as long as their pages and files are the
// same. Until a document is finished, FOLDER/.lectio/made has what was made of its pages, so that
// after a kill their pictures are not decoded or rendered again.
class Batch {
 public:
  // output_key: what decides a document's files beside its pages.
  static Result<Batch> open(const std::filesystem::path& folder,
                            const std::vector<InputFile>& inputs, std::string output_key,
                            const ReadArguments& arguments);
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  ~Batch();

  // Sets the stages known, is_complete, made and on_document. The batch must outlive the run.
  void connect(PipelineStages& stages);
  // Stores and counts the result, and says what became of the page. True where the document's files
  // are there already: the page needs no output.
  Result<bool> add(const PageResult& result);
  // These are the files of an input. It is finished if all its pages were read.
  Result<void> finish_document(std::size_t input, const std::vector<std::filesystem::path>& files);
  // What DocumentOutput makes of pages of unfinished documents.
  Result<void> keep_made(std::size_t input, const std::string& key, const std::string& made);
  // Writes report.json, says the totals and gives the exit code.
  Result<int> finish(bool interrupted);

 private:
  struct Data;
  explicit Batch(std::unique_ptr<Data> data);
  std::unique_ptr<Data> data_;
};

}  // namespace lectio::cli
