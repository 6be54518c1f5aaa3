// SPDX-License-Identifier: Apache-2.0
// A file written in pieces, at any place, that appears whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace lectio {

// Written beside its target under another name. Until it is committed the target keeps its old
// content; one that is not committed leaves nothing behind. Movable. One thread at a time.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // What nobody writes before the last byte is zero.
  Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  // Flushes and renames into place. Nothing can be written afterwards.
  Result<void> commit();
  const std::filesystem::path& path() const { return path_; }

 private:
  AtomicFile() = default;
  void discard() noexcept;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

}  // namespace lectio
