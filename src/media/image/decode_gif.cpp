// SPDX-License-Identifier: Apache-2.0
// The first frame of a GIF file on a white canvas.
#include <gif_lib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

// An LZW code has at least 3 bits and stands for at most 4,096 pixels, so no file can hold more
// than this a byte.
constexpr std::int64_t kMostPixelsPerByte = 4096 * 8 / 3;

struct Source {
  Bytes left;
};

int read_bytes(GifFileType* gif, GifByteType* out, int count) {
  auto& source = *static_cast<Source*>(gif->UserData);
  const std::size_t taken =
      std::min(static_cast<std::size_t>(std::max(count, 0)), source.left.size());
  if (taken > 0) std::memcpy(out, source.left.data(), taken);
  source.left = source.left.subspan(taken);
  return static_cast<int>(taken);
}

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

Error failure(int code) {
  const char* text = GifErrorString(code);
  return damaged(text != nullptr ? text : "the file ends early");
}

// Reads the extensions before the first frame, up to its descriptor. Gives the transparent colour,
// or -1.
Result<int> find_frame(GifFileType* gif) {
  int transparent = NO_TRANSPARENT_COLOR;
  for (;;) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(gif, &record) == GIF_ERROR) return failure(gif->Error);
    if (record == IMAGE_DESC_RECORD_TYPE) break;
    if (record == TERMINATE_RECORD_TYPE) return damaged("there is no frame in it");
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR) return failure(gif->Error);
    while (block != nullptr) {
      GraphicsControlBlock control{};
      if (code == GRAPHICS_EXT_FUNC_CODE &&
          DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent = control.TransparentColor;
      }
      if (DGifGetExtensionNext(gif, &block) == GIF_ERROR) return failure(gif->Error);
    }
  }
  if (DGifGetImageDesc(gif) == GIF_ERROR) return failure(gif->Error);
  if (gif->Image.Width < 1 || gif->Image.Height < 1) return damaged("the first frame is empty");
  return transparent;
}

// The row of the frame that comes n-th in the file.
std::vector<std::int64_t> row_order(std::int64_t height, bool interlaced) {
  std::vector<std::int64_t> order;
  order.reserve(static_cast<std::size_t>(height));
  struct Pass {
    std::int64_t first, step;
  };
  const std::vector<Pass> passes =
      interlaced ? std::vector<Pass>{{0, 8}, {4, 8}, {2, 4}, {1, 2}} : std::vector<Pass>{{0, 1}};
  for (const Pass& pass : passes) {
    for (std::int64_t y = pass.first; y < height; y += pass.step) order.push_back(y);
  }
  return order;
}

}  // namespace

Result<Decoded> decode_gif(Bytes file, const DecodeLimits& limits) {
  Source source{file};
  int error = D_GIF_SUCCEEDED;
  const Gif gif(DGifOpen(&source, read_bytes, &error));
  if (gif == nullptr) return failure(error);
  LECTIO_TRY(const int transparent, find_frame(gif.get()));

  // Some writers leave the screen too small for the frame, or empty.
  const GifImageDesc& frame = gif->Image;
  const std::int64_t width =
      std::max<std::int64_t>(gif->SWidth, std::int64_t{frame.Left} + frame.Width);
  const std::int64_t height =
      std::max<std::int64_t>(gif->SHeight, std::int64_t{frame.Top} + frame.Height);
  LECTIO_TRY_VOID(check_size(width, height, limits));
  LECTIO_TRY_VOID(
      check_file_holds(file, std::int64_t{frame.Width} * frame.Height / kMostPixelsPerByte));
  const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
  if (colours == nullptr) return damaged("there is no colour table in it");

  Decoded decoded;
  decoded.image = Image(width, height, 255);
  std::vector<GifPixelType> line(static_cast<std::size_t>(frame.Width));
  for (const std::int64_t y : row_order(frame.Height, frame.Interlace)) {
    if (DGifGetLine(gif.get(), line.data(), frame.Width) == GIF_ERROR) return failure(gif->Error);
    std::uint8_t* out = decoded.image.row(frame.Top + y) + std::int64_t{frame.Left} * 3;
    for (const GifPixelType index : line) {
      // A colour past the end of the table is black.
      const GifColorType colour =
          index < colours->ColorCount ? colours->Colors[index] : GifColorType{};
      if (index != transparent) {
        out[0] = colour.Red;
        out[1] = colour.Green;
        out[2] = colour.Blue;
      }
      out += 3;
    }
  }
  return decoded;
}

}  // namespace lectio
