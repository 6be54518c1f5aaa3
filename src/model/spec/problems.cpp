// SPDX-License-Identifier: Apache-2.0
#include "model/spec/problems.h"

#include <algorithm>
#include <cstddef>

#include "base/check.h"

namespace lectio {

Error problems_error(ErrorCode code, std::string_view name,
                     const std::vector<std::string>& problems) {
  LECTIO_CHECK(!problems.empty(), std::string(name));
  const std::string lead = std::string(name) + ": ";
  if (problems.size() == 1) return Error(code, lead + problems.front());
  constexpr std::size_t kMostShown = 20;
  const std::size_t shown = std::min(problems.size(), kMostShown);
  std::string message = lead + std::to_string(problems.size()) + " problems:";
  for (std::size_t i = 0; i < shown; ++i) message += "\n  " + problems[i];
  if (shown < problems.size()) {
    message += "\n  and " + std::to_string(problems.size() - shown) + " more";
  }
  return Error(code, message);
}

std::string quoted_name(std::string_view name) {
  constexpr std::size_t kMostShown = 120;
  std::string text(name.substr(0, kMostShown));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return "'" + text + (name.size() > text.size() ? "...'" : "'");
}

}  // namespace lectio
