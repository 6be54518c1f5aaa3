// SPDX-License-Identifier: Apache-2.0
#include "model/layers/run.h"

#include <string>

namespace lectio {

void Stages::show(std::string_view name, TensorView value) const {
  if (!observe_) return;
  observe_(std::string(prefix_).append(name), value);
}

void Stages::show(std::string_view name, std::int64_t index, TensorView value) const {
  show(name, index, "", value);
}

void Stages::show(std::string_view name, std::int64_t index, std::string_view part,
                  TensorView value) const {
  if (!observe_) return;
  observe_(std::string(prefix_).append(name).append(std::to_string(index)).append(part), value);
}

}  // namespace lectio
