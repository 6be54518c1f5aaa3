// SPDX-License-Identifier: Apache-2.0
#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>
#include <vector>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DeleteDemuxer>;

// Owns what the iterator holds.
struct Frame {
  WebPIterator at{};
  Frame() = default;
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() { WebPDemuxReleaseIterator(&at); }
};

int orientation_of(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk{};
  int orientation = 1;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) != 0) {
    orientation =
        exif_orientation_of_block(std::as_bytes(std::span(chunk.chunk.bytes, chunk.chunk.size)));
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// Draws the frame, which lies inside the canvas, on it. False where the data is damaged.
bool draw(const WebPIterator& frame, Image& canvas) {
  std::uint8_t* corner = canvas.row(frame.y_offset) + std::int64_t{frame.x_offset} * 3;
  const WebPData& data = frame.fragment;
  if (frame.has_alpha == 0) {
    const std::int64_t pitch = canvas.width * 3;
    const std::int64_t room = (frame.height - 1) * pitch + std::int64_t{frame.width} * 3;
    // The pitch fits an int: a canvas side has 24 bits.
    return WebPDecodeRGBInto(data.bytes, data.size, corner, static_cast<std::size_t>(room),
                             static_cast<int>(pitch)) != nullptr;
  }
  const std::int64_t pitch = std::int64_t{frame.width} * 4;
  std::vector<std::uint8_t> rgba(static_cast<std::size_t>(pitch * frame.height));
  if (WebPDecodeRGBAInto(data.bytes, data.size, rgba.data(), rgba.size(),
                         static_cast<int>(pitch)) == nullptr) {
    return false;
  }
  for (std::int64_t y = 0; y < frame.height; ++y) {
    blend_over_white(rgba.data() + y * pitch, frame.width, corner + y * canvas.width * 3);
  }
  return true;
}

}  // namespace

Result<Decoded> decode_webp(Bytes file, const DecodeLimits& limits) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(file.data()), file.size()};
  const Demuxer demuxer(WebPDemux(&data));
  if (demuxer == nullptr) return damaged("the container is not complete");
  const std::int64_t width = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH);
  const std::int64_t height = WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT);
  LECTIO_TRY_VOID(check_size(width, height, limits));
  Frame frame;
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame.at) == 0)
    return damaged("there is no frame in it");
  const WebPIterator& at = frame.at;
  if (at.width < 1 || at.height < 1 || at.x_offset < 0 || at.y_offset < 0 ||
      at.x_offset + std::int64_t{at.width} > width ||
      at.y_offset + std::int64_t{at.height} > height) {
    return damaged("the first frame lies outside the canvas");
  }
  // The demuxer and the decoder each read the size; the buffer stands on the first, so they must
  // agree.
  int coded_width = 0;
  int coded_height = 0;
  if (WebPGetInfo(at.fragment.bytes, at.fragment.size, &coded_width, &coded_height) == 0 ||
      coded_width != at.width || coded_height != at.height) {
    return damaged("the first frame contradicts the size in the container");
  }
  Decoded decoded;
  decoded.image = Image(width, height, 255);
  if (!draw(at, decoded.image)) return damaged("the pixels cannot be decoded");
  decoded.orientation = orientation_of(demuxer.get());
  return decoded;
}

}  // namespace lectio
