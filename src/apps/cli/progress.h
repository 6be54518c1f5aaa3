// SPDX-License-Identifier: Apache-2.0
// Long work says how far it is.
#pragma once

#include <cstdint>

namespace lectio::cli {

// A line at every tenth of the way, in bytes.
class Progress {
 public:
  void operator()(std::int64_t done, std::int64_t all);

 private:
  std::int64_t said_ = 0;
};

}  // namespace lectio::cli
