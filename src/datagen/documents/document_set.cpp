// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/document_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "base/file.h"
#include "base/splitmix.h"
#include "datagen/documents/grounded.h"
#include "media/image/encode.h"

namespace lectio::documents {
namespace {

Image to_image(const Print& page) {
  Image image(page.width, page.height);
  for (std::size_t i = 0; i < page.grey.size(); ++i) {
    std::fill_n(image.pixels.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, page.grey[i]);
  }
  return image;
}

nlohmann::json to_json(const std::vector<Block>& blocks) {
  nlohmann::json list = nlohmann::json::array();
  for (const Block& block : blocks) {
    list.push_back({{"label", block_label(block.kind)},
                    {"level", block.level},
                    {"box", {block.box.x0, block.box.y0, block.box.x1, block.box.y1}},
                    {"bytes", {block.byte_begin, block.byte_end}}});
  }
  return list;
}

}  // namespace

Result<void> write_document_set(const DocumentFactory& documents, const DocumentSet& set,
                                const std::filesystem::path& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder / "pages", code);
  if (code) return Error(ErrorCode::kIo, folder.string() + ": cannot create: " + code.message());
  nlohmann::json list = nlohmann::json::array();
  GlyphCache cache;
  for (std::int64_t i = 0; i < set.pages; ++i) {
    const std::uint64_t seed = splitmix64(set.seed) + static_cast<std::uint64_t>(i);
    const DocumentPrint document = documents.make(seed, set.recipe, cache);
    const std::string name = "page-" + std::to_string(i + 1) + ".png";
    LECTIO_TRY_VOID(
        write_file_atomic(folder / "pages" / name, encode_png(to_image(document.page))));
    list.push_back({{"image", name},
                    {"text", document.page.text},
                    {"deepseek_tokens", 0},
                    {"markdown", document.markdown},
                    {"grounded", grounded_text(document).text},
                    {"blocks", to_json(document.blocks)}});
  }
  return write_file_atomic(folder / "text.json", list.dump(1));
}

}  // namespace lectio::documents
