// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/memory.h"

#include <sys/resource.h>

namespace lectio::cli {

std::int64_t peak_memory_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in kilobytes
}

}  // namespace lectio::cli
