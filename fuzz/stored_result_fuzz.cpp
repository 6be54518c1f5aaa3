// SPDX-License-Identifier: Apache-2.0
// A stored result of a page from anywhere: what is read back is written as it was read.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "pipeline/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result =
      lectio::from_stored_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!result) return 0;
  const std::string written = lectio::to_stored_json(*result);
  const auto again = lectio::from_stored_json(written);
  LECTIO_CHECK(again, "what was written is not read");
  LECTIO_CHECK(lectio::to_stored_json(*again) == written, "what was read twice differs");
  return 0;
}
