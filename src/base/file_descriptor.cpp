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

Result<FileDescriptor> anonymous_file(std::string_view bytes, const std::string& name) {
  FileDescriptor file(::memfd_create("lectio", MFD_CLOEXEC));
  if (file.get() < 0) return cannot_keep(name, errno);
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_keep(name, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return file;
}

}  // namespace lectio
