// SPDX-License-Identifier: Apache-2.0
#include <libheif/heif.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

struct Free {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Error error_of(const heif_error& problem) {
  const std::string message = problem.message == nullptr ? "no reason given" : problem.message;
  switch (problem.code) {
    case heif_error_Unsupported_feature:
    case heif_error_Unsupported_filetype:
      return Error(ErrorCode::kUnsupported, message);
    case heif_error_Memory_allocation_error:
      return Error(ErrorCode::kTooLarge, message);
    default:
      return damaged(message);
  }
}

}  // namespace

// The first picture, as the file's own transformations (irot, imir, clap) show it. HEIF says that
// these count and the orientation in EXIF data does not: cameras write both.
Result<Decoded> decode_heif(Bytes file, const DecodeLimits& limits) {
  const Owned<heif_context> context(heif_context_alloc());
  if (context == nullptr) return Error(ErrorCode::kTooLarge, "out of memory");
  // Of the coded picture; also of the tiles that it is put together from.
  heif_context_set_maximum_image_size_limit(
      context.get(), static_cast<int>(std::min<std::int64_t>(limits.max_side, 1 << 16)));
  heif_context_set_max_decoding_threads(context.get(), 0);  // the thread that asks
  heif_error problem =
      heif_context_read_from_memory_without_copy(context.get(), file.data(), file.size(), nullptr);
  if (problem.code != heif_error_Ok) return error_of(problem);
  heif_image_handle* first = nullptr;
  problem = heif_context_get_primary_image_handle(context.get(), &first);
  const Owned<heif_image_handle> handle(first);
  if (problem.code != heif_error_Ok) return error_of(problem);
  LECTIO_TRY_VOID(check_size(heif_image_handle_get_ispe_width(handle.get()),
                             heif_image_handle_get_ispe_height(handle.get()), limits));
  LECTIO_TRY_VOID(check_size(heif_image_handle_get_width(handle.get()),
                             heif_image_handle_get_height(handle.get()), limits));

  const bool alpha = heif_image_handle_has_alpha_channel(handle.get()) != 0;
  const Owned<heif_decoding_options> options(heif_decoding_options_alloc());
  if (options == nullptr) return Error(ErrorCode::kTooLarge, "out of memory");
  options->convert_hdr_to_8bit = 1;
  heif_image* pixels = nullptr;
  problem = heif_decode_image(handle.get(), &pixels, heif_colorspace_RGB,
                              alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
                              options.get());
  const Owned<heif_image> image(pixels);
  if (problem.code != heif_error_Ok) return error_of(problem);
  const std::int64_t width = heif_image_get_width(image.get(), heif_channel_interleaved);
  const std::int64_t height = heif_image_get_height(image.get(), heif_channel_interleaved);
  LECTIO_TRY_VOID(check_size(width, height, limits));
  int pitch = 0;
  const std::uint8_t* const plane =
      heif_image_get_plane_readonly(image.get(), heif_channel_interleaved, &pitch);
  if (plane == nullptr || pitch < width * (alpha ? 4 : 3)) return damaged("there are no pixels");

  Decoded decoded;
  decoded.image = Image(width, height, 255);
  for (std::int64_t y = 0; y < height; ++y) {
    const std::uint8_t* const row = plane + y * pitch;
    if (alpha) {
      blend_over_white(row, width, decoded.image.row(y));
    } else {
      std::memcpy(decoded.image.row(y), row, static_cast<std::size_t>(width * 3));
    }
  }
  return decoded;
}

}  // namespace lectio
