// SPDX-License-Identifier: Apache-2.0
// lectio read, its results in one stream: standard output or a file.
#pragma once

#include <memory>
#include <stop_token>

#include "apps/cli/arguments.h"
#include "apps/cli/exit_codes.h"
#include "apps/cli/interrupt.h"
#include "base/result.h"
#include "ocr/sources/source.h"
#include "pipeline/pipeline.h"

namespace lectio::cli {

int read_to_stream(const ReadArguments& arguments, const Interrupt& interrupt,
                   std::stop_source stop);

// How documents are opened for a command: with poppler's programs as PATH has them.
SourceOptions source_options(const ReadArguments& arguments, std::stop_token stop);
// An input, standard input included.
Result<std::unique_ptr<PageSource>> open_input(const InputFile& input,
                                               const SourceOptions& options);

// What the user named has no file in it.
Error no_documents(const ReadArguments& arguments);

// The exit code of a page that was not read; kExitOk for one that was.
ExitCode code_of(const PageResult& result);

// "a.pdf, page 3: base, 273 vision tokens; ..." as a line of the fitting level.
void tell(const PageResult& result);

// After all pages: by how many were not read, or, if strict, not read well.
class RunCode {
 public:
  explicit RunCode(bool strict) : strict_(strict) {}
  void add(const PageResult& result);
  ExitCode code() const;
  std::int64_t pages() const { return pages_; }
  std::int64_t failed() const { return failed_; }

 private:
  bool strict_;
  std::int64_t pages_ = 0;
  std::int64_t failed_ = 0;
  std::int64_t doubtful_ = 0;
  ExitCode last_failure_ = kExitOk;
};

}  // namespace lectio::cli
