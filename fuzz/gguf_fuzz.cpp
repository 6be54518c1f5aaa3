// SPDX-License-Identifier: Apache-2.0
// A GGUF file from anywhere: what passes the checks must be readable to the last byte.
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "model/gguf/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  const auto header = lectio::parse_gguf(file, "fuzz");
  if (!header) return 0;
  std::size_t read = 0;
  for (const auto& [key, value] : header->metadata) {
    read += value.text().value_or("").size();
    for (const std::string_view text : value.texts().value_or(std::vector<std::string_view>())) {
      for (const char c : text) read += static_cast<std::size_t>(c & 1);
    }
    read += value.numbers().value_or(std::vector<double>()).size();
    read += value.integers().value_or(std::vector<std::int64_t>()).size();
    read += value.kind().size() + static_cast<std::size_t>(value.boolean().value_or(false));
    read += value.integer() || value.number() ? 1 : 0;
  }
  std::uint64_t end = 0;
  for (const lectio::GgufTensor& tensor : header->tensors) {
    const lectio::TensorView view{const_cast<std::byte*>(file.data() + tensor.begin), tensor.dtype,
                                  tensor.shape};
    LECTIO_CHECK(end <= tensor.begin && tensor.begin <= tensor.end && tensor.end <= size,
                 tensor.name);
    LECTIO_CHECK(view.bytes() == static_cast<std::int64_t>(tensor.end - tensor.begin), tensor.name);
    end = tensor.end;
    const bool is_integer =
        tensor.dtype == lectio::DType::kI64 || tensor.dtype == lectio::DType::kI32;
    if (!is_integer) read += lectio::to_floats(view).size();
  }
  LECTIO_CHECK(header->metadata.size() + header->tensors.size() <= size && read < 64 * size,
               "more than the file holds");
  return 0;
}
