// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <span>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/sha256.h"
#include "ocr/sources/pdf_source.h"

namespace lectio {
namespace {

constexpr std::uint64_t kMostPictureBytes = std::uint64_t{1} << 30;
constexpr std::string_view kPdfMark = "%PDF-";
constexpr std::size_t kPdfMarkWithin = 1024;  // readers accept some rubbish before it

std::string page_name(const std::string& file, std::int64_t index) {
  return file + ", page " + std::to_string(index + 1);
}

// A picture file, TIFF files with several pages included.
class PictureSource : public PageSource {
 public:
  PictureSource(std::string bytes, const std::string& name, std::int64_t count,
                const DecodeLimits& limits)
      : PageSource(name, sha256_hex(bytes)),
        bytes_(std::move(bytes)),
        count_(count),
        limits_(limits) {}

  std::int64_t count() const override { return count_; }
  Result<Page> page(std::int64_t index) override {
    Page page;
    page.source = name();
    page.index = index;
    LECTIO_TRY(page.image,
               decode_image_at(std::as_bytes(std::span(bytes_)), index,
                               count_ > 1 ? page_name(name(), index) : name(), limits_));
    return page;
  }
  Result<std::string> text_layer(std::int64_t) override { return std::string(); }

 private:
  std::string bytes_;
  std::int64_t count_;
  DecodeLimits limits_;
};

Result<std::unique_ptr<PageSource>> open_picture(std::string bytes, const std::string& name,
                                                 const SourceOptions& options) {
  LECTIO_TRY(const std::int64_t count, count_images(std::as_bytes(std::span(bytes)), name));
  return std::unique_ptr<PageSource>(
      std::make_unique<PictureSource>(std::move(bytes), name, count, options.limits));
}

bool is_pdf(std::string_view beginning) {
  return beginning.substr(0, kPdfMarkWithin).find(kPdfMark) != std::string_view::npos;
}

Error system_error(const std::string& name, const char* what, int code) {
  return Error(code == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
               name + ": " + what + ": " + std::generic_category().message(code));
}

Result<std::string> hash_of(const FileDescriptor& file, const std::string& name) {
  Sha256 hash;
  std::array<char, 1 << 16> chunk{};
  off_t at = 0;
  while (true) {
    const ssize_t count = ::pread(file.get(), chunk.data(), chunk.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(name, "cannot read", errno);
    if (count == 0) return hash.hex();
    hash.add(std::string_view(chunk.data(), static_cast<std::size_t>(count)));
    at += count;
  }
}

std::int64_t view_side(Mode mode) {
  switch (mode) {
    case Mode::kTiny:
      return 512;
    case Mode::kSmall:
      return 640;
    case Mode::kBase:
      return 1024;
    case Mode::kLarge:
      return 1280;
    case Mode::kGundam:
    case Mode::kGundamM:
      break;
  }
  return 0;
}

}  // namespace

double rendering_dpi(std::optional<Mode> mode, double width_points, double height_points) {
  constexpr double kOfficial = 144;
  constexpr double kPointsAnInch = 72;
  double dpi = mode == Mode::kGundamM ? 216 : kOfficial;
  if (const std::int64_t side = mode ? view_side(*mode) : 0; side > 0) {
    const double longer = std::max({width_points, height_points, 1.0});
    dpi = std::clamp(2 * static_cast<double>(side) * kPointsAnInch / longer, 72.0, 300.0);
  }
  const double square_inches = width_points * height_points / (kPointsAnInch * kPointsAnInch);
  if (square_inches * dpi * dpi > static_cast<double>(kMostRenderedPixels)) {
    dpi = std::sqrt(static_cast<double>(kMostRenderedPixels) / square_inches);
  }
  return std::floor(dpi * 100) / 100;  // as it is handed to the renderer
}

Result<std::unique_ptr<PageSource>> open_source(const std::filesystem::path& path,
                                                const SourceOptions& options) {
  const std::string name = path.string();
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return system_error(name, "cannot open", errno);
  std::array<char, kPdfMarkWithin> beginning{};
  const ssize_t count = ::pread(file.get(), beginning.data(), beginning.size(), 0);
  if (count < 0 && errno != ESPIPE) return system_error(name, "cannot read", errno);
  if (count > 0 && is_pdf({beginning.data(), static_cast<std::size_t>(count)})) {
    LECTIO_TRY(std::string hash, hash_of(file, name));
    return open_pdf(std::move(file), name, std::move(hash), options);
  }
  LECTIO_TRY(std::string bytes, read_file(path, kMostPictureBytes));
  return open_picture(std::move(bytes), name, options);
}

Result<std::unique_ptr<PageSource>> open_source_bytes(std::string bytes, const std::string& name,
                                                      const SourceOptions& options) {
  if (!is_pdf(bytes)) return open_picture(std::move(bytes), name, options);
  LECTIO_TRY(FileDescriptor file, anonymous_file(bytes, name));
  return open_pdf(std::move(file), name, sha256_hex(bytes), options);
}

}  // namespace lectio
