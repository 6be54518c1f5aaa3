// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/file_descriptor.h"

namespace lectio::cli {
namespace {

constexpr const char* kStandardOutput = "standard output";

// A pipe, a terminal or a device: what a rename must not replace.
bool is_special(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

}  // namespace

Output::Output(std::filesystem::path path, int descriptor, bool owned)
    : path_(std::move(path)),
      descriptor_(descriptor),
      owned_(owned) {}

Output::Output(Output&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(other.descriptor_),
      owned_(std::exchange(other.owned_, false)),
      error_(other.error_),
      collected_(std::move(other.collected_)) {}

Output::~Output() {
  if (owned_) ::close(descriptor_);
}

Result<Output> Output::open(const std::filesystem::path& path) {
  if (path.empty() || path == "-") return Output(kStandardOutput, STDOUT_FILENO, false);
  if (is_special(path)) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    Output output(path, descriptor, descriptor >= 0);
    if (descriptor < 0) return output.fail(errno).error();
    return output;
  }
  // Found out before hours of reading, not after.
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (::access(folder.c_str(), W_OK) != 0) return Output(path, -1, false).fail(errno).error();
  return Output(path, -1, false);
}

Result<void> Output::fail(int error) {
  error_ = error;
  return Error(ErrorCode::kIo,
               path_.string() + ": cannot write: " + std::generic_category().message(error));
}

Result<void> Output::write(std::string_view bytes) {
  if (error_ != 0) return fail(error_);
  if (descriptor_ < 0) {
    collected_ += bytes;
    return {};
  }
  const int error = write_bytes(descriptor_, bytes);
  return error == 0 ? Result<void>() : fail(error);
}

Result<void> Output::finish() {
  if (error_ != 0) return fail(error_);
  if (descriptor_ < 0) return write_file_atomic(path_, collected_);
  // Some file systems report a full disk only here.
  if (owned_ && ::close(std::exchange(descriptor_, -1)) != 0) {
    owned_ = false;
    return fail(errno);
  }
  owned_ = false;
  return {};
}

Result<void> write_all(Output output, std::string_view bytes) {
  LECTIO_TRY_VOID(output.write(bytes));
  return output.finish();
}

}  // namespace lectio::cli
