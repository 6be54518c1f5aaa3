// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_descriptor.h"

namespace lectio {
namespace {

Error system_error(const std::filesystem::path& path, std::string_view what, int code) {
  const ErrorCode kind = code == ENOENT || code == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
  return Error(kind, path.string() + ": " + std::string(what) + ": " + std::strerror(code));
}

Result<std::uint64_t> regular_file_size(const FileDescriptor& file,
                                        const std::filesystem::path& path) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return system_error(path, "cannot stat", errno);
  if (S_ISDIR(info.st_mode))
    return Error(ErrorCode::kIo, path.string() + ": expected a file, found a directory");
  return static_cast<std::uint64_t>(info.st_size);
}

Result<void> write_all(const FileDescriptor& file, std::string_view bytes,
                       const std::filesystem::path& path) {
  const int error = write_bytes(file.get(), bytes);
  if (error != 0) return system_error(path, "cannot write", error);
  if (::fsync(file.get()) != 0 && errno != EINVAL) return system_error(path, "cannot flush", errno);
  return {};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error(path, "cannot open", errno);
  LECTIO_TRY(const std::uint64_t size, regular_file_size(file, path));
  MappedFile mapped;
  mapped.path_ = path;
  mapped.size_ = size;
  if (size == 0) return mapped;
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) return system_error(path, "cannot map", errno);
  mapped.data_ = static_cast<const std::byte*>(data);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error(path, "cannot open", errno);
  LECTIO_TRY(const std::uint64_t size, regular_file_size(file, path));
  if (size > max_bytes) {
    return Error(ErrorCode::kTooLarge, path.string() + ": expected at most " +
                                           std::to_string(max_bytes) + " bytes, found " +
                                           std::to_string(size));
  }
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path, "cannot read", errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes) {
  const std::string temporary = path.string() + ".tmp." + std::to_string(::getpid());
  Result<void> written;
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) return system_error(path, "cannot create", errno);
    written = write_all(file, bytes, path);
  }
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written = system_error(path, "cannot rename into place", errno);
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace lectio
