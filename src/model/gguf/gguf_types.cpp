// SPDX-License-Identifier: Apache-2.0
#include "model/gguf/gguf_types.h"

#include <algorithm>
#include <array>

namespace lectio {
namespace {

struct GgmlType {
  std::uint32_t id;
  DType dtype;
};
constexpr std::array<GgmlType, 13> kReadable = {{{0, DType::kF32},
                                                 {1, DType::kF16},
                                                 {2, DType::kQ4},
                                                 {6, DType::kQ5},
                                                 {7, DType::kQ5Min},
                                                 {8, DType::kQ8},
                                                 {12, DType::kQ4K},
                                                 {13, DType::kQ5K},
                                                 {14, DType::kQ6K},
                                                 {26, DType::kI32},
                                                 {27, DType::kI64},
                                                 {28, DType::kF64},
                                                 {30, DType::kBF16}}};

struct OtherType {
  std::uint32_t id;
  const char* name;
};
constexpr std::array<OtherType, 20> kOthers = {{
    {3, "Q4_1"},     {9, "Q8_1"},    {10, "Q2_K"},    {11, "Q3_K"},  {15, "Q8_K"},
    {16, "IQ2_XXS"}, {17, "IQ2_XS"}, {18, "IQ3_XXS"}, {19, "IQ1_S"}, {20, "IQ4_NL"},
    {21, "IQ3_S"},   {22, "IQ2_S"},  {23, "IQ4_XS"},  {24, "I8"},    {25, "I16"},
    {29, "IQ1_M"},   {34, "TQ1_0"},  {35, "TQ2_0"},   {39, "MXFP4"}, {40, "NVFP4"},
}};

}  // namespace

std::optional<DType> dtype_of_ggml(std::uint32_t type) {
  const auto* const found = std::ranges::find(kReadable, type, &GgmlType::id);
  if (found == kReadable.end()) return std::nullopt;
  return found->dtype;
}

std::optional<std::uint32_t> ggml_of_dtype(DType dtype) {
  const auto* const found = std::ranges::find(kReadable, dtype, &GgmlType::dtype);
  if (found == kReadable.end()) return std::nullopt;
  return found->id;
}

std::string ggml_type_name(std::uint32_t type) {
  if (const auto dtype = dtype_of_ggml(type)) return dtype_name(*dtype);
  const auto* const found = std::ranges::find(kOthers, type, &OtherType::id);
  if (found != kOthers.end()) return found->name;
  return "number " + std::to_string(type);
}

std::string readable_ggml_types() {
  std::string names;
  for (const GgmlType& type : kReadable) {
    names += (names.empty() ? "" : ", ") + std::string(dtype_name(type.dtype));
  }
  return names;
}

}  // namespace lectio
