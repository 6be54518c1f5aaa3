// SPDX-License-Identifier: Apache-2.0
#include "ocr/sources/testing/pdf_writer.h"

#include <cstdio>
#include <utility>

namespace lectio {
namespace {

std::string real(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", value);
  return text;
}

std::string stream(const std::string& dictionary, const std::string& bytes) {
  return "<<" + dictionary + "/Length " + std::to_string(bytes.size()) + ">>\nstream\n" + bytes +
         "\nendstream";
}

}  // namespace

std::string write_pdf(const std::vector<PdfPageRecipe>& pages, const std::string& catalog) {
  // 1 catalog, 2 pages, 3 font, then three objects a page: page, content, picture.
  std::vector<std::string> objects = {"<</Type/Catalog/Pages 2 0 R" + catalog + ">>", "",
                                      "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"};
  std::string kids;
  for (const PdfPageRecipe& page : pages) {
    const std::size_t number = objects.size() + 1;
    kids += std::to_string(number) + " 0 R ";
    objects.push_back("<</Type/Page/Parent 2 0 R/MediaBox[0 0 " + real(page.width) + " " +
                      real(page.height) + "]" + page.entries + "/Rotate " +
                      std::to_string(page.rotate) + "/Contents " + std::to_string(number + 1) +
                      " 0 R/Resources<</Font<</F1 3 0 R>>/XObject<</Im " +
                      std::to_string(number + 2) + " 0 R>>>>>>");
    objects.push_back(stream("", page.content));
    const Image picture = page.picture.width > 0 ? page.picture : Image(1, 1, 255);
    objects.push_back(
        stream("/Type/XObject/Subtype/Image/ColorSpace/DeviceRGB/BitsPerComponent 8/Width " +
                   std::to_string(picture.width) + "/Height " + std::to_string(picture.height),
               std::string(picture.pixels.begin(), picture.pixels.end())));
  }
  objects[1] = "<</Type/Pages/Count " + std::to_string(pages.size()) + "/Kids[" + kids + "]>>";

  std::string file = "%PDF-1.5\n";
  std::string table = "xref\n0 " + std::to_string(objects.size() + 1) + "\n0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    char entry[32];
    std::snprintf(entry, sizeof(entry), "%010zu 00000 n \n", file.size());
    table += entry;
    file += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string start = std::to_string(file.size());
  return file + table + "trailer\n<</Size " + std::to_string(objects.size() + 1) +
         "/Root 1 0 R>>\nstartxref\n" + start + "\n%%EOF\n";
}

PdfPageRecipe scanned_page(const Image& picture, double dpi) {
  PdfPageRecipe page;
  page.width = static_cast<double>(picture.width) * 72 / dpi;
  page.height = static_cast<double>(picture.height) * 72 / dpi;
  page.content = "q " + real(page.width) + " 0 0 " + real(page.height) + " 0 0 cm /Im Do Q";
  page.picture = picture;
  return page;
}

}  // namespace lectio
