// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/page_set.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/utf8.h"
#include "media/image/encode.h"

namespace lectio {
Image to_image(const Print& print) {
  Image image(print.width, print.height);
  for (std::size_t i = 0; i < print.grey.size(); ++i) {
    std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, print.grey[i]);
  }
  return image;
}

Result<std::vector<Print>> draw_page_set(const PrintFactory& prints, const PageSet& set) {
  const double characters = static_cast<double>(set.side * set.side) / set.pixels_per_character;
  PrintRecipe recipe;
  recipe.width = recipe.height = set.side;
  recipe.min_chars = std::max<std::int64_t>(1, std::llround(0.98 * characters));
  recipe.max_chars = std::max<std::int64_t>(recipe.min_chars, std::llround(1.02 * characters));
  recipe.random_text = set.random_text ? 1.0 : 0.0;
  recipe.degrade = 0;
  std::vector<Print> pages;
  GlyphCache cache;
  // Layouts that cannot hold the text give less of it: those are drawn again.
  for (std::uint64_t draw = 0; static_cast<std::int64_t>(pages.size()) < set.pages; ++draw) {
    if (draw > 100 * static_cast<std::uint64_t>(set.pages)) {
      return Error(
          ErrorCode::kInvalidArgument,
          "expected pages of " + std::to_string(recipe.min_chars) + " characters, found none");
    }
    Print print = prints.make(splitmix64(set.seed) + draw, recipe, cache);
    if (count_code_points(print.text) >= recipe.min_chars) pages.push_back(std::move(print));
  }
  return pages;
}

Result<void> write_page_set(const PrintFactory& prints, const PageSet& set,
                            const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder / "pages", code);
  if (code) return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + code.message());
  const Result<std::vector<Print>> pages = draw_page_set(prints, set);
  if (!pages) return pages.error().within(folder.string());
  nlohmann::json list = nlohmann::json::array();
  for (const Print& print : *pages) {
    const std::string name = "page-" + std::to_string(list.size() + 1) + ".png";
    LECTIO_TRY_VOID(write_file_atomic(folder / "pages" / name, encode_png(to_image(print))));
    list.push_back({{"image", name}, {"text", print.text}, {"deepseek_tokens", 0}});
  }
  return write_file_atomic(folder / "text.json", list.dump(1));
}

}  // namespace lectio
