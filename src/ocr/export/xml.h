// SPDX-License-Identifier: Apache-2.0
// Text inside XML and HTML.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lectio {

// For element content and for attributes in " or ': & < > " ' escaped, what XML 1.0 has no place
// for (control characters, U+FFFE, U+FFFF) left out, bytes that are no UTF-8 as U+FFFD.
std::string xml_escaped(std::string_view text);

// " name=\"value\"", value escaped.
std::string xml_attribute(std::string_view name, std::string_view value);
std::string xml_attribute(std::string_view name, std::int64_t value);

}  // namespace lectio
