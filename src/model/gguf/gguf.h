// SPDX-License-Identifier: Apache-2.0
// The GGUF container, versions 2 and 3, little-endian: "GGUF", version, counts, metadata as keys
// and typed values, a list of tensors, then their bytes, each tensor at a multiple of the
// alignment. What the keys and names mean is not known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "compute/tensor/tensor.h"
#include "model/gguf/gguf_value.h"

namespace lectio {

inline constexpr std::string_view kGgufMagic = "GGUF";
inline constexpr std::uint64_t kGgufAlignment = 32;  // where general.alignment does not say another

// One tensor of the list. Its bytes stand at [begin, end) of the file.
struct GgufTensor {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;  // outermost first: the file lists extents the other way round
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct GgufHeader {
  std::uint32_t version = 0;
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;  // in the order of their bytes

  const GgufValue* find(std::string_view key) const;  // null where there is none
  // The string of a key; empty where there is none, or no string.
  std::string_view text(std::string_view key) const;
};

// Checks everything that the file claims against the bytes that are there: counts, lengths, types,
// nesting, alignment, extents, offsets, overlaps. Holds no more memory than a small multiple of the
// header's own bytes. kInvalidModel with every problem; `name` leads the message. The header looks
// at the file's bytes.
Result<GgufHeader> parse_gguf(std::span<const std::byte> file, std::string_view name);

// A mapped file and its header. Movable; values and tensors live as long as it does. Immutable, so
// thread-safe.
class GgufFile {
 public:
  static Result<GgufFile> open(const std::filesystem::path& path);

  const GgufHeader& header() const { return header_; }
  // The mapping is read-only: a view of weights is only ever read.
  TensorView view(const GgufTensor& tensor) const;
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  GgufFile(MappedFile file, GgufHeader header)
      : file_(std::move(file)),
        header_(std::move(header)) {}

  MappedFile file_;
  GgufHeader header_;
};

}  // namespace lectio
