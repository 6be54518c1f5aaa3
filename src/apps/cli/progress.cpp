// SPDX-License-Identifier: Apache-2.0
#include "apps/cli/progress.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"

namespace lectio::cli {

void Progress::operator()(std::int64_t done, std::int64_t all) {
  constexpr double kGigabyte = 1e9;
  const std::int64_t tenth = 10 * done / all;
  if (tenth == std::exchange(said_, tenth)) return;
  log(LogLevel::kInfo, fmt::format("{:.2f} of {:.2f} GB", static_cast<double>(done) / kGigabyte,
                                   static_cast<double>(all) / kGigabyte));
}

}  // namespace lectio::cli
