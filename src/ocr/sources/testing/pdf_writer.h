// SPDX-License-Identifier: Apache-2.0
// For tests: PDF documents in memory.
#pragma once

#include <string>
#include <vector>

#include "media/image/image.h"

namespace lectio {

struct PdfPageRecipe {
  double width = 200;  // points
  double height = 100;
  int rotate = 0;
  std::string content = {};  // operators; /F1 is Helvetica, /Im the picture
  Image picture = {};        // none where it is empty; drawn with "q W 0 0 H 0 0 cm /Im Do Q"
  std::string entries = {};  // more of the page's dictionary, as "/CropBox[10 10 190 90]"
};

// catalog: more of its dictionary.
std::string write_pdf(const std::vector<PdfPageRecipe>& pages, const std::string& catalog = "");

// A page that is one picture, as scanners make them: at so many dots per inch.
PdfPageRecipe scanned_page(const Image& picture, double dpi);

}  // namespace lectio
