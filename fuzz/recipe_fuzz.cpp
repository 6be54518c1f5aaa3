// SPDX-License-Identifier: Apache-2.0
// A training recipe from anywhere: what passes is a run that can begin.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "train/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto recipe = lectio::train::parse_recipe(
      std::string_view(reinterpret_cast<const char*>(data), size), "fuzz");
  if (!recipe) return 0;
  LECTIO_CHECK(!recipe->levels.empty(), "no level");
  for (const lectio::train::Level& level : recipe->levels) {
    LECTIO_CHECK(level.batch > 0 && level.max_tokens > 0, level.name);
    LECTIO_CHECK(level.print.width > 0 && level.print.height > 0, level.name);
  }
  return 0;
}
