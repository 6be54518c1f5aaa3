// SPDX-License-Identifier: Apache-2.0
// Every tensor of a network by its official name (spec 11.2): the one list that binding, export and
// synthesis share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/spec/network_spec.h"

namespace lectio {

struct TensorEntry {
  std::string name;
  std::vector<std::int64_t> shape;  // -1: any extent (the neck width stands only in the file)
  bool used = true;                 // false: tolerated in a checkpoint, never read
};

// In the official order. neck_width 256 in the official models; -1 leaves it open.
std::vector<TensorEntry> tensor_table(const NetworkSpec& spec, std::int64_t neck_width = -1);

}  // namespace lectio
