// SPDX-License-Identifier: Apache-2.0
#include "media/image/testing/pictures.h"

#include <cstdio>
// jpeglib.h needs the one above.
#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace lectio {
namespace {

// A file in memory that libtiff can write anywhere in.
struct MemoryFile {
  std::string bytes;
  std::size_t position = 0;
};

tmsize_t read_memory(thandle_t handle, void* out, tmsize_t count) {
  auto& file = *static_cast<MemoryFile*>(handle);
  const std::size_t taken =
      std::min(static_cast<std::size_t>(count), file.bytes.size() - file.position);
  std::memcpy(out, file.bytes.data() + file.position, taken);
  file.position += taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_memory(thandle_t handle, void* data, tmsize_t count) {
  auto& file = *static_cast<MemoryFile*>(handle);
  const std::size_t end = file.position + static_cast<std::size_t>(count);
  if (file.bytes.size() < end) file.bytes.resize(end);
  std::memcpy(file.bytes.data() + file.position, data, static_cast<std::size_t>(count));
  file.position = end;
  return count;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& file = *static_cast<MemoryFile*>(handle);
  if (whence == SEEK_SET) file.position = offset;
  if (whence == SEEK_CUR) file.position += offset;
  if (whence == SEEK_END) file.position = file.bytes.size() + offset;
  return file.position;
}

int close_memory(thandle_t) { return 0; }
toff_t size_of_memory(thandle_t handle) { return static_cast<MemoryFile*>(handle)->bytes.size(); }

std::uint8_t* mutable_bytes(const std::uint8_t* bytes) { return const_cast<std::uint8_t*>(bytes); }

void append_number(std::string& out, std::uint64_t value, int bytes, bool big_endian = false) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big_endian ? bytes - 1 - i : i);
    out += static_cast<char>(value >> shift & 0xFF);
  }
}

// A RIFF chunk.
std::string chunk(std::string_view name, std::string_view payload) {
  std::string out(name);
  append_number(out, payload.size(), 4);
  out += payload;
  if (payload.size() % 2 == 1) out += '\0';
  return out;
}

std::string webp_file(std::string_view chunks) {
  return chunk("RIFF", "WEBP" + std::string(chunks));
}

std::string webp_canvas(std::uint64_t flags, std::int64_t width, std::int64_t height) {
  std::string payload;
  append_number(payload, flags, 4);
  append_number(payload, static_cast<std::uint64_t>(width - 1), 3);
  append_number(payload, static_cast<std::uint64_t>(height - 1), 3);
  return chunk("VP8X", payload);
}

void write_tiff_tiles(TIFF* tiff, const TiffRecipe& recipe) {
  const std::int64_t side = recipe.tile_side;
  Samples tile(static_cast<std::size_t>(side * side * recipe.channels));
  for (std::int64_t top = 0; top < recipe.height; top += side) {
    for (std::int64_t left = 0; left < recipe.width; left += side) {
      const std::int64_t columns = std::min(side, recipe.width - left);
      for (std::int64_t y = 0; y < std::min(side, recipe.height - top); ++y) {
        std::memcpy(tile.data() + y * side * recipe.channels,
                    recipe.samples.data() + ((top + y) * recipe.width + left) * recipe.channels,
                    static_cast<std::size_t>(columns * recipe.channels));
      }
      TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(left),
                    static_cast<std::uint32_t>(top), 0, 0);
    }
  }
}

void write_tiff_rows(TIFF* tiff, const TiffRecipe& recipe) {
  const auto pitch = (recipe.width * recipe.channels * recipe.bits + 7) / 8;
  Samples row(static_cast<std::size_t>(pitch));
  for (int plane = 0; plane < (recipe.planar ? recipe.channels : 1); ++plane) {
    for (std::int64_t y = 0; y < recipe.height; ++y) {
      const std::uint8_t* source = recipe.samples.data() + y * pitch;
      if (recipe.planar) {
        for (std::int64_t x = 0; x < recipe.width; ++x) {
          row[static_cast<std::size_t>(x)] = source[x * recipe.channels + plane];
        }
      } else {
        std::memcpy(row.data(), source, row.size());
      }
      TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y),
                        static_cast<std::uint16_t>(plane));
    }
  }
}

int append_gif(GifFileType* gif, const GifByteType* data, int count) {
  static_cast<std::string*>(gif->UserData)
      ->append(reinterpret_cast<const char*>(data), static_cast<std::size_t>(count));
  return count;
}

}  // namespace

std::string write_png(const PngRecipe& recipe) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp writer, png_bytep data, std::size_t count) {
        static_cast<std::string*>(png_get_io_ptr(writer))
            ->append(reinterpret_cast<char*>(data), count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(recipe.width),
               static_cast<png_uint_32>(recipe.height), recipe.bits, recipe.colour_type,
               recipe.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!recipe.palette.empty()) {
    std::vector<png_color> colours;
    for (std::size_t i = 0; i + 3 <= recipe.palette.size(); i += 3) {
      colours.push_back({recipe.palette[i], recipe.palette[i + 1], recipe.palette[i + 2]});
    }
    png_set_PLTE(png, info, colours.data(), static_cast<int>(colours.size()));
  }
  if (!recipe.transparency.empty()) {
    png_set_tRNS(png, info, recipe.transparency.data(),
                 static_cast<int>(recipe.transparency.size()), nullptr);
  }
  std::string exif = recipe.exif;
  if (!exif.empty()) {
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()),
                   reinterpret_cast<png_bytep>(exif.data()));
  }
  png_write_info(png, info);
  if (recipe.header_only) {
    png_write_chunk(png, reinterpret_cast<png_const_bytep>("IDAT"),
                    reinterpret_cast<png_const_bytep>("x"), 1);
  } else {
    const auto height = static_cast<std::size_t>(recipe.height);
    std::vector<png_bytep> rows;
    for (std::size_t y = 0; y < height; ++y) {
      rows.push_back(mutable_bytes(recipe.samples.data()) + y * (recipe.samples.size() / height));
    }
    png_write_image(png, rows.data());
    png_write_end(png, info);
  }
  png_destroy_write_struct(&png, &info);
  return out;
}

std::string write_jpeg(const JpegRecipe& recipe) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &data, &size);
  jpeg.image_width = static_cast<JDIMENSION>(recipe.width);
  jpeg.image_height = static_cast<JDIMENSION>(recipe.height);
  jpeg.input_components = recipe.channels;
  jpeg.in_color_space = recipe.channels == 1   ? JCS_GRAYSCALE
                        : recipe.channels == 3 ? JCS_RGB
                                               : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  if (recipe.ycck) jpeg_set_colorspace(&jpeg, JCS_YCCK);
  jpeg_set_quality(&jpeg, 100, TRUE);
  for (int i = 0; i < jpeg.num_components; ++i) {
    jpeg.comp_info[i].h_samp_factor = 1;
    jpeg.comp_info[i].v_samp_factor = 1;
  }
  if (recipe.progressive) jpeg_simple_progression(&jpeg);
  jpeg.arith_code = recipe.arithmetic ? TRUE : FALSE;
  jpeg_start_compress(&jpeg, TRUE);
  if (!recipe.exif.empty()) {
    const std::string block = std::string("Exif\0\0", 6) + recipe.exif;
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(block.data()),
                      static_cast<unsigned>(block.size()));
  }
  for (std::int64_t y = 0; y < recipe.height; ++y) {
    JSAMPROW row = mutable_bytes(recipe.samples.data()) + y * recipe.width * recipe.channels;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string out(reinterpret_cast<char*>(data), size);
  std::free(data);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg's buffer
  return out;
}

std::string write_webp(std::int64_t width, std::int64_t height, int channels,
                       const Samples& samples) {
  std::uint8_t* data = nullptr;
  const int w = static_cast<int>(width);
  const int h = static_cast<int>(height);
  const std::size_t size = channels == 3
                               ? WebPEncodeLosslessRGB(samples.data(), w, h, w * 3, &data)
                               : WebPEncodeLosslessRGBA(samples.data(), w, h, w * 4, &data);
  std::string out(reinterpret_cast<char*>(data), size);
  WebPFree(data);
  return out;
}

std::string write_webp_exif(std::string_view plain, std::int64_t width, std::int64_t height,
                            std::string_view exif) {
  constexpr std::uint64_t kExifFlag = 8;
  return webp_file(webp_canvas(kExifFlag, width, height) + std::string(plain.substr(12)) +
                   chunk("EXIF", exif));
}

std::string write_webp_animation(std::string_view plain, std::int64_t width, std::int64_t height,
                                 std::int64_t canvas_width, std::int64_t canvas_height) {
  constexpr std::uint64_t kAnimationFlag = 2;
  std::string frame;
  append_number(frame, 1, 3);  // x / 2
  append_number(frame, 2, 3);  // y / 2
  append_number(frame, static_cast<std::uint64_t>(width - 1), 3);
  append_number(frame, static_cast<std::uint64_t>(height - 1), 3);
  append_number(frame, 100, 3);  // ms
  append_number(frame, 0, 1);
  frame += plain.substr(12);
  return webp_file(webp_canvas(kAnimationFlag, canvas_width, canvas_height) +
                   chunk("ANIM", std::string_view("\0\0\0\0\0\0", 6)) + chunk("ANMF", frame));
}

namespace {

void write_tiff_page(TIFF* tiff, const TiffRecipe& recipe) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(recipe.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(recipe.height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, recipe.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, recipe.channels);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, recipe.photometric);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, recipe.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, recipe.orientation);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               recipe.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (recipe.alpha != 0) {
    const auto alpha = static_cast<std::uint16_t>(recipe.alpha);
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  }
  if (recipe.photometric == PHOTOMETRIC_PALETTE) {
    std::uint16_t ramps[3][256];
    for (int i = 0; i < 256; ++i) {
      ramps[0][i] = static_cast<std::uint16_t>(i * 257);
      ramps[1][i] = static_cast<std::uint16_t>((255 - i) * 257);
      ramps[2][i] = static_cast<std::uint16_t>((i / 2) * 257);
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, ramps[0], ramps[1], ramps[2]);
  }
  if (recipe.tile_side > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(recipe.tile_side));
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(recipe.tile_side));
    write_tiff_tiles(tiff, recipe);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 8U);
    if (recipe.samples.empty()) TIFFWriteCheck(tiff, 0, "memory");
    if (!recipe.samples.empty()) write_tiff_rows(tiff, recipe);
  }
}

}  // namespace

std::string write_tiff_pages(const std::vector<TiffRecipe>& pages) {
  MemoryFile file;
  TIFF* tiff = TIFFClientOpen("memory", "w", &file, read_memory, write_memory, seek_memory,
                              close_memory, size_of_memory, nullptr, nullptr);
  LECTIO_CHECK(tiff != nullptr, "libtiff cannot write");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    write_tiff_page(tiff, pages[i]);
    if (i + 1 < pages.size()) TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
  return file.bytes;
}

std::string write_tiff(const TiffRecipe& recipe) { return write_tiff_pages({recipe}); }

std::string write_gif(const GifRecipe& recipe) {
  std::string out;
  int error = 0;
  GifFileType* gif = EGifOpen(&out, append_gif, &error);
  LECTIO_CHECK(gif != nullptr, "giflib cannot write");
  std::vector<GifColorType> colours;
  for (std::size_t i = 0; i + 3 <= recipe.palette.size(); i += 3) {
    colours.push_back({recipe.palette[i], recipe.palette[i + 1], recipe.palette[i + 2]});
  }
  ColorMapObject* map = GifMakeMapObject(static_cast<int>(colours.size()), colours.data());
  LECTIO_CHECK(map != nullptr, "expected a power of two of colours");
  EGifSetGifVersion(gif, true);
  EGifPutScreenDesc(gif, static_cast<int>(recipe.screen_width),
                    static_cast<int>(recipe.screen_height), 8, 0, map);
  if (recipe.transparent >= 0) {
    const GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 0, recipe.transparent};
    GifByteType block[4];
    EGifGCBToExtension(&control, block);
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, sizeof(block), block);
  }
  EGifPutImageDesc(gif, static_cast<int>(recipe.left), static_cast<int>(recipe.top),
                   static_cast<int>(recipe.width), static_cast<int>(recipe.height),
                   recipe.interlaced, nullptr);
  std::vector<std::int64_t> order;
  if (recipe.interlaced) {
    for (const std::int64_t first : {0, 4, 2, 1}) {
      const std::int64_t step = first == 0 || first == 4 ? 8 : 2 * (first == 2 ? 2 : 1);
      for (std::int64_t y = first; y < recipe.height; y += step) order.push_back(y);
    }
  } else {
    for (std::int64_t y = 0; y < recipe.height; ++y) order.push_back(y);
  }
  for (const std::int64_t y : order) {
    EGifPutLine(gif, mutable_bytes(recipe.indices.data()) + y * recipe.width,
                static_cast<int>(recipe.width));
  }
  GifFreeMapObject(map);
  EGifCloseFile(gif, &error);
  return out;
}

std::string exif_with_orientation(int orientation, bool big_endian) {
  std::string out = big_endian ? "MM" : "II";
  append_number(out, 42, 2, big_endian);
  append_number(out, 8, 4, big_endian);       // offset of the directory
  append_number(out, 1, 2, big_endian);       // entries
  append_number(out, 0x0112, 2, big_endian);  // orientation
  append_number(out, 3, 2, big_endian);       // 16-bit
  append_number(out, 1, 4, big_endian);
  append_number(out, static_cast<std::uint64_t>(orientation), 2, big_endian);
  append_number(out, 0, 2, big_endian);
  append_number(out, 0, 4, big_endian);
  return out;
}

}  // namespace lectio
