// SPDX-License-Identifier: Apache-2.0
// A document file, opened: how many pages it has, and each of them when it is asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "media/image/decode.h"
#include "model/spec/token_layout.h"
#include "ocr/pages/page.h"

namespace lectio {

// Poppler's programs. It is GPL and reads what strangers send: it runs in processes of its own,
// with limits (base/program.h), and is never linked.
struct PdfPrograms {
  std::filesystem::path info = "/usr/bin/pdfinfo";
  std::filesystem::path render = "/usr/bin/pdftoppm";
  std::filesystem::path text = "/usr/bin/pdftotext";
  std::filesystem::path pictures = "/usr/bin/pdfimages";
};

struct SourceOptions {
  std::optional<Mode> mode;   // chooses the resolution of rendered pages, see rendering_dpi
  std::optional<double> dpi;  // overrules it
  bool text_layer = false;    // fill in Page::layer
  PdfPrograms pdf;
  DecodeLimits limits;
  std::stop_token stop;
};

// Pages are numbered from 0. One thread at a time.
class PageSource {
 public:
  virtual ~PageSource() = default;

  virtual std::int64_t count() const = 0;
  // Decodes or renders; nothing of a page is kept. Errors name file and page.
  virtual Result<Page> page(std::int64_t index) = 0;
  // The text that the document itself has for the page; empty for documents without text.
  virtual Result<std::string> text_layer(std::int64_t index) = 0;

  const std::string& name() const { return name_; }      // as the user knows it
  const std::string& sha256() const { return sha256_; }  // of the file
  // What else decides the pixels of a page, in words: the resolution, the renderer.
  virtual std::string rendering() const { return ""; }

 protected:
  PageSource(std::string name, std::string sha256)
      : name_(std::move(name)),
        sha256_(std::move(sha256)) {}

 private:
  std::string name_;
  std::string sha256_;
};

// What a file is, by its bytes: a PDF document, or else a picture or none (media/image decides).
// kNotFound, kIo; kInvalidInput for a file that is neither, is damaged or has no page; kEncrypted;
// kTooLarge; kMissingProgram for a PDF where poppler is not installed.
Result<std::unique_ptr<PageSource>> open_source(const std::filesystem::path& path,
                                                const SourceOptions& options);
// The same for bytes that are in memory already.
Result<std::unique_ptr<PageSource>> open_source_bytes(std::string bytes, const std::string& name,
                                                      const SourceOptions& options);

// Dots per inch for a page of this size (points, 72 an inch). With tiles: 144, or 216 for gundam-m,
// whose tiles are larger; 144 is what the official runner renders. One view: twice the view's side,
// so that scaling down smooths and nothing is lost, between 72 and 300. Unknown mode: 144. Never so
// much that the picture has more than kMostRenderedPixels.
inline constexpr std::int64_t kMostRenderedPixels = 50'000'000;
double rendering_dpi(std::optional<Mode> mode, double width_points, double height_points);

}  // namespace lectio
