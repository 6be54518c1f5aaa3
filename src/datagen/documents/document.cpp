// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/document.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "datagen/documents/compose.h"
#include "datagen/documents/font_shelf.h"
#include "datagen/documents/setting.h"
#include "datagen/documents/sheet.h"
#include "datagen/documents/wear.h"
#include "datagen/prints/degrade.h"
#include "datagen/prints/resize.h"

namespace lectio::documents {
namespace {

// From the canvas to the finished page.
void scale_boxes(DocumentPrint& document, float fx, float fy, float width, float height) {
  const auto x = [=](float v) { return std::clamp(v * fx, 0.0F, width); };
  const auto y = [=](float v) { return std::clamp(v * fy, 0.0F, height); };
  for (CharBox& box : document.page.boxes) {
    box.x0 = x(box.x0);
    box.x1 = std::max(box.x0, x(box.x1));
    box.top = y(box.top);
    box.bottom = y(box.bottom);
  }
  const auto scale = [&](PixelBox& box) { box = {x(box.x0), y(box.y0), x(box.x1), y(box.y1)}; };
  for (Block& block : document.blocks) scale(block.box);
  for (PixelBox& box : document.artwork) scale(box);
}

GreyImage to_native(GreyImage image, const Setting& setting, Random& random) {
  if (image.width == setting.native_width && image.height == setting.native_height) return image;
  if (random.chance(0.3) && setting.scale < 1.4) {
    return sample_bilinear(image, setting.native_width, setting.native_height);
  }
  return resize_grey(image, setting.native_width, setting.native_height);
}

}  // namespace

std::string_view block_label(BlockKind kind) {
  static constexpr std::array<std::string_view, 11> kLabels = {
      "title",         "text",   "list",   "table",       "figure",  "image_caption",
      "table_caption", "header", "footer", "page_number", "footnote"};
  return kLabels[static_cast<std::size_t>(kind)];
}

PixelBox united(const PixelBox& a, const PixelBox& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

bool is_running(BlockKind kind) {
  return kind == BlockKind::kHeader || kind == BlockKind::kFooter || kind == BlockKind::kPageNumber;
}

Result<DocumentFactory> DocumentFactory::create(std::vector<FontRef> fonts,
                                                std::shared_ptr<const Corpus> corpus,
                                                Corpus::Split split) {
  DocumentFactory factory;
  factory.shelf_ = std::make_shared<const FontShelf>(fonts);
  if (factory.shelf_->families().empty()) {
    return Error(ErrorCode::kInvalidInput,
                 "documents: expected a font with all of printable ASCII, found none among " +
                     std::to_string(fonts.size()));
  }
  if (corpus->text(split).empty()) {
    return Error(ErrorCode::kInvalidInput,
                 split == Corpus::Split::kTrain
                     ? "documents: the corpus has no paragraph to train on"
                     : "documents: the corpus has no held-out paragraph; it needs a few hundred");
  }
  factory.corpus_ = std::move(corpus);
  factory.split_ = split;
  return factory;
}

DocumentPrint DocumentFactory::make(std::uint64_t seed, const DocumentRecipe& recipe,
                                    GlyphCache& cache) const {
  LECTIO_CHECK(recipe.min_side > 0 && recipe.max_side >= recipe.min_side, "a page has a size");
  LECTIO_CHECK(recipe.min_chars > 0 && recipe.max_chars >= recipe.min_chars, "a page has text");
  Random random(splitmix64(seed));
  const Setting setting = draw_setting(recipe, *shelf_, random);
  Sheet sheet(setting);
  compose(setting, *corpus_, split_, random, sheet);
  GreyImage image = sheet.draw(cache);
  DocumentPrint document = sheet.finish();
  image = to_native(std::move(image), setting, random);
  const auto width = static_cast<float>(setting.native_width);
  const auto height = static_cast<float>(setting.native_height);
  scale_boxes(document, width / static_cast<float>(setting.width),
              height / static_cast<float>(setting.height), width, height);
  if (setting.genre == Genre::kEmpty && random.chance(0.5)) {
    add_noise(image, random.uniform(2, 40), random);
  } else if (random.chance(recipe.degrade)) {
    wear_down(image, document, setting.paper, random);
  }
  document.page.width = setting.native_width;
  document.page.height = setting.native_height;
  document.page.grey = std::move(image.pixels);
  document.page.natural = setting.natural;
  return document;
}

}  // namespace lectio::documents
