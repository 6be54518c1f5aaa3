// SPDX-License-Identifier: Apache-2.0
// The safetensors format: 8 bytes of header length (little-endian), a JSON header, then the numbers
// of all tensors without holes.
//
// Quantised tensors: a Q8 tensor (compute/tensor/dtype.h) of logical shape [..., n] is stored as U8
// of shape
// [..., n / 32 * 34]. The file's __metadata__ says so under kQ8MetadataKey; where it does, every U8
// tensor whose last extent is a multiple of 34 is one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "compute/tensor/tensor.h"

namespace lectio {

inline constexpr std::string_view kQ8MetadataKey = "lectio.q8";
inline constexpr std::string_view kQ8MetadataValue = "blocks of 32 along the last axis";
inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  // the format's own limit

// One tensor of the header. The bytes stand at [begin, end) of the file.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;  // logical: of a Q8 tensor, numbers rather than bytes
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// Checks everything that the header claims against the bytes that are there: nothing of the file is
// trusted afterwards that was not looked at here. Numbers may stand at any byte. kInvalidModel with
// every problem; `name` leads the message.
Result<SafetensorsHeader> parse_safetensors(std::span<const std::byte> file, std::string_view name);

}  // namespace lectio
