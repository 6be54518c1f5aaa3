// SPDX-License-Identifier: Apache-2.0
// Writes a GGUF file of version 3 tensor by tensor, without ever holding it whole. The same calls
// give the same bytes.
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
#include "model/gguf/gguf_fields.h"

namespace lectio {

// Announce all tensors, then hand over their bytes, then commit. Until then the target keeps its
// old content; an uncommitted writer leaves nothing behind. Movable. One thread at a time.
class GgufWriter {
 public:
  // Headings in the order of the file: distinct names, at most 4 extents, rows of whole blocks, no
  // kU8 (a caller's promises).
  static Result<GgufWriter> create(const std::filesystem::path& path, const GgufFields& fields,
                                   const std::vector<TensorHeading>& headings);

  // The bytes of this tensor from `offset` on, in any order and in pieces of any size.
  Result<void> write(const std::string& name, std::uint64_t offset,
                     std::span<const std::byte> bytes);
  // As many bytes must have come as were announced. Flushes and renames into place.
  Result<void> commit();

 private:
  struct Region {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t written = 0;
  };
  explicit GgufWriter(AtomicFile file) : file_(std::move(file)) {}

  AtomicFile file_;
  std::map<std::string, Region> regions_;
};

}  // namespace lectio
