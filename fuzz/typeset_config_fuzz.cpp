// SPDX-License-Identifier: Apache-2.0
// A page configuration from anywhere: what is accepted must survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "optical/typeset/typeset_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = lectio::parse_typeset_config(text, "fuzz");
  if (!config) return 0;
  const auto again = lectio::parse_typeset_config(lectio::typeset_config_json(*config), "written");
  LECTIO_CHECK(again, again.error().message());
  LECTIO_CHECK(*again == *config, "a config reads back as itself");
  return 0;
}
