// SPDX-License-Identifier: Apache-2.0
// The two released networks, number by number (spec 2).
#pragma once

#include <cstdint>

#include "model/spec/network_spec.h"

namespace lectio {

inline constexpr std::int64_t kOfficialNeckWidth = 256;  // stands in no config.json

// What parse_network_spec gives for the config.json of DeepSeek-OCR or DeepSeek-OCR-2.
NetworkSpec official_spec(Family family);

}  // namespace lectio
