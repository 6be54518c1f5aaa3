// SPDX-License-Identifier: Apache-2.0
#include "base/file_descriptor.h"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace lectio {
namespace {

Error cannot_keep(const std::string& name, int code) {
  return Error(ErrorCode::kIo, name + ": cannot keep: " + std::generic_category().message(code));
}

}  // namespace

int write_bytes(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

Result<FileDescriptor> anonymous_file(std::string_view bytes, const std::string& name) {
  FileDescriptor file(::memfd_create("lectio", MFD_CLOEXEC));
  if (file.get() < 0) return cannot_keep(name, errno);
  const int error = write_bytes(file.get(), bytes);
  if (error != 0) return cannot_keep(name, error);
  return file;
}

}  // namespace lectio
