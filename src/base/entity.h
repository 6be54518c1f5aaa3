// SPDX-License-Identifier: Apache-2.0
// Characters as HTML and XML write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lectio {

// An entity as &amp; or &#39;: its bytes, and the UTF-8 that it stands for. size 0: none.
struct Entity {
  std::size_t size = 0;
  std::string text;
};
Entity entity_at(std::string_view text, std::size_t at);

// With every entity resolved; other ampersands stay.
std::string without_entities(std::string_view text);

}  // namespace lectio
