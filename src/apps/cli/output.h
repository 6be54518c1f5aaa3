// SPDX-License-Identifier: Apache-2.0
// Where results go: standard output or a file, without losing a byte silently.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lectio::cli {

// Standard output (an empty path or "-") and devices are written at once. An ordinary file is
// written when finish is called, whole, so that a failed run leaves the old one. One thread at a
// time.
class Output {
 public:
  static Result<Output> open(const std::filesystem::path& path);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  // kIo for a full disk or a closed pipe; everything after that is refused with the same error.
  Result<void> write(std::string_view bytes);
  Result<void> finish();

 private:
  Output(std::filesystem::path path, int descriptor, bool owned);
  Result<void> fail(int error);

  std::filesystem::path path_;
  int descriptor_ = -1;  // -1: collected for an ordinary file
  bool owned_ = false;
  int error_ = 0;  // errno of the first failure
  std::string collected_;
};

// Writes and finishes.
Result<void> write_all(Output output, std::string_view bytes);

}  // namespace lectio::cli
