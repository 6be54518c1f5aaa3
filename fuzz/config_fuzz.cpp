// SPDX-License-Identifier: Apache-2.0
// A config.json from anywhere: what is accepted must survive being written and read again, and list
// its tensors.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "model/spec/network_spec.h"
#include "model/spec/tensor_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = lectio::parse_network_spec(text, "fuzz");
  if (!spec) return 0;
  const std::string written = lectio::to_config_json(*spec);
  const auto again = lectio::parse_network_spec(written, "written");
  LECTIO_CHECK(again, again.error().message());
  LECTIO_CHECK(lectio::to_config_json(*again) == written, written);
  if (spec->decoder.layers * spec->decoder.experts > 1024) return 0;  // only slow
  for (const lectio::TensorEntry& entry : lectio::tensor_table(*spec, 256)) {
    std::int64_t elements = 1;
    for (const std::int64_t extent : entry.shape) {
      LECTIO_CHECK(extent > 0 && !__builtin_mul_overflow(elements, extent, &elements), entry.name);
    }
  }
  return 0;
}
