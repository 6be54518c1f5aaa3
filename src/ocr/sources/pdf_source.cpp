// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/pdf_source.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/program.h"
#include "ocr/sources/pdf_text.h"
#include "ocr/sources/ppm.h"

namespace lectio {
namespace {

constexpr std::int64_t kSizesAtOnce = 64;  // pages whose sizes one call of pdfinfo gives
constexpr double kPointsAnInch = 72;
constexpr double kMostPoints = 200'000;
constexpr std::int64_t kMostTextBytes = std::int64_t{1} << 26;

// "Title:   value" -> value.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

std::optional<double> take_real(std::string_view& text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "Page    3 size: 612 x 792 pts (letter)" or "Page    3 rot:  90": key is "size:" or "rot:".
std::optional<std::string_view> page_value(std::string_view line, std::string_view key) {
  const std::optional<std::string_view> number = value_of(line, "Page ");
  if (!number || number->empty() || number->front() < '0' || number->front() > '9') {
    return std::nullopt;  // "Page size:" is of the whole document
  }
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  return value_of(line.substr(at), key);
}

// The first line that poppler complains in, without its prefix.
std::string complaint(const ProgramResult& result, const char* otherwise) {
  const std::string_view all = result.err;
  std::string line(all.substr(0, all.find('\n')));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return line.empty() ? otherwise : line;
}

class PdfSource : public PageSource {
 public:
  PdfSource(FileDescriptor file, const std::string& name, std::string sha256,
            const SourceOptions& options)
      : PageSource(name, std::move(sha256)),
        file_(std::move(file)),
        options_(options) {}

  Result<void> open() {
    LECTIO_TRY(const ProgramResult result, run(options_.pdf.info, {kProgramInput}, 1 << 20));
    if (result.err.find("Incorrect password") != std::string::npos) {
      return Error(ErrorCode::kEncrypted, name() +
                                              ": PDF: expected a document that opens without "
                                              "a password, found an encrypted one");
    }
    if (result.code != 0) return damaged(name(), result);
    const auto info = parse_pdf_info(result.out);
    if (!info) return info.error().within("PDF").within(name());
    if (info->pages < 1) {
      return Error(ErrorCode::kInvalidInput, name() + ": PDF: expected pages, found none");
    }
    count_ = info->pages;
    return {};
  }

  std::int64_t count() const override { return count_; }

  Result<Page> page(std::int64_t index) override {
    Page page;
    page.source = name();
    page.index = index;
    if (index < 0 || index >= count_) {
      return Error(ErrorCode::kInvalidArgument,
                   page_name(index) + ": expected one of " + std::to_string(count_) + " pages");
    }
    auto image = render(index);
    if (!image) return image.error().within(page_name(index));
    page.image = *std::move(image);
    const PdfPageSize size = *size_of(index);  // known, or it could not have been rendered
    page.dpi = dpi_for(size);
    if (options_.text_layer) {
      auto layer = layer_of(index, page, size);
      if (!layer && layer.error().code() == ErrorCode::kCancelled) return layer.error();
      // A layer that cannot be read is none: the page itself can be.
      if (layer && !layer->text.empty()) page.layer = *std::move(layer);
    }
    return page;
  }

  Result<std::string> text_layer(std::int64_t index) override {
    const std::string number = std::to_string(index + 1);
    auto result = run(options_.pdf.text,
                      {"-q", "-enc", "UTF-8", "-f", number, "-l", number, kProgramInput, "-"},
                      kMostTextBytes);
    if (!result) return result.error().within(page_name(index));
    if (result->code != 0) return damaged(page_name(index), *result);
    std::string text = std::move(result->out);
    if (!text.empty() && text.back() == '\f') text.pop_back();
    return text;
  }

  std::string rendering() const override {
    if (options_.dpi) return "poppler, dpi " + std::to_string(*options_.dpi);
    return "poppler, dpi for " +
           std::string(options_.mode ? mode_name(*options_.mode) : std::string_view("auto"));
  }

 private:
  std::string page_name(std::int64_t index) const {
    return name() + ", page " + std::to_string(index + 1);
  }

  static Error damaged(const std::string& where, const ProgramResult& result) {
    if (result.code > 128) {
      return Error(ErrorCode::kInvalidInput, where +
                                                 ": PDF: damaged: the reader was ended by signal " +
                                                 std::to_string(result.code - 128));
    }
    return Error(ErrorCode::kInvalidInput,
                 where + ": PDF: damaged: " + complaint(result, "it cannot be read"));
  }

  Result<ProgramResult> run(const std::filesystem::path& program,
                            std::vector<std::string> arguments, std::int64_t most_output) {
    ProgramRequest request;
    request.program = program;
    request.arguments = std::move(arguments);
    request.input = file_.get();
    request.limits.output_bytes = most_output;
    request.stop = options_.stop;
    auto result = run_program(request);
    if (result || result.error().code() != ErrorCode::kNotFound) return result;
    return Error(ErrorCode::kMissingProgram,
                 name() + ": PDF: " + program.filename().string() +
                     " is not installed (Debian package poppler-utils)");
  }

  Result<PdfPageSize> size_of(std::int64_t index) {
    if (index < first_size_ || index >= first_size_ + std::ssize(sizes_)) {
      const std::int64_t last = std::min(count_, index + kSizesAtOnce);
      LECTIO_TRY(const ProgramResult result,
                 run(options_.pdf.info,
                     {"-f", std::to_string(index + 1), "-l", std::to_string(last), kProgramInput},
                     1 << 20));
      LECTIO_TRY(PdfInfo info, parse_pdf_info(result.out));
      if (std::ssize(info.sizes) != last - index) {
        return Error(ErrorCode::kInvalidInput, "PDF: expected the sizes of " +
                                                   std::to_string(last - index) + " pages, found " +
                                                   std::to_string(info.sizes.size()));
      }
      first_size_ = index;
      sizes_ = std::move(info.sizes);
    }
    return sizes_[static_cast<std::size_t>(index - first_size_)];
  }

  double dpi_for(const PdfPageSize& size) const {
    return options_.dpi ? *options_.dpi : rendering_dpi(options_.mode, size.width, size.height);
  }

  Result<TextLayer> layer_of(std::int64_t index, const Page& page, const PdfPageSize& size) {
    const std::string number = std::to_string(index + 1);
    LECTIO_TRY(const ProgramResult text, run(options_.pdf.text,
                                             {"-q", "-enc", "UTF-8", "-bbox-layout", "-cropbox",
                                              "-f", number, "-l", number, kProgramInput, "-"},
                                             kMostTextBytes));
    if (text.code != 0) return damaged(page_name(index), text);
    LECTIO_TRY(TextLayer layer, parse_pdf_text(text.out, page.dpi / kPointsAnInch, page.image.width,
                                               page.image.height));
    LECTIO_TRY(
        const ProgramResult pictures,
        run(options_.pdf.pictures, {"-list", "-f", number, "-l", number, kProgramInput}, 1 << 20));
    if (pictures.code != 0) return damaged(page_name(index), pictures);
    const double inches = size.width * size.height / (kPointsAnInch * kPointsAnInch);
    layer.picture_share = picture_share(pictures.out, inches);
    return layer;
  }

  Result<Image> render(std::int64_t index) {
    LECTIO_TRY(const PdfPageSize size, size_of(index));
    const double dpi = dpi_for(size);
    const double pixels = size.width * size.height * dpi * dpi / (kPointsAnInch * kPointsAnInch);
    if (pixels > static_cast<double>(options_.limits.max_pixels)) {
      return Error(ErrorCode::kTooLarge,
                   "size: expected at most " + std::to_string(options_.limits.max_pixels) +
                       " pixels, found " + std::to_string(std::llround(pixels)) + " at this dpi");
    }
    char resolution[32];
    std::snprintf(resolution, sizeof(resolution), "%.2f", dpi);
    const std::string number = std::to_string(index + 1);
    const auto most_output = static_cast<std::int64_t>(pixels * 3 * 1.1) + (1 << 20);
    LECTIO_TRY(const ProgramResult result,
               run(options_.pdf.render,
                   {"-r", resolution, "-cropbox", "-f", number, "-l", number, kProgramInput},
                   most_output));
    if (result.code != 0 || result.out.empty()) {
      return Error(ErrorCode::kInvalidInput,
                   result.code > 128
                       ? "PDF: damaged: the renderer was ended by signal " +
                             std::to_string(result.code - 128)
                       : "PDF: damaged: " + complaint(result, "the page cannot be rendered"));
    }
    return parse_ppm(result.out);
  }

  FileDescriptor file_;
  SourceOptions options_;
  std::int64_t count_ = 0;
  std::int64_t first_size_ = 0;
  std::vector<PdfPageSize> sizes_;
};

}  // namespace

Result<PdfInfo> parse_pdf_info(std::string_view text) {
  PdfInfo info;
  const auto wrong = [](std::string_view line) {
    return Error(ErrorCode::kInvalidInput, "pdfinfo: cannot read '" + std::string(line) + "'");
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const auto pages = value_of(line, "Pages:")) {
      const auto [end, problem] =
          std::from_chars(pages->data(), pages->data() + pages->size(), info.pages);
      if (problem != std::errc() || info.pages < 0) return wrong(line);
    } else if (auto size = page_value(line, " size:"); size) {
      const auto width = take_real(*size);
      if (!width || !size->starts_with(" x ")) return wrong(line);
      size->remove_prefix(3);
      const auto height = take_real(*size);
      const auto sane = [](double side) { return side > 0 && side <= kMostPoints; };
      if (!height || !sane(*width) || !sane(*height)) return wrong(line);
      info.sizes.push_back({*width, *height});
    } else if (const auto turn = page_value(line, " rot:"); turn && !info.sizes.empty()) {
      PdfPageSize& page = info.sizes.back();
      if (*turn == "90" || *turn == "270") std::swap(page.width, page.height);
    }
  }
  return info;
}

Result<std::unique_ptr<PageSource>> open_pdf(FileDescriptor file, const std::string& name,
                                             std::string sha256, const SourceOptions& options) {
  auto source = std::make_unique<PdfSource>(std::move(file), name, std::move(sha256), options);
  LECTIO_TRY_VOID(source->open());
  return std::unique_ptr<PageSource>(std::move(source));
}

}  // namespace lectio
