// SPDX-License-Identifier: Apache-2.0
// hOCR 1.2, in the shape that Tesseract gives it.
#include <cmath>

#include "ocr/answer/answer.h"
#include "ocr/export/formats.h"
#include "ocr/export/xml.h"

namespace lectio {
namespace {

std::string bbox(const Box& box) {
  return "bbox " + std::to_string(box.x0) + " " + std::to_string(box.y0) + " " +
         std::to_string(box.x1) + " " + std::to_string(box.y1);
}

class HocrWriter {
 public:
  std::string write(const Document& document) {
    hocr_ =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" "
        "\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n"
        "<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" "
        "lang=\"en\">\n<head>\n<title>" +
        xml_escaped(document.name) +
        "</title>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=utf-8\"/>\n"
        "<meta name=\"ocr-system\"" +
        xml_attribute("content", document.producer) +
        "/>\n<meta name=\"ocr-capabilities\" content=\"ocr_page ocr_carea ocr_par ocr_line "
        "ocrx_word ocrp_wconf\"/>\n</head>\n<body>\n";
    for (std::size_t place = 0; place < document.pages.size(); ++place) {
      add_page(document.pages[place], place);
    }
    return std::move(hocr_) + "</body>\n</html>\n";
  }

 private:
  void open(const char* element, const char* kind, const std::string& id,
            const std::string& title) {
    hocr_ += std::string("<") + element + xml_attribute("class", kind) + xml_attribute("id", id) +
             xml_attribute("title", title) + ">";
  }

  void add_page(const DocumentPage& page, std::size_t place) {
    number_ = std::to_string(place + 1);
    block_ = line_ = word_ = 0;
    std::string source;  // a quote would end the name
    for (const char c : page.source) source += c == '"' ? '_' : c;
    std::string title = "image \"" + source + "\"; " + bbox({0, 0, page.width, page.height}) +
                        "; ppageno " + std::to_string(place);
    if (page.dpi > 0) {
      const std::string dpi = std::to_string(std::lround(page.dpi));
      title += "; scan_res " + dpi + " " + dpi;
    }
    open("div", "ocr_page", "page_" + number_, title);
    hocr_ += "\n";
    for (const Block& block : page.blocks) add_block(block);
    hocr_ += "</div>\n";
  }

  void add_block(const Block& block) {
    const Box box = block.box();
    if (box.empty()) return;
    const std::string id = number_ + "_" + std::to_string(++block_);
    if (block.kind == BlockKind::kFigure && block.lines.empty()) {
      open("div", "ocr_photo", "block_" + id, bbox(box));
      hocr_ += "</div>\n";
      return;
    }
    open("div", "ocr_carea", "block_" + id, bbox(box));
    open("p", "ocr_par", "par_" + id, bbox(box));
    hocr_ += "\n";
    for (const Line& line : block.lines) add_line(line, heading_level(block) > 0);
    hocr_ += "</p></div>\n";
  }

  void add_line(const Line& line, bool heading) {
    // The baseline is not measured: descenders reach about a fifth of a line below it.
    const std::int64_t descent = line.box.height() / 5;
    open("span", heading ? "ocr_header" : "ocr_line",
         "line_" + number_ + "_" + std::to_string(++line_),
         bbox(line.box) + "; baseline 0 -" + std::to_string(descent) + "; x_size " +
             std::to_string(line.box.height()));
    bool first = true;
    for (const Word& word : line.words) {
      if (!first) hocr_ += " ";
      first = false;
      std::string title = bbox(word.box);
      if (word.confidence) {
        title += "; x_wconf " + std::to_string(std::lround(100 * word.confidence->mean));
      }
      open("span", "ocrx_word", "word_" + number_ + "_" + std::to_string(++word_), title);
      hocr_ += xml_escaped(word.text) + "</span>";
    }
    hocr_ += "</span>\n";
  }

  std::string hocr_;
  std::string number_;  // of the page
  std::int64_t block_ = 0, line_ = 0, word_ = 0;
};

}  // namespace

std::string to_hocr(const Document& document) { return HocrWriter().write(document); }

}  // namespace lectio
