// SPDX-License-Identifier: Apache-2.0
// What the process takes.
#pragma once

#include <cstdint>

namespace lectio::cli {

// The most memory that was resident at once since the process began, mapped weights included.
std::int64_t peak_memory_bytes();

}  // namespace lectio::cli
