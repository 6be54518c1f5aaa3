// SPDX-License-Identifier: Apache-2.0
// How other layouts than the official one name the tensors of the family (spec 11.3, 12). Networks
// know the official names alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/spec/network_spec.h"

namespace lectio {

enum class Naming {
  kLlamaCpp,      // GGUF, two files
  kOllama,        // GGUF, one file, v1
  kTransformers,  // safetensors, the port inside the transformers library, v2
};

// What a stored tensor is officially. A tensor that stacks the experts of a layer is many official
// ones: `name` then has kExpertMark where their numbers stand, and of each expert's rows this is
// part number `part` of `parts` equal ones.
struct OfficialTensor {
  std::string name;
  bool stacked = false;
  int part = 0;
  int parts = 1;
};
inline constexpr std::string_view kExpertMark = "{e}";

// Empty for a name that the layout does not have.
std::vector<OfficialTensor> official_tensors(Naming naming, Family family, std::string_view stored);

// Where an official tensor stands in a layout.
struct StoredPlace {
  std::string name;
  std::optional<std::int64_t> expert;  // its number on the first axis of a stacked tensor
  int part = 0;                        // and which of its equal parts of rows
  int parts = 1;
};
// Nothing for a tensor that the layout does not have.
std::optional<StoredPlace> stored_place(Naming naming, Family family, std::string_view official);

// name with kExpertMark replaced.
std::string with_expert(const std::string& name, std::int64_t expert);

}  // namespace lectio
