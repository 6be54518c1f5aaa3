// SPDX-License-Identifier: Apache-2.0
// PDF documents, through poppler's programs.
#pragma once

#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "ocr/sources/source.h"

namespace lectio {

Result<std::unique_ptr<PageSource>> open_pdf(FileDescriptor file, const std::string& name,
                                             std::string sha256, const SourceOptions& options);

// What pdfinfo says about a document and a range of its pages.
struct PdfPageSize {
  double width = 0;  // points, as the page is shown: turned by its rotation
  double height = 0;
};
struct PdfInfo {
  std::int64_t pages = 0;
  std::vector<PdfPageSize> sizes;  // of the pages that were asked for
};
// kInvalidInput where there is no page count or a size is no size.
Result<PdfInfo> parse_pdf_info(std::string_view text);

}  // namespace lectio
