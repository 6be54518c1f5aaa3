// SPDX-License-Identifier: Apache-2.0
// The numbers by which GGUF files name formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "compute/tensor/dtype.h"

namespace lectio {

std::optional<DType> dtype_of_ggml(std::uint32_t type);
// Nothing for kU8, which the format does not have.
std::optional<std::uint32_t> ggml_of_dtype(DType dtype);
std::string ggml_type_name(std::uint32_t type);  // known formats by name, readable or not
std::string readable_ggml_types();

}  // namespace lectio
