// SPDX-License-Identifier: Apache-2.0
// For tests: bytes as golden files spell them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lectio {

std::string hex(std::span<const std::uint8_t> bytes);  // lower case

}  // namespace lectio
