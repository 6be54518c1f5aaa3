// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdio>  // jpeglib.h needs it before itself

#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>

#include "base/check.h"
#include "media/image/encode.h"

namespace lectio {
namespace {

// What libjpeg's error handler needs: it must not return.
struct ErrorHandler {
  jpeg_error_mgr manager;
  std::jmp_buf landing;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void on_error(j_common_ptr state) {
  auto* const handler = reinterpret_cast<ErrorHandler*>(state->err);
  state->err->format_message(state, handler->message);
  std::longjmp(handler->landing, 1);
}

// A landing place of longjmp: no object with a destructor in here. bytes is malloc's.
bool write_picture(const Image& image, int quality, ErrorHandler& handler, unsigned char** bytes,
                   unsigned long* size) {
  jpeg_compress_struct state{};
  state.err = jpeg_std_error(&handler.manager);
  handler.manager.error_exit = on_error;
  if (setjmp(handler.landing) != 0) {
    jpeg_destroy_compress(&state);
    return false;
  }
  jpeg_create_compress(&state);
  jpeg_mem_dest(&state, bytes, size);
  state.image_width = static_cast<JDIMENSION>(image.width);
  state.image_height = static_cast<JDIMENSION>(image.height);
  state.input_components = 3;
  state.in_color_space = JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, quality, TRUE);
  jpeg_start_compress(&state, TRUE);
  while (state.next_scanline < state.image_height) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(state.next_scanline));
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  return true;
}

}  // namespace

std::string encode_jpeg(const Image& image, int quality) {
  LECTIO_CHECK(image.width > 0 && image.height > 0, "an empty image");
  ErrorHandler handler{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool written = write_picture(image, quality, handler, &bytes, &size);
  std::string file;
  if (written) file.assign(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg's
  LECTIO_CHECK(written, handler.message);
  return file;
}

}  // namespace lectio
