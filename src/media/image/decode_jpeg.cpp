// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdio>
// jpeglib.h needs the two above.
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <vector>

#include "media/image/detail/codecs.h"

namespace lectio {
namespace {

// Honest progressive files have about ten. Each scan walks the whole picture, so their number is a
// lever for attacks.
constexpr int kMaxScans = 100;
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr unsigned kMarkerBytes = 65533;

// libjpeg's error manager and what our callbacks add. Plain data: libjpeg is left by longjmp.
struct ErrorManager {
  jpeg_error_mgr base;
  std::jmp_buf landing;
  char message[JMSG_LENGTH_MAX];
};

ErrorManager& manager_of(j_common_ptr jpeg) { return *reinterpret_cast<ErrorManager*>(jpeg->err); }

[[noreturn]] void on_error(j_common_ptr jpeg) {
  ErrorManager& manager = manager_of(jpeg);
  manager.base.format_message(jpeg, manager.message);
  std::longjmp(manager.landing, 1);
}

// Keeps the first warning. The end of the data is none: half a page is not a page.
void on_message(j_common_ptr jpeg, int level) {
  ErrorManager& manager = manager_of(jpeg);
  if (level >= 0) return;
  if (manager.base.msg_code == JWRN_JPEG_EOF) on_error(jpeg);
  if (manager.base.num_warnings++ == 0) manager.base.format_message(jpeg, manager.message);
}

void on_output(j_common_ptr) {}

void on_progress(j_common_ptr jpeg) {
  auto* decompress = reinterpret_cast<j_decompress_ptr>(jpeg);
  if (decompress->input_scan_number > kMaxScans) ERREXIT(decompress, JERR_BAD_PROGRESSION);
}

// Owns libjpeg's state. Each method that calls a failing libjpeg function is a landing place of
// longjmp, so it holds no object with a destructor, and returns false on an error, whose text is
// then in the manager.
class JpegReader {
 public:
  JpegReader() {
    jpeg_.err = jpeg_std_error(&manager_.base);
    manager_.base.error_exit = on_error;
    manager_.base.emit_message = on_message;
    manager_.base.output_message = on_output;
    manager_.message[0] = '\0';
    progress_.progress_monitor = on_progress;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }

  Error error() const { return damaged(manager_.message); }
  const char* warning() const { return manager_.base.num_warnings > 0 ? manager_.message : ""; }
  std::int64_t width() const { return jpeg_.image_width; }
  std::int64_t height() const { return jpeg_.image_height; }
  // Cyan, magenta, yellow and black, as printers send.
  bool four_inks() const { return jpeg_.num_components == 4; }

  bool read_header(Bytes file) {
    if (setjmp(manager_.landing) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_save_markers(&jpeg_, kExifMarker, kMarkerBytes);
    jpeg_read_header(&jpeg_, TRUE);
    return true;
  }

  // Every 8 x 8 block of every channel takes a bit at least, unless arithmetic coding shares bits
  // between blocks.
  std::int64_t least_bytes() const {
    if (jpeg_.arith_code != 0) return 0;
    std::int64_t blocks = 0;
    for (int i = 0; i < jpeg_.num_components; ++i) {
      const jpeg_component_info& channel = jpeg_.comp_info[i];
      blocks += std::int64_t{channel.width_in_blocks} * std::int64_t{channel.height_in_blocks};
    }
    return blocks / 8;
  }

  bool start() {
    if (setjmp(manager_.landing) != 0) return false;
    jpeg_.progress = &progress_;
    jpeg_.out_color_space = four_inks() ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&jpeg_);
    return true;
  }

  bool read_row(std::uint8_t* row) {
    if (setjmp(manager_.landing) != 0) return false;
    JSAMPROW rows[] = {row};
    jpeg_read_scanlines(&jpeg_, rows, 1);
    return true;
  }

  int orientation() const {
    for (const jpeg_marker_struct* marker = jpeg_.marker_list; marker != nullptr;
         marker = marker->next) {
      const auto block = std::as_bytes(std::span(marker->data, marker->data_length));
      constexpr std::string_view kPrefix("Exif\0\0", 6);
      if (block.size() >= kPrefix.size() &&
          std::string_view(reinterpret_cast<const char*>(block.data()), kPrefix.size()) ==
              kPrefix) {
        return exif_orientation_of_block(block);
      }
    }
    return 1;
  }

 private:
  jpeg_decompress_struct jpeg_{};
  jpeg_progress_mgr progress_{};
  ErrorManager manager_{};
};

// Four inks as Adobe stores them, 255 for none, to light. The product of ink and light is rounded
// as Pillow does.
void inks_to_rgb(const std::uint8_t* inks, std::int64_t pixels, std::uint8_t* rgb) {
  for (std::int64_t i = 0; i < pixels; ++i, inks += 4, rgb += 3) {
    const int light = inks[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - inks[c]) * light + 128;
      rgb[c] = static_cast<std::uint8_t>(light - ((product + (product >> 8)) >> 8));
    }
  }
}

}  // namespace

Result<Decoded> decode_jpeg(Bytes file, const DecodeLimits& limits) {
  JpegReader reader;
  if (!reader.read_header(file)) return reader.error();
  LECTIO_TRY_VOID(check_size(reader.width(), reader.height(), limits));
  LECTIO_TRY_VOID(check_file_holds(file, reader.least_bytes()));
  Decoded decoded;
  decoded.orientation = reader.orientation();
  if (!reader.start()) return reader.error();
  decoded.image = Image(reader.width(), reader.height());
  Image& image = decoded.image;
  std::vector<std::uint8_t> inks;
  if (reader.four_inks()) inks.resize(static_cast<std::size_t>(image.width * 4));
  for (std::int64_t y = 0; y < image.height; ++y) {
    if (!reader.read_row(inks.empty() ? image.row(y) : inks.data())) return reader.error();
    if (!inks.empty()) inks_to_rgb(inks.data(), image.width, image.row(y));
  }
  decoded.warning = reader.warning();
  return decoded;
}

}  // namespace lectio
