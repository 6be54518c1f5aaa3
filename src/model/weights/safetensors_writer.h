// SPDX-License-Identifier: Apache-2.0
// Writes a .safetensors file tensor by tensor, without ever holding it whole. The same calls give
// the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/result.h"
#include "compute/tensor/tensor.h"

namespace lectio {

// Announce all tensors, then hand over their bytes in any order and in pieces of any size, then
// commit. Until then the target keeps its old content; an uncommitted writer leaves nothing behind.
// Movable. One thread at a time.
class SafetensorsWriter {
 public:
  // Names must be distinct (a caller's promise). Every tensor is aligned to its numbers' size.
  // Files with kQ8 tensors are marked in the metadata, and then hold no plain kU8 tensor that would
  // read back as one.
  static Result<SafetensorsWriter> create(const std::filesystem::path& path,
                                          std::vector<TensorHeading> headings,
                                          std::map<std::string, std::string> metadata = {});

  // The next bytes of this tensor.
  Result<void> append(const std::string& name, std::span<const std::byte> bytes);
  // All bytes must have come. Flushes and renames into place.
  Result<void> commit();

 private:
  struct Region {
    std::uint64_t next = 0;  // where in the file the next bytes go
    std::uint64_t end = 0;
  };
  explicit SafetensorsWriter(AtomicFile file) : file_(std::move(file)) {}

  AtomicFile file_;
  std::map<std::string, Region> regions_;
};

// All at once, from memory.
Result<void> write_safetensors(const std::filesystem::path& path,
                               const std::map<std::string, TensorView>& tensors,
                               const std::map<std::string, std::string>& metadata = {});

}  // namespace lectio
