// SPDX-License-Identifier: Apache-2.0
#include "train/page_views.h"

#include <algorithm>

#include "media/image/resize.h"

namespace lectio::train {
namespace {

Image to_rgb(const Print& page) {
  Image image(page.width, page.height);
  std::uint8_t* to = image.pixels.data();
  for (const std::uint8_t level : page.grey) to = std::fill_n(to, 3, level);
  return image;
}

// Every third byte of `image`, whose channels are alike, to the place (x, y) of the plane.
void paste(const Image& image, std::int64_t x, std::int64_t y, PictureView& view) {
  for (std::int64_t row = 0; row < image.height; ++row) {
    const std::uint8_t* from = image.row(row);
    std::uint8_t* to = view.grey.data() + (y + row) * view.width + x;
    for (std::int64_t column = 0; column < image.width; ++column) to[column] = from[3 * column];
  }
}

PictureView blank_view(std::int64_t width, std::int64_t height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height)), {}};
}

// The page's boxes where the page takes the rectangle `place` of the view.
std::vector<CharBox> moved_boxes(const Print& page, const PadPlan& place) {
  const float fx = static_cast<float>(place.width) / static_cast<float>(page.width);
  const float fy = static_cast<float>(place.height) / static_cast<float>(page.height);
  const auto dx = static_cast<float>(place.x), dy = static_cast<float>(place.y);
  std::vector<CharBox> boxes = page.boxes;
  for (CharBox& box : boxes) {
    box.x0 = box.x0 * fx + dx;
    box.x1 = box.x1 * fx + dx;
    box.top = box.top * fy + dy;
    box.bottom = box.bottom * fy + dy;
  }
  return boxes;
}

}  // namespace

PictureView as_view(const Print& print) {
  return {print.width, print.height, print.grey, print.boxes};
}

Result<PageViews> cut_page(const Print& page, const ViewPlan& plan) {
  LECTIO_TRY(const std::vector<Image> images, cut_images(to_rgb(page), plan));
  PageViews views;
  views.global = blank_view(plan.global_side, plan.global_side);
  paste(images[0], 0, 0, views.global);
  PadPlan place{plan.global_side, plan.global_side, 0, 0};
  if (!plan.stretch) {
    LECTIO_TRY(place, plan_pad(page.width, page.height, plan.global_side));
  }
  views.global.boxes = moved_boxes(page, place);
  if (!plan.tiles) return views;
  const std::int64_t side = plan.tile_side, columns = plan.tiles->columns;
  views.sheet = blank_view(columns * side, plan.tiles->rows * side);
  for (std::size_t i = 1; i < images.size(); ++i) {
    const auto tile = static_cast<std::int64_t>(i) - 1;
    paste(images[i], tile % columns * side, tile / columns * side, views.sheet);
  }
  views.sheet.boxes = moved_boxes(page, {views.sheet.width, views.sheet.height, 0, 0});
  return views;
}

}  // namespace lectio::train
