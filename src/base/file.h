// SPDX-License-Identifier: Apache-2.0
// Files: read whole, mapped, and written so that a reader never sees half of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lectio {

// A file mapped read-only. Movable; the bytes live as long as the object. Immutable, so
// thread-safe.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  MappedFile() = default;
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// The whole file. kTooLarge above max_bytes, before anything is allocated.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::uint64_t max_bytes = std::uint64_t{1} << 32);

// Writes beside the target, flushes and renames: the target holds the old bytes or the new ones,
// never a part. A short write (full disk) is kIo, and the temporary file is removed.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view bytes);

}  // namespace lectio
