// SPDX-License-Identifier: Apache-2.0
#include "ocr/export/page_pictures.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "ocr/export/tiny_font.h"

namespace lectio {
namespace {

using Colour = std::array<std::uint8_t, 3>;

Colour colour_of(BlockKind kind) {
  switch (kind) {
    case BlockKind::kTitle:
      return {200, 30, 30};
    case BlockKind::kSubTitle:
      return {210, 105, 30};
    case BlockKind::kTable:
      return {20, 130, 60};
    case BlockKind::kFigure:
      return {130, 40, 160};
    case BlockKind::kCaption:
      return {190, 60, 150};
    case BlockKind::kFormula:
      return {150, 120, 0};
    case BlockKind::kHeader:
    case BlockKind::kFooter:
    case BlockKind::kPageNumber:
    case BlockKind::kFootnote:
      return {110, 110, 110};
    case BlockKind::kCode:
    case BlockKind::kOther:
      return {0, 130, 140};
    case BlockKind::kText:
    case BlockKind::kListItem:
    case BlockKind::kPhrase:
      return {30, 80, 200};
  }
  return {};
}

class Painter {
 public:
  explicit Painter(Image image) : image_(std::move(image)) {}

  // alpha of 255.
  void fill(const Box& box, const Colour& colour, int alpha) {
    const Box inside{std::max<std::int64_t>(0, box.x0), std::max<std::int64_t>(0, box.y0),
                     std::min(image_.width, box.x1), std::min(image_.height, box.y1)};
    for (std::int64_t y = inside.y0; y < inside.y1; ++y) {
      std::uint8_t* pixel = image_.row(y) + 3 * inside.x0;
      for (std::int64_t x = inside.x0; x < inside.x1; ++x) {
        for (std::size_t c = 0; c < colour.size(); ++c, ++pixel) {
          *pixel = static_cast<std::uint8_t>((*pixel * (255 - alpha) + colour[c] * alpha) / 255);
        }
      }
    }
  }

  void outline(const Box& box, const Colour& colour, std::int64_t thick) {
    fill({box.x0, box.y0, box.x1, box.y0 + thick}, colour, 255);
    fill({box.x0, box.y1 - thick, box.x1, box.y1}, colour, 255);
    fill({box.x0, box.y0, box.x0 + thick, box.y1}, colour, 255);
    fill({box.x1 - thick, box.y0, box.x1, box.y1}, colour, 255);
  }

  void write(std::string_view text, std::int64_t x, std::int64_t y, const Colour& colour) {
    constexpr std::int64_t kScale = 2;
    const auto width = static_cast<std::int64_t>(text.size()) * (kTinyWidth + 1) * kScale;
    fill({x, y, x + width + kScale, y + (kTinyHeight + 2) * kScale}, {255, 255, 255}, 230);
    for (const char c : text) {
      for (std::int64_t row = 0; row < kTinyHeight; ++row) {
        for (std::int64_t column = 0; column < kTinyWidth; ++column) {
          if (!tiny_pixel(c, column, row)) continue;
          const std::int64_t left = x + (column + 1) * kScale;
          const std::int64_t top = y + (row + 1) * kScale;
          fill({left, top, left + kScale, top + kScale}, colour, 255);
        }
      }
      x += (kTinyWidth + 1) * kScale;
    }
  }

  Image take() { return std::move(image_); }

 private:
  Image image_;
};

}  // namespace

Image draw_overlay(const DocumentPage& page, const Image& image) {
  LECTIO_CHECK(page.width == image.width && page.height == image.height, "another page's picture");
  constexpr int kTint = 20;
  constexpr std::int64_t kLabelHeight = 18;
  Painter painter(image);
  for (const Block& block : page.blocks) {
    const Colour colour = colour_of(block.kind);
    for (const Line& line : block.lines) {
      for (const Word& word : line.words) painter.outline(word.box, colour, 1);
    }
    for (const Box& box : block.boxes) {
      painter.fill(box, colour, kTint);
      painter.outline(box, colour, block.kind == BlockKind::kTitle ? 4 : 2);
      const bool own = !block.label.empty() && block.label.size() <= 24;
      painter.write(own ? block.label : block_kind_name(block.kind), box.x0,
                    std::max<std::int64_t>(0, box.y0 - kLabelHeight), colour);
    }
  }
  return painter.take();
}

PdfPage pdf_page(const DocumentPage& page, std::string jpeg) {
  const double points = page.dpi > 0 ? 72 / page.dpi : 1;
  const auto scaled = [&](std::int64_t pixels) { return static_cast<double>(pixels) * points; };
  PdfPage result;
  result.width = scaled(page.width);
  result.height = scaled(page.height);
  result.jpeg = std::move(jpeg);
  result.pixels_across = page.width;
  result.pixels_down = page.height;
  for (const Block& block : page.blocks) {
    for (const Line& line : block.lines) {
      for (const Word& word : line.words) {
        result.words.push_back({word.text, scaled(word.box.x0), scaled(word.box.x1),
                                scaled(line.box.y0), scaled(line.box.y1)});
      }
    }
  }
  return result;
}

}  // namespace lectio
