// SPDX-License-Identifier: Apache-2.0
// PDF files of pictures with invisible text over them, so that they can be searched and copied
// from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace lectio {

// Lengths in points, 72 an inch, from the page's upper left corner.
struct PdfWord {
  std::string text;  // UTF-8
  double x0 = 0, x1 = 0;
  double top = 0, bottom = 0;  // of its line: the size of the type
};

struct PdfPage {
  double width = 0, height = 0;
  std::string jpeg;  // the picture, over the whole page; empty: none
  std::int64_t pixels_across = 0, pixels_down = 0;
  std::vector<PdfWord> words;
};

// One thread at a time. The same pages give the same bytes.
class PdfWriter {
 public:
  PdfWriter();
  PdfWriter(PdfWriter&&) noexcept;
  PdfWriter& operator=(PdfWriter&&) noexcept;
  ~PdfWriter();

  Result<void> add_page(const PdfPage& page);
  // The file. Nothing can be added afterwards.
  Result<std::string> finish(const std::string& title, const std::string& producer);

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace lectio
