// SPDX-License-Identifier: Apache-2.0
// The configuration of DeepSeek-OCR-2 in the port inside the transformers library (spec 11.3).
#pragma once

#include <string>
#include <string_view>

namespace lectio {

inline constexpr std::string_view kTransformersModelType = "deepseek_ocr2";

// Its config.json, a JSON object, in the official key structure. What has another form than
// expected is handed on under its official key, so that parse_network_spec shows it; what is absent
// has the released network's value where the port's configuration class supplies it.
std::string from_transformers_config(std::string_view json);

}  // namespace lectio
